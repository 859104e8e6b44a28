"""The public index's address, which is written nowhere in this repository.

It is the constant ``PYPI_URL`` of pip-audit, read from the text of its module: importing the package
would run half of pip-audit for one string.
"""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

from ftaudit.errors import ConfigError

PACKAGE = "pip_audit"
MODULE = Path("_dependency_source", "interface.py")
CONSTANT = "PYPI_URL"


def public_index() -> str:
    """The simple repository URL of the public index.

    Raises `ConfigError` where pip-audit is not installed or has no such constant any more.
    """
    spec = find_spec(PACKAGE)  # of a top-level name: finds, imports nothing
    for folder in (spec.submodule_search_locations if spec else None) or ():
        try:
            tree = ast.parse((Path(folder) / MODULE).read_bytes())
        except (OSError, SyntaxError):
            continue
        for node in tree.body:
            if (
                isinstance(node, ast.Assign)
                and any(isinstance(target, ast.Name) and target.id == CONSTANT for target in node.targets)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                return node.value.value
    raise ConfigError(
        "the address of the public index is not known: pip-audit is not installed, or has changed",
        advice="name an index with --index-url",
    )
