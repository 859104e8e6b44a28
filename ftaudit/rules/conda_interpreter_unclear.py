"""What a conda environment holds says two things of its interpreter.

Why it matters
    Whether an environment is free-threaded decides every verdict in it. Where one record needs the
    free-threaded build and another the build with the GIL, or two feature versions are there at once, no
    installer could have made that environment, and none of its packages is judged.

What to do
    Lock again. A lock that was merged or edited by hand may hold records of two solutions.

When it is wrong
    A channel may name its builds in another way than conda-forge does.

Sources
    conda-forge's python-feedstock (`python_abi`, `python-gil`, `python-freethreading`);
    https://github.com/prefix-dev/rattler-build/issues/2404.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="conda-interpreter-unclear", page=__doc__)
