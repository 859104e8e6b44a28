"""`PYTHON_GIL` is set where this environment is used, and overrules what its modules declare.

Why it matters
    With `PYTHON_GIL=0` a free-threaded build keeps the GIL off even when a module asks for it: nothing warns,
    and code that counts on the lock runs without it. With `PYTHON_GIL=1` the lock is on although every
    module is ready. A GIL build does not start with `PYTHON_GIL=0`.

What to do
    Unset it. Set it for single runs that are meant so, such as a test job that compares both.

When it is wrong
    It is read from the variables that ftaudit itself was started with, and from the configuration of a
    container image. Your service may run with others.

Sources
    PEP 703; the description of `PYTHON_GIL` in Python's documentation of its command line.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="python-gil-set", page=__doc__)
