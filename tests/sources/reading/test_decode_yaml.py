"""YAML out of events: what locks use is read with its lines, all else is one error that names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftaudit.errors import InputError
from ftaudit.sources import limits
from ftaudit.sources.reading import decode_yaml
from ftaudit.sources.reading.decode_yaml import Mapping, parse_yaml


@pytest.fixture(params=["C", "Python"], autouse=True)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    if request.param == "Python":
        monkeypatch.setattr(decode_yaml, "_LOADER", yaml.SafeLoader)
    elif not yaml.__with_libyaml__:
        pytest.skip("PyYAML has no C parser here")


def test_mappings_know_their_lines() -> None:
    value = parse_yaml("f", "a:\n- b: 1\n  c: x\n-   d: null\n")
    assert value == {"a": [{"b": 1, "c": "x"}, {"d": None}]}
    assert isinstance(value, Mapping)
    entries = value["a"]
    assert isinstance(entries, list)
    assert [value.line, *(entry.line for entry in entries)] == [1, 2, 4]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.10", "3.10"), ("'6'", "6"), ("6", 6), ("-6", -6), ("true", True), ("~", None), ('"true"', "true"),
        ("2024-01-01", "2024-01-01"), ("yes", "yes"), ("1:30", "1:30"), ("|\n  a\n  b\n", "a\nb\n"),
        ("0x10", "0x10"), ("1e3", "1e3"), ("[a, 'b']", ["a", "b"]), ("{}", {}), ("", None),
        ("{1: a}", {"1": "a"}),
    ],
)  # fmt: skip
def test_scalars_are_those_of_locks(text: str, value: object) -> None:
    assert parse_yaml("f", text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: &x 2\n", "line 2: an anchor"),
        ("a: *x\n", "line 1: an alias"),
        ("a:\n  <<: {b: 1}\n", "line 2: a merge key"),
        ("a: !!python/object:os.system x\n", "line 1: the tag"),
        ("a: !x y\n", "line 1: the tag !x"),
        ("a: 1\nb: 2\na: 3\n", "line 3: duplicate key a"),
        ("? [a]\n: 1\n", "line 1: a key that is no text"),
        ("a: 1\n---\nb: 1\n", "line 2: a second document"),
        ("a: 'b\n", "line 2: invalid YAML: "),
        ("a: \x07\n", "line 1: invalid YAML: a character that it does not allow"),
        ("a: b: c\n", "line 1: invalid YAML: "),
        ("[" * 200_000, "line 1: nested more than 50 levels deep"),
        ("a: " + "9" * 5000, "line 1: a number of more than 4300 digits"),
    ],
)
def test_the_rest_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml("f", text)
    assert f"f: {message}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NODES", 10)
    assert parse_yaml("f", "[" + "a," * 9 + "]") == ["a"] * 9
    with pytest.raises(InputError, match="more than 10 values"):
        parse_yaml("f", "[" + "a," * 10 + "]")


def test_fifty_levels_are_read() -> None:
    value = parse_yaml("f", "[" * limits.DEPTH + "]" * limits.DEPTH)
    for _ in range(limits.DEPTH - 1):
        assert isinstance(value, list)
        (value,) = value
    assert value == []


def test_a_real_lock_is_the_same_as_by_the_loader(shared: Path) -> None:
    import yaml

    text = (shared / "corpus/locks/prefix-dev__pixi__v1/pixi.lock").read_text(encoding="utf-8")
    theirs = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - the base loader makes texts only
    assert _same(parse_yaml("f", text), theirs)


def _same(ours: object, theirs: object) -> bool:
    """Equal but for scalars that are no texts: the base loader leaves all of them as they stand."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(_same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(_same, ours, theirs))
    return ours == theirs or (not isinstance(ours, str) and isinstance(theirs, str))
