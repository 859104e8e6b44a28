"""A path file (`*.pth`) lets the environment import from a folder that is not read.

Why it matters
    What lies in that folder is imported like any installed package, and is not part of this report.

What to do
    Audit that folder as well, if packages are installed in it; or remove the file, if it is a leftover.

When it is wrong
    Where the folder is not there, or has no extension module and no packages in it. Files that an installed
    distribution brings along (editable installs) are not meant, nor what leads into `site-packages` itself.

Sources
    The `site` module: https://docs.python.org/3/library/site.html
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="other-import-path", page=__doc__)
