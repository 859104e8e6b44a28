"""What the place of a member says: could CPython import it as an extension module, is it a shared object."""

from __future__ import annotations

import re

_MODULE = re.compile(r"[^.].*\.(?:so|[pP][yY][dD])")
_SHARED = re.compile(r".+\.(?:so(?:\.[0-9]+)*|pyd|dylib|dll)", re.IGNORECASE)
_TAGGED = re.compile(r".+\.(?:cpython-3|cp3|abi3)[^/]*\.(?:so|[pP][yY][dD])")
_ROOTS = frozenset({"purelib", "platlib"})


def importable(name: str) -> str | None:
    """The path below site-packages where CPython could import the member *name* as an extension module.

    None where it could not by its place: another suffix, a folder that can be no package (it has a dot), or
    a part of ``X.data`` that is installed elsewhere (binary distribution format, "The .data directory"). A
    file that names an interpreter is meant to be imported: then its package puts that folder on the path
    (OpenCV's ``cv2/python-3.14``).
    A ``site-packages`` within the wheel counts as one: wheels made by cmeel put theirs on the path, with a
    ``.pth`` file. Whether the file is a module is for its initialisation function to say.
    """
    path = below_site_packages(name)
    if path is None:
        return None
    *folders, file = path.split("/")
    if _MODULE.fullmatch(file) is None:
        return None
    return path if _TAGGED.fullmatch(file) or not any("." in folder for folder in folders) else None


def is_library(name: str) -> bool:
    """Whether *name* looks like a shared object that CPython would not import by its place."""
    return importable(name) is None and _SHARED.fullmatch(name.rpartition("/")[2]) is not None


def below_site_packages(name: str) -> str | None:
    """Where below site-packages the member *name* is installed; None where it is installed elsewhere."""
    _, found, path = f"/{name}".rpartition("/site-packages/")
    top, _, rest = name.partition("/")
    if top.endswith(".data") and rest:
        part, _, path_in_part = rest.partition("/")
        if part in _ROOTS:
            return path_in_part
        if part != "data":  # which is installed below sys.prefix, where lib/python3.14/site-packages lies
            return None
    elif not found:
        return name
    return path if found else None
