"""``ftaudit explain``, and what the command says of itself."""

from __future__ import annotations

import pytest

from ftaudit import __version__
from ftaudit.errors import Exit
from ftaudit.explain import topics
from ftaudit.rules.registry import RULES
from tests.builders.command import Run


def test_without_a_topic_every_page_is_listed(run: Run) -> None:
    done = run("explain")
    assert (done.status, done.err) == (0, "")
    listed = {line.split()[0] for line in done.out.splitlines() if line.startswith("  ")}
    assert listed >= {rule.name for rule in RULES}
    assert listed >= {"ready", "blocked", *(str(int(status)) for status in Exit)}


@pytest.mark.parametrize("topic", topics())
def test_every_topic_has_a_page(topic: str, run: Run) -> None:
    done = run("explain", topic)
    assert (done.status, done.err) == (0, "")
    assert done.out.strip()


@pytest.mark.parametrize(
    ("topic", "advice"),
    [
        ("bloked", "did you mean blocked?"),
        ("???", "`ftaudit explain` lists every page"),
        ("\x1b[2J" + "x" * 500, "`ftaudit explain` lists every page"),
    ],
)
def test_an_unknown_topic_has_advice(topic: str, advice: str, run: Run) -> None:
    done = run("explain", topic)
    assert (done.status, done.out) == (2, "")
    assert done.lines[0].startswith("error: there is no page on ")
    assert done.lines[1:] == [f"help: {advice}"]
    assert all(line.isprintable() and len(line) < 200 for line in done.lines)


def test_two_topics_are_one_too_many(run: Run) -> None:
    done = run("explain", "blocked", "ready")
    assert (done.status, done.out) == (2, "")
    assert len(done.lines) == 2


def test_version(run: Run) -> None:
    assert (run("--version").status, run("--version").out) == (0, f"ftaudit {__version__}\n")


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help_lists_the_commands(arguments: tuple[str, ...], run: Run) -> None:
    done = run(*arguments)
    assert (done.status, done.err) == (0, "")
    assert all(f"  {command} " in done.out for command in ("audit", "explain", "cache"))


@pytest.mark.parametrize("command", ["audit", "explain", "cache"])
def test_every_command_has_help(command: str, run: Run) -> None:
    done = run(command, "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.lstrip().startswith(f"Usage: ftaudit {command}")


@pytest.mark.parametrize("arguments", [("nonsense",), ("cache", "nonsense"), ("--nonsense",)])
def test_an_unknown_command_is_one_line(arguments: tuple[str, ...], run: Run) -> None:
    done = run(*arguments)
    assert (done.status, done.out) == (2, "")
    assert done.lines[0].startswith("error: ")
    assert "nonsense" in done.lines[0]
