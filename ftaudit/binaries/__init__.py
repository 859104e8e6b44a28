"""Bytes → extension modules and what they declare of the GIL, without running anything. docs/binaries.md."""
