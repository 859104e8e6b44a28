"""How much is read of an input, all in one place. No real input that was seen comes near to any of them.

The largest real lock has 2.9 MB and 4,217 records, 8 levels of nesting and lines of 18,858 characters.
"""

from __future__ import annotations

MB = 1024 * 1024
GB = 1024 * MB

# -- files, in bytes --
FILE = 64 * MB
SMALL_FILE = 1 * MB
"""WHEEL, direct_url.json, INSTALLER, pyvenv.cfg."""
METADATA = 4 * MB
"""A METADATA, which may hold a long description."""
REQUIREMENTS_FILE = 8 * MB
INCLUDED_BYTES = 64 * MB
"""All files together that a requirements file includes."""
WHEEL = 8 * GB
"""The largest wheels on indexes have about 3 GB."""
ZIP_DIRECTORY = 8 * MB
"""A zip's central directory, about 100 bytes for a member."""
INTERPRETER_ANSWER = 1 * MB
SCRATCH = 16 * GB
"""All that is put into the private folder; a large deep-learning stack has about 8 GB of modules."""

# -- the shape of a document --
LINE = 1 * MB
"""Characters of one line."""
DEPTH = 50
"""Levels of nesting."""
KEY_PARTS = 100
"""Parts of one dotted TOML key."""
DIGITS = 4300
"""Digits of an integer: Python's own limit, held also where it was raised."""
NODES = 2_000_000
"""Values of a YAML document."""

# -- counts --
FOLDER_ENTRIES = 100_000
INCLUDED_FILES = 500
INCLUDE_DEPTH = 50
REQUIREMENTS = 50_000
"""Requirements of one requirements file and all that it includes."""
PROJECT_REQUIREMENTS = 100_000
"""Requirements of a pyproject.toml, every group with those that it includes."""
GROUPS = 1000
"""Dependency groups of a project."""
LABELS = 1000
"""Groups and extras of a project and its members."""
PINS_OF_ONE_NAME = 100
"""Real forks give fewer than ten. Keeps what follows edges linear."""
STEPS = 5_000_000
"""Edges that may be followed; a workspace of 86 members takes far less than a million."""
MARKERS = 2000
"""Distinct markers that are evaluated; any further one is taken to hold. No real lock asks for 100."""

# -- texts, in characters --
NAME = 255
"""A package's or a file's name."""
SPECIFIER = 1000
REQUIREMENT = 65_536
"""One PEP 508 requirement."""
