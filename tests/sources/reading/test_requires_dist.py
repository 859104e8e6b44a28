"""``Requires-Dist`` as edges: one for each extra that alone brings something in."""

from __future__ import annotations

import pytest
from packaging.requirements import InvalidRequirement

from ftaudit.errors import InputError
from ftaudit.model.markers import MarkerError
from ftaudit.model.project import Edge, Source, SourceKind
from ftaudit.sources.reading.assemble import Assembly
from ftaudit.sources.reading.requires_dist import edges, listed_edges
from ftaudit.sources.reading.table import Table
from tests.builders.documents import document


@pytest.mark.parametrize(
    ("line", "edge"),
    [
        ("Foo.Bar", Edge(name="foo-bar")),
        ("foo[B_b,a] (>=1,<2)", Edge(name="foo", specifier="<2,>=1", extras=("a", "b-b"))),
        ("foo ; os_name == 'nt'", Edge(name="foo", marker='os_name == "nt"')),
        ("foo; extra == 'X_y'", Edge(name="foo", marker='extra == "x-y"', extra="x-y")),
        (
            "foo @ https://u:p@files.example/foo.whl ; os_name == 'nt'",
            Edge(
                name="foo",
                source=Source(kind=SourceKind.URL, location="https://****@files.example/foo.whl"),
                marker='os_name == "nt"',
            ),
        ),
    ],
)
def test_a_line_is_an_edge(line: str, edge: Edge) -> None:
    assert list(edges(line)) == [edge]


@pytest.mark.parametrize(
    ("marker", "extras"),
    [
        ("extra == 'a' or extra == 'b'", ["a", "b"]),
        ("extra == 'a' and os_name == 'nt'", ["a"]),
        ("extra == 'a' or os_name == 'nt'", [None]),
        ("extra == 'a' and extra == 'b'", [None]),
        ("(extra == 'a' or 'b' == extra) and (os_name == 'nt' or extra == 'c') and extra == 'b'", ["b"]),
        ("extra == 'a' or (extra == 'b' and (os_name == 'nt' or extra == 'c'))", ["a", "b"]),
        ("extra == ''", [None]),
        ("os_name == 'x or y' and extra == 'a'", ["a"]),
        (
            " or ".join(f"extra == 'x{number}'" for number in range(1000, 3000)),
            [f"x{n}" for n in range(1000, 3000)],
        ),
    ],
)
def test_there_is_an_edge_for_each_extra_that_alone_brings_it_in(
    marker: str, extras: list[str | None]
) -> None:
    assert [edge.extra for edge in edges(f"foo; {marker}")] == extras


def test_what_does_not_parse_is_left_out_and_told() -> None:
    for line, error in (("a b", InvalidRequirement), ("a; x == 'y'", MarkerError)):
        with pytest.raises(error):
            list(edges(line))
    assembly = Assembly(document("f", ""), "f")
    table = Table("f", "packages[0]", {"needs": ["a", "b c", "d"]})
    assert [edge.name for edge in listed_edges(assembly, table, "needs", 7)] == ["a", "d"]
    (problem,) = assembly.reading().problems
    assert (problem.rule, problem.line) == ("dependencies-not-known", 7)
    assert problem.message == "packages[0].needs[1]: a requirement that does not parse"
    with pytest.raises(InputError, match=r"packages\[0\].needs: must be an array"):
        listed_edges(assembly, Table("f", "packages[0]", {"needs": "a"}), "needs")
