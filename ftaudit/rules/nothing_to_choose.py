"""Groups or extras were chosen, and this input has none.

Why it matters
    What was left out of the other inputs may still be in this one: it is audited whole.

What to do
    Nothing, where the input is meant as it is. Otherwise audit it apart, without `--group`, `--extra`,
    `--all-extras`, `--only`, `--exclude` and `--no-dev`.

When it is wrong
    It is a note and changes nothing.

Sources
    Which formats have groups and extras is in the documentation of inputs.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="nothing-to-choose", page=__doc__)
