"""The indexes that a project declares beside its lock, for uv and for pdm."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftaudit.errors import InputError, RefusedError
from ftaudit.model.project import DeclaredIndex
from ftaudit.sources.reading.declared import pdm_indexes, project_of, uv_indexes
from tests.builders.documents import document, document_at

PROJECT = (
    '[tool.uv]\nindex-url = "i"\nextra-index-url = ["e1", "e2"]\nfind-links = ["f"]\n'
    '[[tool.uv.index]]\nname = "d"\nurl = "d"\ndefault = true\n'
    '[[tool.uv.index]]\nname = "x"\nurl = "https://u:p@x.example/simple"\nexplicit = true\n'
    '[[tool.uv.index]]\nurl = "w"\nformat = "flat"\n'
)


def test_indexes_stand_in_the_order_in_which_uv_asks_them() -> None:
    found = uv_indexes(document("uv.lock", "", pyproject_toml=PROJECT))
    assert found == (
        DeclaredIndex(url="https://u:p@x.example/simple", name="x", explicit=True, tool="uv"),
        DeclaredIndex(url="w", find_links=True, tool="uv"),
        DeclaredIndex(url="e1", tool="uv"),
        DeclaredIndex(url="e2", tool="uv"),
        DeclaredIndex(url="f", find_links=True, tool="uv"),
        DeclaredIndex(url="d", name="d", replaces_default=True, tool="uv"),
        DeclaredIndex(url="i", replaces_default=True, tool="uv"),
    )


def test_a_uv_toml_takes_the_place_of_the_project_s_table() -> None:
    settings = '[[index]]\nurl = "own"\n'
    found = uv_indexes(document("uv.lock", "", pyproject_toml=PROJECT, uv_toml=settings))
    assert found == (DeclaredIndex(url="own", tool="uv"),)


def test_the_names_that_a_source_of_pdm_keeps() -> None:
    text = """
    [[tool.pdm.source]]
    name = "corp"
    url = "https://corp.example/simple"
    include_packages = ["corp", "corp-*"]
    exclude_packages = ["*"]
    [[tool.pdm.source]]
    name = "pypi"
    url = "https://mirror.example/simple"
    """
    found = pdm_indexes(project_of(document("pdm.lock", "", pyproject_toml=text)))
    assert found == (
        DeclaredIndex(
            url="https://corp.example/simple", name="corp", tool="pdm", only=("corp", "corp-*"), never=("*",)
        ),
        DeclaredIndex(url="https://mirror.example/simple", name="pypi", replaces_default=True, tool="pdm"),
    )
    for wrong in ('"corp"', "[1]"):
        with pytest.raises(InputError, match="exclude_packages"):
            pdm_indexes(project_of(document("pdm.lock", "", pyproject_toml=text.replace('["*"]', wrong))))


@pytest.mark.parametrize("beside", [{}, {"pyproject_toml": ""}, {"pyproject_toml": "[project]"}])
def test_nothing_is_declared(beside: dict[str, str]) -> None:
    assert uv_indexes(document("uv.lock", "", **beside)) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.uv]\nindex-url = 1", r"^pyproject\.toml: tool\.uv\.index-url: must be a string"),
        ("[[tool.uv.index]]\nname = 'x'", r"^pyproject\.toml: tool\.uv\.index\[0\]: url is missing"),
        ("<<<<<<< HEAD", r"^pyproject\.toml: line 1: an unresolved merge conflict"),
    ],
)
def test_what_cannot_be_read_is_never_guessed(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        uv_indexes(document("uv.lock", "", pyproject_toml=text))


def test_a_project_file_that_leads_out_of_the_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.toml").write_text(PROJECT)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/uv.lock").write_text("")
    (tmp_path / "tree/pyproject.toml").symlink_to(tmp_path / "outside.toml")
    with pytest.raises(RefusedError, match=r"pyproject\.toml lies outside"):
        uv_indexes(document_at(tmp_path / "tree/uv.lock"))
