"""The lock names an index that neither it nor the project file declares.

Why it matters
    Where the pin comes from is not known. Asking the public index for it could find another project of the
    same name, so nobody is asked, and the pin is unknown.

What to do
    Declare the index beside the lock, or lock again.

When it is wrong
    The tool that installs may know the index from its own configuration.

Sources
    Pipfile.lock, `index` of a package and `_meta.sources`.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="unknown-index", page=__doc__)
