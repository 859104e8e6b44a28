"""Container images in memory: ``docker_save(image(layer(f("opt/x", b"…"), link("lib", "usr/lib"))))``."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.builders.wheels import metadata, wheel_file


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member of a tar archive."""

    name: str
    kind: bytes = tarfile.REGTYPE
    content: bytes = b""
    target: str = ""


def f(name: str, content: bytes | str = b"") -> Member:
    """A file."""
    return Member(name=name, content=content.encode() if isinstance(content, str) else content)


def folder(name: str) -> Member:
    return Member(name=name, kind=tarfile.DIRTYPE)


def link(name: str, target: str) -> Member:
    """A symbolic link."""
    return Member(name=name, kind=tarfile.SYMTYPE, target=target)


def hard(name: str, target: str) -> Member:
    return Member(name=name, kind=tarfile.LNKTYPE, target=target)


def device(name: str) -> Member:
    return Member(name=name, kind=tarfile.CHRTYPE)


def gone(name: str) -> Member:
    """The whiteout of *name*."""
    above, slash, last = name.rpartition("/")
    return f(f"{above}{slash}.wh.{last}")


def layer(*members: Member, form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.type, info.linkname, info.size = member.kind, member.target, len(member.content)
            archive.addfile(info, io.BytesIO(member.content))
    return buffer.getvalue()


def installed(
    site: str,
    name: str,
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    files: Mapping[str, bytes] | None = None,
) -> list[Member]:
    """What pip leaves of a wheel in the folder *site*: its dist-info and *files* (by path below *site*)."""
    info = f"{site}/{name}-{version}.dist-info"
    below = dict(files or {})
    record = "".join(f"{path},,\n" for path in below)
    return [
        f(f"{info}/METADATA", metadata(name, version)),
        f(f"{info}/WHEEL", wheel_file(tag, pure=tag.endswith("-any"))),
        f(f"{info}/INSTALLER", "pip\n"),
        f(f"{info}/RECORD", record),
        *(f(f"{site}/{path}", content) for path, content in below.items()),
    ]


@dataclass(frozen=True, kw_only=True)
class Built:
    """One image: its layers as they are stored, its configuration."""

    layers: Sequence[bytes]
    config: Any
    tag: str | None = "app:1.0"
    platform: Mapping[str, str] = field(default_factory=dict)


def image(
    *layers: bytes,
    env: Sequence[str] = (),
    architecture: str = "amd64",
    system: str = "linux",
    tag: str | None = "app:1.0",
    compressed: bool = False,
) -> Built:
    platform = {"os": system, "architecture": architecture}
    return Built(
        layers=[gzip.compress(one, mtime=0) for one in layers] if compressed else layers,
        config={**platform, "config": {"Env": list(env)}},
        tag=tag,
        platform=platform,
    )


def docker_save(*images: Built, extra: Sequence[Member] = (), **changes: Any) -> bytes:
    """As docker before 25 writes it; *changes* are made to the entries of manifest.json."""
    members, entries = [], []
    for number, one in enumerate(images):
        config = f"{number}.json"
        names = [f"{number}-{index}/layer.tar" for index in range(len(one.layers))]
        members += [f(name, content) for name, content in zip(names, one.layers, strict=True)]
        members.append(f(config, json.dumps(one.config)))
        tags = [one.tag] if one.tag else None
        entries.append({"Config": config, "RepoTags": tags, "Layers": names} | changes)
    return layer(*members, f("manifest.json", json.dumps(entries)), *extra)


def blob(content: bytes | str, **lies: Any) -> tuple[Member, dict[str, Any]]:
    """A blob and its descriptor."""
    data = content.encode() if isinstance(content, str) else content
    digest = hashlib.sha256(data).hexdigest()
    name = f"blobs/sha256/{digest}"
    return f(name, data), {"digest": f"sha256:{digest}", "size": len(data)} | lies


IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"


def manifest(one: Built, **changes: Any) -> tuple[list[Member], dict[str, Any]]:
    """The blobs of an image, and the descriptor of its manifest; *changes* are made to that."""
    config, about_config = blob(json.dumps(one.config), mediaType=IMAGE_CONFIG)
    layers = [blob(content) for content in one.layers]
    text = {"schemaVersion": 2, "config": about_config, "layers": [about for _, about in layers]} | changes
    own, about = blob(json.dumps(text))
    if one.tag:
        about["annotations"] = {"org.opencontainers.image.ref.name": one.tag}
    about["platform"] = dict(one.platform)
    return [config, *(member for member, _ in layers), own], about


def oci(
    *images: Built, extra: Sequence[Member] = (), entries: Sequence[Any] = (), nested: bool = False
) -> bytes:
    """An OCI layout as a tar archive; *entries* are further ones of the index."""
    return layer(*oci_members(*images, extra=extra, entries=entries, nested=nested))


def oci_members(
    *images: Built, extra: Sequence[Member] = (), entries: Sequence[Any] = (), nested: bool = False
) -> list[Member]:
    """The files of an OCI layout."""
    made = [manifest(one) for one in images]
    members = [member for blobs, _ in made for member in blobs]
    index = {"schemaVersion": 2, "manifests": [*(about for _, about in made), *entries]}
    if nested:
        inner, about = blob(json.dumps(index))
        members.append(inner)
        index = {"schemaVersion": 2, "manifests": [about]}
    return [
        *members,
        f("oci-layout", '{"imageLayoutVersion": "1.0.0"}'),
        f("index.json", json.dumps(index)),
        *extra,
    ]
