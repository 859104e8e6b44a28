"""The interpreter and the platform that a pin is judged for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.tags import Tag


@dataclass(frozen=True, slots=True, order=True)
class Interpreter:
    """A CPython feature version, free-threaded or not, at a micro version (0 unless asked otherwise)."""

    major: int
    minor: int
    micro: int = 0
    free_threaded: bool = True

    def __str__(self) -> str:
        micro = f".{self.micro}" if self.micro else ""
        return f"{self.major}.{self.minor}{micro}{'t' if self.free_threaded else ''}"

    @property
    def feature(self) -> str:
        """The feature version alone, with the ``t`` of a free-threaded build."""
        return f"{self.major}.{self.minor}{'t' if self.free_threaded else ''}"

    @property
    def full_version(self) -> str:
        return f"{self.major}.{self.minor}.{self.micro}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One interpreter on one platform, with what follows from the two.

    ``platform`` is the name as asked (``linux-x86_64``, ``linux-x86_64@2.28``); ``tags`` maps each PEP 425
    tag that an installer would accept to its rank, 0 the best; ``environment`` holds the PEP 508 variables.
    ``suffixes`` are the endings that its import tries for an extension module, in its order; ``binary`` is
    the object format (``elf``, ``mach-o``, ``pe``) and the processor that it can load.
    """

    interpreter: Interpreter
    platform: str
    tags: Mapping[Tag, int] = field(repr=False, hash=False, compare=False)
    platform_tags: frozenset[str] = field(repr=False, hash=False, compare=False)
    environment: Mapping[str, str] = field(repr=False, hash=False, compare=False)
    suffixes: tuple[str, ...] = field(default=(), repr=False, hash=False, compare=False)
    binary: tuple[str, str] = field(default=("", ""), repr=False, hash=False, compare=False)

    @property
    def python(self) -> str:
        return str(self.interpreter)

    @property
    def platform_name(self) -> str:
        """The platform without its baseline: ``linux-x86_64`` also for ``linux-x86_64@2.28``."""
        return self.platform.partition("@")[0]

    def __str__(self) -> str:
        return f"{self.python} on {self.platform}"
