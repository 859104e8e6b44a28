"""The limits that hold for every format: at them a lock is read, beyond them it is refused in one line."""

from __future__ import annotations

import pytest

from ftaudit.errors import InputError
from ftaudit.model.project import Reading
from ftaudit.sources import limits
from ftaudit.sources.base import Format
from ftaudit.sources.conda.conda_explicit import FORMAT as EXPLICIT
from ftaudit.sources.locks.pdm_lock import FORMAT as PDM
from ftaudit.sources.locks.uv_lock import FORMAT as UV
from ftaudit.sources.projects.pyproject import FORMAT as PYPROJECT
from tests.builders.documents import document

HEAD = 'version = 1\nrequires-python = ">=3.11"\n'


def package(name: str, *needs: str, marker: str = "") -> str:
    end = f', marker = "{marker}"' if marker else ""
    edges = ", ".join(f'{{ name = "{each}"{end} }}' for each in needs)
    source = '{ registry = "https://index.example/simple" }'
    return f'[[package]]\nname = "{name}"\nversion = "1"\nsource = {source}\ndependencies = [{edges}]\n'


def read(*packages: str) -> Reading:
    return UV.read(document("uv.lock", HEAD + "".join(packages)))


def test_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PINS", 2)
    assert len(read(package("a"), package("b")).pins) == 2
    with pytest.raises(InputError, match="more than 2 pins"):
        read(package("a"), package("b"), package("c"))


def test_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EDGES", 2)
    assert len(read(package("a", "b"), package("b", "a")).pins) == 2
    with pytest.raises(InputError, match="more than 2 dependencies"):
        read(package("a", "b"), package("b", "a", "b"))


def test_characters_of_markers_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    marker = "os_name == 'nt'"
    monkeypatch.setattr(limits, "PARSED", len(marker))
    same = (package("a", "b", marker=marker), package("b", "a", marker=marker))
    assert len(read(*same).pins) == 2
    with pytest.raises(InputError, match=f"more than {len(marker)} characters of markers") as error:
        read(*same, package("c", "a", marker="os_name == 'x'"))
    assert error.value.place.startswith("package[2].dependencies[0]")


def test_characters_of_requirements_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    def pdm(*lines: str) -> Reading:
        head = '[metadata]\nlock_version = "4.5.0"\n[[package]]\nname = "a"\nversion = "1"\n'
        return PDM.read(document("pdm.lock", f"{head}dependencies = {list(lines)}\n"))

    monkeypatch.setattr(limits, "PARSED", 8)
    assert len(pdm("b>=1", "b>=1", "c>=1").pins) == 1
    with pytest.raises(InputError, match="more than 8 characters of markers and requirements"):
        pdm("b>=1", "c>=1", "d")


@pytest.mark.parametrize(
    ("form", "name", "content", "limit"),
    [
        (PYPROJECT, "pyproject.toml", '[project]\nname = "a"\n', "PROJECT_FILE"),
        (
            EXPLICIT,
            "conda-linux-64.lock",
            "@EXPLICIT\nhttps://conda.example/linux-64/a-1-0.conda\n",
            "REQUIREMENTS_FILE",
        ),
    ],
)
def test_bytes_of_a_file(
    form: Format, name: str, content: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, limit, len(content))
    assert form.read(document(name, content)).input
    with pytest.raises(InputError, match="larger than"):
        form.read(document(name, content + "\n"))
