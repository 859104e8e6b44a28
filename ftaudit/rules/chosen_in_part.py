"""Groups or extras were chosen: this is what of the input was audited, and what was left out.

Why it matters
    The verdicts and the stack's are of what was chosen. What was left out was not looked at, and a pin of it
    may still enable the GIL where it is installed.

What to do
    Nothing, where what is audited is what is deployed. Audit without `--group`, `--extra`, `--all-extras`,
    `--only`, `--exclude` and `--no-dev` for everything that is locked.

When it is wrong
    It is a note and changes nothing. A pin that several groups and extras lead to counts for each of them.

Sources
    What each tool installs by default and with its options is in the documentation of inputs.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="chosen-in-part", page=__doc__)
