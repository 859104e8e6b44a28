"""Bytes → extension modules and what they declare of the GIL, without running anything. docs/binaries.md."""

ANALYSER_VERSION = "1"
"""Results of another version are not used: it changes with anything that may change an answer, here or in
which members of a wheel are looked at (`ftaudit.wheels.members`)."""
