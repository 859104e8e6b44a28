"""Makes data/stable_abis.toml from what the abi3info that is installed knows: ``python data/stable_abi.py``.

abi3info follows ``Misc/stable_abi.toml`` of CPython. It is a tool of the build here, not of the program: to
import it costs 60 ms and 4 MB (17 MB more where no byte code is kept), what is made of it 1 ms and 0.3 MB.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

from abi3info import DATAS, FUNCTIONS  # type: ignore[import-untyped, unused-ignore]

SOURCE = "https://github.com/python/cpython/blob/main/Misc/stable_abi.toml"
TARGET = Path(__file__).resolve().parent / "stable_abis.toml"
HEADER = "# The symbols of CPython's stable ABI by the version that added them. Made by data/stable_abi.py.\n"


def added() -> dict[tuple[int, int], list[str]]:
    """The symbols by the version that added them, both sorted; those of some platforms or builds too."""
    names: dict[tuple[int, int], list[str]] = defaultdict(list)
    for known in (*FUNCTIONS.values(), *DATAS.values()):
        names[known.added.major, known.added.minor].append(known.symbol.name)
    return {version: sorted(names[version]) for version in sorted(names)}


def toml(as_of: date) -> str:
    """The text of the table."""
    rows = [HEADER]
    for (major, minor), names in added().items():
        text = textwrap.fill(" ".join(names), 100, break_long_words=False)
        rows.append(
            f'[[stable_abi]]\nversion = "{major}.{minor}"\nsymbols = """\n{text}\n"""\n'
            f'source = "{SOURCE}"\nas_of = {as_of}\n'
        )
    return "\n".join(rows)


if __name__ == "__main__":
    TARGET.write_text(toml(datetime.now(UTC).date()), encoding="utf-8")
