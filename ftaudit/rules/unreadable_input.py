"""An input, or part of one, could not be read; what was said of it stands in the message.

Why it matters
    The report speaks of the other inputs only. Nothing is concluded about what was not read, and the exit
    status says so.

What to do
    Mend the file at the place that the message names, or leave it out of the command.

When it is wrong
    A format that is newer than this version of ftaudit looks like a broken file; the message names the
    version.

Sources
    DESIGN, section 4: a broken input is one clear line naming file and place.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="unreadable-input", page=__doc__)
