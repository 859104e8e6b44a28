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
"""Or an explicit file of conda."""
PROJECT_FILE = 4 * MB
"""A pyproject.toml."""
ENVIRONMENT_FILE = 1 * MB
"""An environment.yml; those that were seen have a few kilobytes."""
INCLUDED_BYTES = 16 * MB
"""All files together that a requirements file includes."""
WHEEL = 8 * GB
"""The largest wheels on indexes have about 3 GB."""
ZIP_DIRECTORY = 8 * MB
"""A zip's central directory, about 100 bytes for a member."""
ZIPAPP_DIRECTORY = 32 * MB
"""That of an application, which holds the members of many wheels."""
INTERPRETER_ANSWER = 1 * MB
IMAGE_DOCUMENT = 8 * MB
"""A manifest, an index or the configuration of a container image."""
TAR_RECORD = 1 * MB
"""The extended attributes of one member of a tar archive; real ones have a few hundred bytes."""
LAYER = 64 * GB
"""One layer of a container image, inflated."""
INFLATED_FREELY = 1 * GB
INFLATION = 200
"""How many times larger than its bytes a layer may become beyond that; gzip itself goes up to 1,032."""
SCRIPT_HEAD = 1 * MB
"""The beginning of a script, in which its inline metadata is looked for."""
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
NUMBER = 300
"""Digits of one number of a version, a marker or a requirement."""
NODES = 1_000_000
"""Values of a document; of XML its elements and attributes."""

# -- counts --
FOLDER_ENTRIES = 100_000
UNOWNED_FOLDERS = 10_000
"""Folders of a ``site-packages`` that belong to no distribution."""
WALK_ENTRIES = 100_000
"""Files and folders of a folder of projects, all levels together."""
WALK_DEPTH = 20
WALK_INPUTS = 2000
"""Inputs of a folder of projects."""
GLANCE_ENTRIES = 5000
"""Files and folders below a project that are glanced at, to say what was not read."""
TREE_ENTRIES = 1_000_000
"""Files and folders of a root file system, or of all layers of a container image."""
TREE_DEPTH = 100
"""Folders in folders of a root file system on disk."""
LAYERS = 200
"""Of one container image; overlayfs stops at 128."""
IMAGES = 500
"""Images, platforms and indexes of one container image archive."""
IMAGE_INDEXES = 5
"""Indexes of images in each other."""
LINKS = 40
"""Symbolic links on the way to one file, as in Linux."""
ARCHIVE_MEMBERS = 200_000
"""Members of a zip archive or of an image's outer archive."""
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
INTERPRETER_SPECS = 20
"""Different specs of an environment.yml for its interpreter; with more it counts as not known."""
PINS = 50_000
"""Of one input."""
EDGES = 200_000
"""What all pins of one input need; real locks have fewer than 5,000."""
PINS_OF_ONE_NAME = 100
"""Real forks give fewer than ten. Keeps what follows edges linear."""
RESOLVES = 100
"""Resolves of a PEX lock, and environments that it is made for: one for each interpreter and platform."""
STEPS = 5_000_000
"""Edges that may be followed; a workspace of 86 members takes far less than a million."""
PARSED = 4_000_000
"""Characters of all different markers and requirements of one input; real ones have up to 210,000."""
MARKERS = 2000
"""Distinct markers that are evaluated; any further one is taken to hold. No real lock asks for 100."""

# -- texts, in characters --
NAME = 255
"""A package's or a file's name."""
MEMBER_PATH = 4096
"""Bytes of a path in an archive, as in Linux."""
SPECIFIER = 1000
LOCATION = 2000
"""A URL or a path of what is installed; what is longer is cut."""
REQUIREMENT = 65_536
"""One PEP 508 requirement."""
