"""What a hostile hand would write where a name is expected, and what of it no output may hold."""

from __future__ import annotations

import re

HOSTILE = {
    "path": "../../../etc/passwd",
    "control": "x\x1b[31mred\x1b]0;owned\x07\u202egnp.exe\u2066\u2028y\x85z",
    "newline": "x\nforged line: ready\r\nforged again",
    "markup": "<script>a(1)</script><img src=x> [x](http://evil.example) ![](//evil.example) @team `|` <!--",
    "command": "::error::x",
    "commands": "x ::set-output name=a::b ##[error]c ##vso[task.setvariable variable=d]e %0A::warning::f",
    "long": "n" * 70_000,
    "digits": "9" * 5000,
    "credentials": "https://user:secret@evil.example/x?token=secret",
}
"""By a name for the test."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CODE = re.compile(r"(`+).*?\1")
_ELEMENT = re.compile(r"<(?!br>|/?details>|/?summary>)[a-z!/]", re.IGNORECASE)


def plain(text: str) -> str:
    """*text* without the colours that our own output may have."""
    return _COLOUR.sub("", text)


def wrong_with(output: str) -> list[str]:
    """What *output* (a report in any format, or what was said on stderr) holds and may not.

    GitHub reads a line that begins with ``::`` after its white space, and ``##[`` anywhere in a line:
    https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs. Azure Pipelines reads
    ``##vso[``.
    """
    found = {f"{c!r} in it" for c in set(output) if not c.isprintable() and c != "\n"}
    if "secret" in output:
        found.add("a secret in it")
    for line in output.split("\n"):
        if line.lstrip().startswith("::"):
            found.add(f"a workflow command: {line[:80]!r}")
        if "##[" in line or "##vso[" in line:
            found.add(f"a logging command: {line[:80]!r}")
        if line.lstrip().startswith("forged line: ready"):
            found.add(f"a forged line: {line[:80]!r}")
    return sorted(found)


def wrong_with_markdown(output: str) -> list[str]:
    """What of *output* GitHub would take for HTML, a link or a mention that is not ours."""
    outside = _CODE.sub("", output)
    found = [f"an element: {match[0]!r}" for match in _ELEMENT.finditer(outside)]
    return found + [f"{sign!r} outside of code" for sign in ("](", "http://", "@team") if sign in outside]
