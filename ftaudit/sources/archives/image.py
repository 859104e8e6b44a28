"""A container image as ``docker save``, ``skopeo`` or ``buildah`` writes it: the environments in it.

The layers are put on each other in memory; what is read of the packages is written to the scratch space, and
nothing of the image is run. https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from ftaudit.sources.archives.big_file import starts
from ftaudit.sources.base import Document, Format, Held, Holder
from ftaudit.sources.scratch import Scratch

_MAGIC, _MAGIC_AT = b"ustar", 257
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_SUFFIXES = (".tar.gz", ".tgz", ".tar.zst")
_LAYOUT = ("oci-layout", "index.json")


def open_image(document: Document, scratch: Scratch, formats: Sequence[Format]) -> Held:
    """The environments of every image in the archive *document*, or in the OCI layout that it is a folder of.

    Raises `InputError` for what is no image, `NothingToAuditError` for one without a Python environment.
    """
    from ftaudit.sources.archives.image_environments import held  # reads archives, which most runs do not

    return held(document, scratch)


def _score(document: Document) -> int:
    if document.folder:
        return 2 * all(document.tree.is_file(posixpath.join(document.place, name)) for name in _LAYOUT)
    start = starts(document, _MAGIC_AT + len(_MAGIC))
    if start[_MAGIC_AT:] == _MAGIC:
        return 2
    return int(start.startswith(_COMPRESSED) and document.name.lower().endswith(_SUFFIXES))


HOLDER = Holder(
    name="container image",
    about="a container image (`docker save`, or an OCI layout, tar file or folder): all environments in it",
    file_names=_SUFFIXES,
    score=_score,
    open=open_image,
)
