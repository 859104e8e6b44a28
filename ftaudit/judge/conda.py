"""What conda would install of a pin on a target, by what its lock knows: pure, nothing is asked.

An environment of the lock that has the target's own interpreter on its platform answers. Any other tells
nothing of that interpreter: conda's builds are for one of them, and which others its channels hold the lock
does not say. The platforms named linux are those with glibc: conda has none for musl.
"""

from __future__ import annotations

from ftaudit.model.conda import CondaBuild, CondaRecord, held
from ftaudit.model.evidence import IndexFile, Missing
from ftaudit.model.project import Pin
from ftaudit.model.target import Target
from ftaudit.model.text import mask
from ftaudit.model.verdict import Basis, Install, Installation, Remedy, RemedyKind, Status

NO_RELEASE = Missing(what="release", why="not judged for conda", kind="conda-source")
"""In the place of an index's release, which says nothing of conda's builds."""
NOT_READ = Missing(
    what="archive",
    why="conda archives are not read: neither their modules nor their metadata",
    kind="conda-not-read",
)
"""In the place of what an archive holds: none is downloaded."""
NOT_MAPPED = Missing(
    what="same release", why="conda's name is not mapped to the index by the lock", kind="conda-not-mapped"
)
"""Why the index is not asked: a name there may be that of something else (``purls`` would tell)."""


def choose(pin: Pin, target: Target) -> Installation:
    """What the environments that have *target*'s interpreter on its platform hold of *pin*.

    One archive for the limited API of GIL builds is enough for ``NONE``, then one that is compiled for
    ``WHEEL``; all ``noarch`` is ``PURE``. The file is given where there is only one.
    """
    records = held(pin.conda, target.platform_name, target.interpreter.feature)
    if not records:
        return Installation(install=Install.UNKNOWN, why=_not_judged(pin, target))
    kinds = {record.kind for record in records}
    if CondaBuild.ABI3 in kinds:
        install = Install.NONE
    elif CondaBuild.COMPILED in kinds:
        install = Install.WHEEL
    else:
        install = Install.PURE
    archives = {_archive(record) for record in records}
    one = archives.pop() if len(archives) == 1 and install is not Install.NONE else None
    return Installation(install=install, basis=Basis.TAG, file=one)


def remedy(status: Status) -> Remedy:
    """No way out is sought: what else the channels hold is not known. Said where one would be needed."""
    note = "other builds in conda's channels were not looked for" if status is Status.BLOCKED else ""
    return Remedy(kind=RemedyKind.NONE, note=note)


def _not_judged(pin: Pin, target: Target) -> Missing:
    """Why no environment answers for *target*: which interpreters those on its platform have."""
    platform = target.platform_name
    environments = {env for record in pin.conda for env in record.environments if env.platform == platform}
    if not environments:
        why = f"no environment on {platform} holds it"
    else:
        known = sorted({env.python for env in environments if env.python}, key=lambda text: (len(text), text))
        pythons = f"Python {', '.join(known)}" if known else "no Python that is known"
        why = f"the environments on {platform} have {pythons}"
    return Missing(what=NO_RELEASE.what, why=f"{NO_RELEASE.why}: {why}", kind=NO_RELEASE.kind)


def _archive(record: CondaRecord) -> IndexFile:
    """The archive of *record*; its index is the channel (``https://conda.example/forge/linux-64/x-1-0.conda``
    lies in ``https://conda.example/forge``)."""
    folder, _, name = record.url.rpartition("/")
    channel = folder.rpartition("/")[0]
    return IndexFile(name=name, url=record.url, index=mask(channel))
