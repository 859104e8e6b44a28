"""Wheels in memory: ``wheel(name="x", tag="cp314-cp314t-win_amd64")`` gives a file name and its bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

from packaging.tags import parse_tag

_EPOCH = (2020, 1, 1, 0, 0, 0)


def metadata(
    name: str = "x",
    version: str = "1",
    *,
    requires: Sequence[str] = (),
    requires_python: str | None = None,
    classifiers: Sequence[str] = (),
    extras: Sequence[str] = (),
    description: str = "",
) -> str:
    """The text of a ``METADATA`` file."""
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Classifier: {classifier}" for classifier in classifiers]
    lines += [f"Provides-Extra: {extra}" for extra in extras]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    return "\n".join(lines) + f"\n\n{description}"


def wheel_file(tag: str = "py3-none-any", *, pure: bool = True) -> str:
    """The text of a ``WHEEL`` file; a compressed *tag* is written out as one line for each."""
    tags = sorted(str(one) for one in parse_tag(tag))
    head = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: {str(pure).lower()}\n"
    return head + "".join(f"Tag: {one}\n" for one in tags)


def wheel(
    *,
    name: str = "x",
    version: str = "1",
    tag: str = "py3-none-any",
    build: str = "",
    requires: Sequence[str] = (),
    requires_python: str | None = None,
    classifiers: Sequence[str] = (),
    extras: Sequence[str] = (),
    files: Mapping[str, bytes | str] | None = None,
    metadata_text: str | None = None,
) -> tuple[str, bytes]:
    """The file name and the bytes of a wheel that holds *files* and its dist-info; each time the same."""
    stem = f"{name.replace('-', '_')}-{version}"
    text = metadata_text
    if text is None:
        text = metadata(
            name,
            version,
            requires=requires,
            requires_python=requires_python,
            classifiers=classifiers,
            extras=extras,
        )
    members: dict[str, bytes | str] = dict(files or {})
    members[f"{stem}.dist-info/METADATA"] = text
    members[f"{stem}.dist-info/WHEEL"] = wheel_file(tag, pure=tag.endswith("-any"))
    members[f"{stem}.dist-info/RECORD"] = ""
    middle = f"-{build}" if build else ""
    return f"{stem}{middle}-{tag}.whl", zipped(members)


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    """A zip archive of *members*, compressed, with fixed times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in members.items():
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), content)
    return buffer.getvalue()
