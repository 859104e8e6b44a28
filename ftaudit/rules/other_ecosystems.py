"""The SBOM has components of other ecosystems, which are not judged.

Why it matters
    ftaudit judges packages of the Python package index. What a container or another language adds is
    counted, so that you see what the verdicts do not cover. Python packages of a distribution or of conda
    (`pkg:deb/…/python3-numpy`, `pkg:conda/numpy`) are among them.

What to do
    Nothing, as a rule. For conda, audit the conda lock; for packages of a distribution, the environment
    or the image.

    Packages of conda are Python's, as a rule: with them the audit is incomplete (exit status 4).

When it is wrong
    Without packages of conda it is a note and changes nothing.

Sources
    The types of package URLs: https://github.com/package-url/purl-spec
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="other-ecosystems", page=__doc__)
