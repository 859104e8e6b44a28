"""A package URL cannot be used: it does not parse, its name or address is none, or the component has
another version.

Why it matters
    The component is left out, or is unknown where only its version is in doubt: the picture is not
    complete.

What to do
    Make the SBOM again with a current tool, and tell its makers.

When it is wrong
    Never: what is named there cannot be asked for.

Sources
    Package URLs: https://github.com/package-url/purl-spec
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="invalid-package-url", page=__doc__)
