"""A requirement fixes no version, so there is nothing to judge.

Why it matters
    `numpy>=2` may install another release tomorrow. It is counted and left open: the set is not complete,
    and an input with nothing but such lines has nothing to audit. A pyproject.toml, a script with inline
    metadata and an environment.yml hold no pins at all: even `==` says nothing of what it leads to. Where
    dependencies are dynamic, only a build would tell them.

What to do
    Lock it: `uv lock`, `pip lock`, `pip-compile`, `poetry lock`, `pdm lock`, `pipenv lock`; then audit
    the lock.

When it is wrong
    A constraint file that pins the name (`-c constraints.txt`) counts as a pin, if it is named by the
    requirements.

Sources
    PEP 440 (`==` and `===`; `==1.*` is a range); pip's requirements file format.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="unpinned-requirement", page=__doc__)
