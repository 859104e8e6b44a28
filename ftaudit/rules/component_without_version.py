"""A component of the SBOM is a Python package and has no version.

Why it matters
    Without a version there is no release to look at. The pin stays, and is unknown.

What to do
    Make the SBOM from what is locked or installed, not from requirements without versions.

When it is wrong
    Never: nothing can be said of a release that is not known.

Sources
    CycloneDX: a component's `version` is optional, and so is that of a package URL.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="component-without-version", page=__doc__)
