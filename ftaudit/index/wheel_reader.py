"""What a wheel holds that CPython could import: remembered, or read from the wheel itself.

What is remembered of a file that was read whole is kept under its SHA-256, and serves every file of that
digest. What was read in parts is kept under the address together with the digest that the page claims: nobody
has seen the whole file, so the claim must not speak for another index's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ftaudit.binaries.image import Buffer, Image
from ftaudit.errors import DeadlineExceededError
from ftaudit.index.remote_wheel import WEB, RemoteWheels, UnavailableError
from ftaudit.model.binary import Contents, Slice
from ftaudit.model.evidence import IndexFile, Missing
from ftaudit.model.text import mask, short
from ftaudit.store.results import Results
from ftaudit.wheels.on_disk import OnDisk
from ftaudit.wheels.source import BadWheelError, Source, sha256

if TYPE_CHECKING:
    from ftaudit.index.wheel_contents import Wheel

MAX_WHOLE_WHEEL = 64 * 1024**2
"""Bytes of a wheel that is fetched whole where the server does not serve parts: it is held in memory."""

MAX_FETCHED = 1024**3
"""Bytes of the ranges of one wheel."""

Sibling = Callable[[str], tuple[Image, ...]]
"""Another shared object of the same wheel by its base name; read when it is asked for, empty for none."""
Analyse = Callable[[str, Buffer, Sibling], tuple[Slice, ...]]
"""What the shared object that is installed at a path says. Raises `BadBinaryError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelReader:
    """Reads wheels that lie on this machine or at an address. Thread-safe where *analyse* is.

    *check* is called while a wheel is read, and raises when the run has ended.
    """

    wheels: RemoteWheels
    results: Results[Contents]
    analyse: Analyse
    check: Callable[[], None]
    now: Callable[[], datetime]

    def contents(self, file: IndexFile) -> Contents | Missing:
        """What *file* holds, or Missing; a member that cannot be read is a problem of that member alone."""
        what = f"contents of {short(file.name)}"
        if not file.name.endswith(".whl"):
            return Missing(what=what, why="it is not a wheel", kind="not-a-wheel")
        try:
            found = self._at_hand(file, Path(file.path)) if file.path else self._remote(file)
        except (UnavailableError, BadWheelError) as error:
            return Missing(what=what, why=error.why, kind=error.kind)
        except DeadlineExceededError as error:
            return Missing(what=what, why=error.message, kind="deadline")
        except OSError as error:
            return Missing(what=what, why=(error.strerror or "not readable").lower(), kind="bad-wheel")
        # which of the files with this digest was read does not matter, and is nobody's business
        source = file.name if file.path else mask(file.url)
        unnamed = found.verified == "sha256" and not file.sha256
        return replace(found, source=source, verified="crc" if unnamed else found.verified)

    def _at_hand(self, file: IndexFile, path: Path) -> Contents:
        """A wheel on this machine; or, where *path* is a folder, what was installed from it. To analyse that
        costs less than to read it all for a digest: it is not remembered."""
        if not path.is_dir():
            return self._on_disk(file, path)
        from ftaudit.wheels.installed import installed  # imports csv, which wheels do not need

        return replace(installed(path, self.analyse, self.check), verified="none", as_of=self.now())

    def _on_disk(self, file: IndexFile, path: Path) -> Contents:
        with closing(OnDisk(path)) as source:
            digest = self._verified(file, source)
            return self._remembered(digest) or self._kept(
                file, self._wheel(source).contents(self.analyse, sources=True), digest, self.now()
            )

    def _remote(self, file: IndexFile) -> Contents:
        if file.sha256:
            kept = self._remembered(file.sha256) or self.results.load(_address(file))
            if kept is not None:
                return kept
        if not file.url.startswith(WEB):
            raise UnavailableError("its address is not one to ask", "index-unreachable")
        source, as_of = self.wheels.open(file, whole_limit=MAX_WHOLE_WHEEL)
        with closing(source):
            at_hand = source.holds(0, source.size)
            wheel = self._wheel(source)
            size, whole = wheel.needed
            if size > MAX_FETCHED:
                raise UnavailableError(f"its modules have {size // 1024**2} MB", "too-large")
            with source.holding(0, source.size) if whole else nullcontext():
                digest = self._verified(file, source) if whole or at_hand else None
                read = wheel.contents(self.analyse, sources=whole or at_hand)
                return self._kept(file, read, digest, as_of)

    def _remembered(self, digest: str) -> Contents | None:
        kept = self.results.load(digest)
        return None if kept is None else replace(kept, verified="sha256")

    def _wheel(self, source: Source) -> Wheel:
        from ftaudit.index.wheel_contents import Wheel  # imports zipfile, which what is kept does not need

        return Wheel(source, self.check)

    def _verified(self, file: IndexFile, source: Source) -> str:
        """The digest of the whole *source*, which is the one that the index or the lock names."""
        digest = sha256(source, self.check)
        if file.sha256 not in (None, digest):
            raise UnavailableError("its sha256 is not the one that is named for it", "hash-mismatch")
        return digest

    def _kept(self, file: IndexFile, read: Contents, digest: str | None, as_of: datetime) -> Contents:
        """What was read, with where it is from; *digest* is that of the whole where it was read."""
        found = replace(
            read, verified="sha256" if digest else "crc", sha256=digest or file.sha256, as_of=as_of
        )
        key = digest or (_address(file) if file.sha256 else None)
        # a checksum that is wrong in a part may be the connection's fault
        if key and (digest or not any(module.problem_kind == "bad-wheel" for module in found.modules)):
            self.results.save(key, found)
        return found


def _address(file: IndexFile) -> str:
    return f"{file.url} {file.sha256}"
