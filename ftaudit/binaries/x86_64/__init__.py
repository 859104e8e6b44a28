"""The x86-64 processor: what each instruction does to what is known (`X8664`)."""

from ftaudit.binaries.x86_64.processor import X8664

__all__ = ["X8664"]
