"""One project, locked by each tool: the same pins have the same verdicts, whatever the format."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from ftaudit.concurrency import Scope
from ftaudit.judge.made_for import made_elsewhere
from ftaudit.knowledge.targets import target
from ftaudit.model.project import Reading
from ftaudit.model.report import Report
from ftaudit.model.verdict import Status, Verdict
from ftaudit.pipeline import audit
from ftaudit.sources.collect import collect
from ftaudit.sources.scratch import Scratch
from tests.builders.values import NOW, FakeIndex, file, metadata, page
from tests.shared import ROOT

LOCKS = ROOT / "tests" / "fixtures" / "locks"
TARGETS = [
    target(python, platform)
    for python in ("3.14t", "3.15t")
    for platform in ("linux-x86_64", "windows-amd64")
]
FORMATS = {
    "uv.lock": "uv.lock",
    "poetry.lock": "poetry.lock",
    "pdm.lock": "pdm.lock",
    "Pipfile.lock": "Pipfile.lock",
    "pylock.uv.toml": "pylock.toml",
    "pylock.poetry.toml": "pylock.toml",
    "pylock.pdm.toml": "pylock.toml",
    "pylock.pip.toml": "pylock.toml",
    "requirements-uv.txt": "requirements.txt",
    "requirements-poetry.txt": "requirements.txt",
    "requirements-pdm.txt": "requirements.txt",
    "requirements-pip-tools.txt": "requirements.txt",
    "freeze.txt": "requirements.txt",
    "inspect.json": "pip inspect",
    "report.json": "pip report",
    "pex.lock.json": "PEX lock",
    "environment.cdx.json": "CycloneDX",
    "environment.cdx.xml": "CycloneDX",
    "requirements.cdx.json": "CycloneDX",
}


def test_every_lock_has_its_format() -> None:
    assert set(FORMATS) == {path.name for path in LOCKS.iterdir()} - {"pyproject.toml", "Pipfile"}


@cache
def an_index() -> FakeIndex:
    """An index that lists the files of the most talkative lock."""
    files: dict[str, list[str]] = defaultdict(list)
    for pin in read("uv.lock").pins:
        files[pin.name] += [listed.name for listed in pin.files]
    return FakeIndex(
        pages={
            name: page(*(file(each, sha256=None, requires_python=">=3.8") for each in names), name=name)
            for name, names in files.items()
        },
        metadatas={name: metadata(name=name) for name in files},
    )


@cache
def read(name: str) -> Reading:
    with Scratch() as scratch:
        (reading,) = collect([name], cwd=LOCKS, scratch=scratch).readings
    return reading


@cache
def judged(name: str) -> Report:
    return audit([read(name)], [], TARGETS, an_index(), jobs=1, scope=Scope(), now=NOW, version="0").report


def verdicts(name: str) -> dict[tuple[str, str], tuple[Verdict, ...]]:
    return {(row.name, row.version): row.verdicts for row in judged(name).packages}


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_is_recognised(name: str) -> None:
    assert [row.format for row in judged(name).inputs] == [FORMATS[name]]


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_pins_have_the_same_verdicts(name: str) -> None:
    known, found = verdicts("uv.lock"), verdicts(name)
    common = known.keys() & found.keys()
    assert len(common) >= 12
    differences = [
        (key, str(on), _told(ours), _told(theirs))
        for key in sorted(common)
        for on, ours, theirs in zip(TARGETS, known[key], found[key], strict=True)
        if ours.applies
        and theirs.applies
        and not _agree(ours, theirs, elsewhere=made_elsewhere(read(name), on))
    ]
    assert differences == []


def _agree(ours: Verdict, theirs: Verdict, *, elsewhere: str) -> bool:
    """A root that does not fit where its lock was not made for is unknown, where another lock proves more."""
    less_sure = elsewhere and (ours.status, theirs.status) == (Status.BLOCKED, Status.UNKNOWN)
    return bool(less_sure) or _told(ours) == _told(theirs)


def _told(verdict: Verdict) -> tuple[Status | None, object, object, str | None]:
    return verdict.status, verdict.install, verdict.gil, verdict.file.name if verdict.file else None


def test_the_verdicts_are_not_all_of_a_kind() -> None:
    statuses = {verdict.status for row in verdicts("uv.lock").values() for verdict in row}
    assert len(statuses - {None}) >= 3
