"""The index has a file that fits, and the lock does not list it.

Why it matters
    Some tools leave out of a lock what cannot fit its `requires-python`, and lists go stale when wheels
    are uploaded later. The verdict is about the release; an installer that obeys this lock will not take
    the file before it is locked again.

What to do
    Lock again, with a `requires-python` that admits the target.

When it is wrong
    For formats that list one file only (made for one interpreter) it is to be expected on any other.

Sources
    uv's `RequiresPython::matches_wheel_tag`; PEP 751.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Level
from ftaudit.rules.base import Rule, from_index


def check(case: Case) -> Finding | None:
    """A note where the lock lists wheels and not the one that was picked."""
    file = case.installation.file
    listed = {known.name for known in case.pin.files if not known.path}
    if file is None or not any(name.endswith(".whl") for name in listed) or file.name in listed:
        return None
    if file.path:
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.NOTE,
        message=f"{file.name} is on the index and not in the lock: lock again to have it installed",
        evidence=from_index(case),
    )


RULE = Rule(name="file-not-in-lock", page=__doc__, check=check, needs=("installation",))
