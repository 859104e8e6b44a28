"""An environment of a conda lock is free-threaded on some of its platforms only.

Why it matters
    Nobody asked for that, as a rule: a solver that may take any build of Python 3.14 can end with the
    free-threaded one (`…_cp314t`) on one platform. There the same code then runs without the GIL, with other
    builds of every compiled package; on the others it does not.

What to do
    Say which interpreter is meant: `python-gil` or `python-freethreading` beside `python` in the
    environment's dependencies. Lock again.

When it is wrong
    It may be meant so, for a first trial on one platform.

Sources
    The build strings of conda-forge's `python` (`…_cp314`, `…_cp314t`); conda/conda-libmamba-solver issue
    1042; a lock of conda-lock's own repository has it for osx-64.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="accidentally-free-threaded", page=__doc__)
