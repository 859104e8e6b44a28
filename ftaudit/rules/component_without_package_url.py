"""A library in the SBOM has no package URL, so nothing says what it is.

Why it matters
    It may be a Python package. Nothing is guessed from its name: what is not judged is not ready.

What to do
    Make the SBOM with a tool that writes package URLs (cyclonedx-py, uv export), or see to it that the
    named libraries are no Python packages.

When it is wrong
    Where the SBOM covers other languages too, the libraries may be theirs. cyclonedx-py leaves the
    package URL out for a package that was installed from a folder.

Sources
    CycloneDX: a component's `purl` is optional.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="component-without-package-url", page=__doc__)
