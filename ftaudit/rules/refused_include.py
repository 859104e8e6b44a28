"""A file that another one includes was not read.

Why it matters
    It lies outside the project, does not exist, is no regular file, is a URL, or includes itself. What it
    pins is missing from the report.

What to do
    `--root DIR` widens what counts as the project; otherwise mend the line that the message names.

When it is wrong
    Nothing outside the project is opened without being asked for, even where it would be harmless.

Sources
    DESIGN, section 4; pip's requirements file format (`-r`, `-c`).
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="refused-include", page=__doc__)
