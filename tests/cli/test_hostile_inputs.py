"""Hostile and broken inputs through the command line: what it writes, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.command import Done, Run, uv_lock
from tests.cases.broken import BROKEN, Broken
from tests.cases.places import PLACES, Place
from tests.cases.words import HOSTILE, plain, wrong_with, wrong_with_markdown

SHOWN = [
    place
    for place in PLACES
    if (place.name, place.what)
    in {
        ("pixi.lock", "environment"),
        ("conda-lock.yml", "category"),
        ("conda-linux-64.lock", "folder"),
        ("environment.yml", "include"),
        ("pex.lock.json", "tag"),
        ("inspect.json", "system"),
        ("report.json", "version"),
        ("bom.json", "version"),
        ("pyproject.toml", "group"),
        ("requirements.txt", "option"),
        ("poetry.lock", "group"),
    }
]
"""Those of which a text is shown to people."""


def clean(done: Done, *, markdown: bool = False) -> Done:
    """*done*, after a look at what it wrote."""
    assert done.status in (0, 2, 3, 4)
    assert wrong_with(plain(done.out)) == []
    assert wrong_with(done.err) == []
    assert all(line.startswith(("error: ", "help: ", "warning: ", "requests made: ")) for line in done.lines)
    assert not markdown or wrong_with_markdown(done.out) == []
    return done


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_a_broken_input_is_one_line_on_stderr(case: Broken, folder: Path, audit: Run) -> None:
    content = case.content
    (folder / case.name).write_bytes(content.encode() if isinstance(content, str) else content)
    done = clean(audit(case.name, "--offline"))
    error, *rest = done.lines
    assert (done.status, done.out) == (2, "")
    assert error.startswith(f"error: {case.name}")
    assert case.words in error
    assert all(line.startswith("help: ") for line in rest)


@pytest.mark.parametrize("place", SHOWN, ids=lambda place: f"{place.name}-{place.what}")
def test_what_is_shown_of_an_input_is_clean(
    place: Place, folder: Path, audit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = []
    for name, text in HOSTILE.items():
        (folder / name).mkdir()
        (folder / name / place.name).write_bytes(place.document(text).encode())
        paths.append(f"{name}/{place.name}")
    clean(audit(*paths, "--offline", "--format", "json"))
    clean(audit(*paths, "--offline", "--format", "markdown"), markdown=True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    assert "\x1b[" in clean(audit(*paths, "--offline", "--verbose")).out


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "credentials"])
def test_a_file_named_so_is_shown_cleanly(
    name: str, folder: Path, audit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = HOSTILE[name].replace("/", "\\")[:100]
    (folder / f"{text}.uv.lock").write_text(uv_lock("a==1.0"))
    (folder / f"{text}.txt").write_text("-r nothing\n")
    (folder / f"{text}.json").write_text("{")
    monkeypatch.setenv("COLUMNS", "40")
    for ending in (".uv.lock", ".txt", ".json", ".missing"):
        clean(audit(f"./{text}{ending}", "--offline"))
    clean(audit("--offline", "--only", text, "--group", text))


def test_the_value_of_python_gil_is_shown_cleanly(
    folder: Path, audit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in HOSTILE.values():
        monkeypatch.setenv("PYTHON_GIL", text)
        (folder / "uv.lock").write_text(uv_lock("a==1.0"))
        clean(audit("--offline"))
