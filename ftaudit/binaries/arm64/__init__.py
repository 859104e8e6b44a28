"""What arm64 code does: the A64 instruction set, for `ftaudit.binaries.machine`."""

from ftaudit.binaries.arm64.processor import Arm64

__all__ = ["Arm64"]
