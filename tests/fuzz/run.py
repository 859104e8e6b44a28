"""Coverage-guided fuzzing of every reader: ``python -m tests.fuzz.run --seconds 1800 …`` (needs atheris).

It begins with the samples and the corpus beside this file. An input that fails is written to ``--found``;
`tests.fuzz.keep` makes a small corpus of what it ends with.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ftaudit", "tomllib", "json", "packaging"]):
    from tests.fuzz.readers import one_input, seeds

    for _content in seeds().values():
        one_input(_content)  # a format's module is imported when it is first tried

CORPUS = Path(__file__).parent / "corpus"
MAX_BYTES = 4096
"""Of one input: enough for every sample, and small enough for thousands of runs in a second."""


def main() -> None:
    """Runs libFuzzer; it ends the process itself."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=1800)
    options.add_argument("--work", type=Path, required=True, help="a folder for the growing corpus")
    options.add_argument("--found", type=Path, required=True, help="a folder for inputs that fail")
    given = options.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    given.found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in seeds().items():
            (Path(folder) / name).write_bytes(content)
        for path in CORPUS.iterdir():
            shutil.copy(path, folder)
        arguments = [
            f"-artifact_prefix={given.found}/",
            f"-max_len={MAX_BYTES}",
            "-timeout=20",
            "-rss_limit_mb=4096",
        ]
        arguments += [f"-max_total_time={given.seconds}", "-print_final_stats=1", str(given.work), folder]
        atheris.Setup([sys.argv[0], *arguments], lambda data: one_input(data))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
