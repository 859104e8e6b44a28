"""An application in one zip file: a PEX file, a shiv or zipapp archive, a function's deployment package.

The distributions that it carries are read as an installed environment, or, where they are wheels in the zip,
as a folder of wheels. What runs the application (``.bootstrap``) is not a part of it.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence

from ftaudit.sources.archives.big_file import open_regular, starts
from ftaudit.sources.base import Document, Format, Held, Holder
from ftaudit.sources.scratch import Scratch

_ZIP, _END, _SCRIPT = b"PK\3\4", b"PK\5\6", b"#!"
_TAIL = 65_557  # the end record with the longest comment


def open_zipapp(document: Document, scratch: Scratch, formats: Sequence[Format]) -> Held:
    """What the zip file *document* carries, or the folder that a PEX file can be.

    Raises `InputError` for a broken one, `NothingToAuditError` for one without a distribution in it.
    """
    from ftaudit.sources.archives import zipapp_members  # imports zipfile, which most runs do not need

    if document.folder:
        return zipapp_members.held_by_folder(document)
    return zipapp_members.held(document, scratch)


def _score(document: Document) -> int:
    if document.folder:
        return 2 * document.tree.is_file(posixpath.join(document.place, "PEX-INFO"))
    start = starts(document, len(_ZIP))
    if start == _ZIP:
        return 2
    return 2 * (start.startswith(_SCRIPT) and _END in _tail(document))


def _tail(document: Document) -> bytes:
    """The end of a file that `starts` could read."""
    with open_regular(document) as file:
        file.seek(max(file.seek(0, os.SEEK_END) - _TAIL, 0))
        return file.read()


HOLDER = Holder(
    name="zipapp",
    about="an application in a zip file (PEX, shiv, zipapp): the distributions in it",
    file_names=(".pex", ".pyz"),
    score=_score,
    open=open_zipapp,
)
