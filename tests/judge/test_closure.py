"""Whether a set of pins is closed."""

from __future__ import annotations

from ftaudit.judge.applies import applicable
from ftaudit.judge.closure import Gap, edges_of, gaps, problems
from ftaudit.knowledge.targets import target
from ftaudit.model.evidence import CoreMetadata, Missing
from ftaudit.model.project import Pin, SourceKind
from tests.builders.values import metadata, pin, reading

LINUX = target("3.14t", "linux-x86_64")
WINDOWS = target("3.14t", "windows-amd64")


def _gaps(*pins: tuple[Pin, CoreMetadata | Missing], where: object = LINUX) -> tuple[Gap, ...]:
    needs = {one.key: read if isinstance(read, Missing) else edges_of(read) for one, read in pins}
    lock = reading(*(one for one, _ in pins), closed=False)
    return gaps(lock, needs, applicable(lock, where).pins, where)  # type: ignore[arg-type]


def test_polars_alone_is_not_closed() -> None:
    polars = pin("polars", "2.1.0")
    (gap,) = _gaps((polars, metadata("polars-runtime-32==2.1.0")))
    assert (str(gap.pin), gap.name, gap.specifier, gap.found) == (
        "polars 2.1.0", "polars-runtime-32", "==2.1.0", None,
    )  # fmt: skip
    runtime = pin("polars-runtime-32", "2.1.0")
    assert not _gaps((polars, metadata("polars-runtime-32==2.1.0")), (runtime, metadata()))


def test_a_pin_at_the_wrong_version_meets_nothing() -> None:
    (gap,) = _gaps((pin("a"), metadata("b>=2")), (pin("b", "1.0"), metadata()))
    assert gap.found == "1.0"
    assert not _gaps((pin("a"), metadata("b>=1")), (pin("b", "1.0"), metadata()))


def test_markers_are_those_of_the_target() -> None:
    asks = (pin("click"), metadata("colorama; platform_system == 'Windows'"))
    assert not _gaps(asks)
    assert len(_gaps(asks, where=WINDOWS)) == 1


def test_extras_count_where_they_are_asked_for() -> None:
    uvicorn = metadata("httptools; extra == 'standard'")
    assert not _gaps((pin("uvicorn"), uvicorn))
    assert _gaps((pin("uvicorn", extras=("standard",)), uvicorn))
    assert _gaps((pin("fastapi"), metadata("uvicorn[standard]")), (pin("uvicorn"), uvicorn))


def test_dependencies_that_are_not_known_leave_the_set_open() -> None:
    (gap,) = _gaps((pin("a"), Missing(what="metadata", why="no file offers it")))
    assert gap.why == "no file offers it"


def test_a_requirement_that_does_not_parse_makes_the_whole_unknown() -> None:
    (gap,) = _gaps((pin("a"), metadata("b", "c !! nonsense")))
    assert "does not parse" in gap.why


def test_a_requirement_on_a_url_is_not_met_by_what_an_index_has_under_the_name() -> None:
    asks = (pin("a"), metadata("b @ https://files.example/b-1.0.tar.gz"))
    assert _gaps(asks, (pin("b"), metadata()))
    assert not _gaps(asks, (pin("b", kind=SourceKind.URL), metadata()))


def test_a_specifier_of_thousands_of_digits_is_not_met() -> None:
    assert _gaps((pin("a"), metadata(f"b>=1.{'9' * 5000}")), (pin("b"), metadata()))


def test_a_gap_is_said_once_with_the_targets_where_it_is_open() -> None:
    lock = reading(pin("click"), closed=False)
    gap = Gap(pin=pin("click").key, name="colorama", specifier="")
    (everywhere,) = problems(lock, {LINUX: (gap,), WINDOWS: (gap,)})
    assert everywhere.message == "click 1.0 requires colorama, which is not pinned"
    (somewhere,) = problems(lock, {LINUX: (), WINDOWS: (gap,)})
    assert somewhere.message.endswith("which is not pinned (3.14t on windows-amd64)")
    assert (somewhere.rule, somewhere.line) == ("dependency-not-pinned", 1)
