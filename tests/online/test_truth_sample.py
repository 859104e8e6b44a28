"""Small wheels of every generator on the real index, read in ranges: what the interpreter does is known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from posixpath import basename

import pytest

from ftaudit.concurrency import Scope
from ftaudit.index.client import IndexClient, open_client
from ftaudit.index.config import IndexOptions
from ftaudit.model.evidence import IndexFile, Missing
from ftaudit.model.project import INDEX
from tests.conftest import USER_SETTINGS
from tests.truth.rows import class_of, module_of, modules, of_release, taken
from tests.truth.sample import SAMPLE

pytestmark = pytest.mark.online
KEPT = frozenset({"PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY"})
"""Whatever certificates reaching the index takes here; all other settings of pip and uv go."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexClient]:
    folder = tmp_path_factory.mktemp("index")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or not name.startswith(USER_SETTINGS)
    } | {"PIP_CONFIG_FILE": os.devnull}
    options = IndexOptions(cache_dir=folder / "cache")
    with open_client(options, (), environ=environment, home=folder, cwd=folder, scope=Scope()) as opened:
        yield opened


def wheel(client: IndexClient, release: tuple[str, str, str]) -> IndexFile:
    """The release's wheel for Linux on x86-64, with glibc."""
    page = client.page(release[0], INDEX)
    assert not isinstance(page, Missing), page
    return next(
        file
        for file in page.files
        if file.name.endswith(".whl")
        and of_release(file.name, release)
        and "manylinux" in file.name
        and "x86_64" in file.name
    )


@pytest.mark.parametrize(
    ("project", "version", "python", "generator", "answer"),
    SAMPLE,
    ids=[f"{project}-{version}-{python}" for project, version, python, *_ in SAMPLE],
)
def test_every_module_does_what_the_interpreter_says(
    client: IndexClient, project: str, version: str, python: str, generator: str, answer: str
) -> None:
    contents = client.contents(wheel(client, (project, version, python)))
    assert not isinstance(contents, Missing), contents
    by_path = {shared.path: shared for shared in contents.modules}
    loadable = modules(by_path, python)
    assert loadable, f"no module of {generator} among {[basename(path) for path in by_path]}"
    said = {
        module_of(path): {class_of(taken(one, python)) for one in by_path[path].slices}
        for path in loadable.values()
    }
    assert set().union(*said.values()) == {answer}, said


def test_the_sample_has_every_generator_both_answers_and_all_tags() -> None:
    assert {sample[3] for sample in SAMPLE} >= {"Cython", "pybind11", "nanobind", "PyO3", "cffi", "mypyc"}
    assert {sample[4] for sample in SAMPLE} == {"off", "on"}
    assert {sample[2] for sample in SAMPLE} == {"cp313t", "cp314t", "cp315t", "abi3t"}
