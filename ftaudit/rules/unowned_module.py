"""A shared object in `site-packages` that no installed distribution lists.

Why it matters
    What is imported from there may enable the GIL like any extension module, and is no part of any pin:
    nothing in this report speaks of it.

What to do
    Install it as a distribution, or remove it. `ftaudit inspect FILE` says what it declares.

When it is wrong
    Distributions of Linux systems install some packages without a `RECORD`: their modules are named too. A
    shared object need not be a module.

Sources
    The specification of installed projects (`RECORD`):
    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="unowned-module", page=__doc__)
