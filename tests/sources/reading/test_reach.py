"""What leads to a pin, and where an edge could apply."""

from __future__ import annotations

import pytest

from ftaudit.errors import InputError
from ftaudit.model.project import MadeFor
from ftaudit.sources import limits
from ftaudit.sources.reading.applies import Applies, single_python
from ftaudit.sources.reading.reach import Reach, reached_by
from tests.builders.values import edge, pin


def test_every_way_is_followed_through_cycles_and_extras() -> None:
    pins = [
        pin("a", needs=[edge("b"), edge("c", extra="x")]),
        pin("b", needs=[edge("a")]),
        pin("c", needs=[]),
        pin("d", needs=[]),
        pin("e"),
    ]
    roots = [edge("a"), edge("b", group="dev"), edge("a", extras=("x",), extra="all"), edge("d", group="dev")]
    assert reached_by("f", pins, roots) == [
        Reach(main=True, groups=("dev",), extras=("all",)),
        Reach(main=True, groups=("dev",), extras=("all",)),
        Reach(extras=("all",)),
        Reach(groups=("dev",)),
        Reach(),
    ]


def test_an_edge_without_a_version_leads_to_all_of_its_name() -> None:
    pins = [pin("a", "1"), pin("a", "2"), pin("b", "1"), pin("b", "2")]
    found = reached_by("f", pins, [edge("a"), edge("b", version="2")])
    assert [way.main for way in found] == [True, True, False, True]


def test_entangled_graphs_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    pins = [pin(f"p{n}", needs=[edge(f"p{m}") for m in range(20)]) for n in range(20)]
    assert all(way.main for way in reached_by("f", pins, [edge("p0")]))
    monkeypatch.setattr(limits, "STEPS", 100)
    with pytest.raises(InputError, match="more entangled"):
        reached_by("f", pins, [edge("p0")])


def test_too_many_groups_are_refused() -> None:
    with pytest.raises(InputError, match="more than 1000 groups and extras"):
        reached_by("f", [], [edge("a", group=str(n)) for n in range(1001)])
    assert reached_by("f", [], [edge("a", group=str(n)) for n in range(1000)]) == []


@pytest.mark.parametrize(
    ("marker", "requires_python", "environments", "holds"),
    [
        (None, ">=3.14", (), True),
        ("python_version >= '3.15'", ">=3.14", (), True),
        ("python_version >= '3.15'", ">=3.13,<3.15", (), False),
        ("python_version < '3.12'", None, (), False),
        ("sys_platform == 'win32'", None, ("sys_platform == 'linux'",), False),
        ("platform_machine == 'aarch64'", None, ("sys_platform == 'linux'",), True),
        ("extra == 'extra-3-app-x'", None, (), True),
        # Nothing of what the lock is for has a free-threaded build: everything that has one counts.
        ("python_version >= '3.13'", "==3.12.*", (), True),
    ],
)
def test_where_a_marker_could_hold(
    marker: str | None, requires_python: str | None, environments: tuple[str, ...], holds: bool
) -> None:
    assert Applies(requires_python, environments)(marker) is holds


def test_markers_beyond_the_limit_are_taken_to_hold() -> None:
    applies = Applies(None, ())
    assert not applies("python_version < '3.0'")
    for number in range(limits.MARKERS):
        applies(f"python_version < '2.{number}'")
    assert applies("python_version < '3.1'")
    assert not applies("python_version < '3.0'")


@pytest.mark.parametrize(
    ("requires_python", "expected"),
    [
        (None, None),
        (">=3.11", None),
        ("==3.12.*", MadeFor(python="3.12")),
        (">=3.11.7,<3.12", MadeFor(python="3.11")),
        (">=3.12.3,<3.12.8", MadeFor(python="3.12")),
        (">=3.11,<3.13", None),
        ("==4.*", None),
    ],
)
def test_a_range_that_leaves_one_version(requires_python: str | None, expected: MadeFor | None) -> None:
    assert single_python(requires_python) == expected
