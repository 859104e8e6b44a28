"""What an archive says that it holds of images: ``index.json`` (OCI), or ``manifest.json`` (docker).

https://github.com/opencontainers/image-spec/blob/main/image-index.md and
https://github.com/moby/docker-image-spec/blob/main/spec.md#combined-image-json--filesystem-changeset-format
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ftaudit.errors import InputError
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.archives.image_store import Digest, Store, read_json, read_small
from ftaudit.sources.reading.decode import parse_json, text_of
from ftaudit.sources.reading.table import Table, as_tables

_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_REFERENCE = "vnd.docker.reference.type"
_CONFIGURATION = ("application/vnd.oci.image.config.", "application/vnd.docker.container.image.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image for one platform. ``layers`` are files of the store, from the lowest up.

    ``tag`` is what it is called (empty: nothing), ``platform`` the text ``os_architecture``, empty where the
    configuration has neither; ``python_gil`` is what its ``Env`` sets ``PYTHON_GIL`` to.
    """

    tag: str
    platform: str
    layers: tuple[str, ...]
    python_gil: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The images of an archive, and the platforms that it lists without having them."""

    images: tuple[Image, ...]
    absent: tuple[str, ...] = ()


def listed(store: Store) -> Listed:
    """The images of *store*; raises `InputError` where it has none, or what lists them is broken."""
    saved = _saved(store) if store.holds("manifest.json") else ()
    if not store.holds("index.json"):
        if not saved:
            raise InputError(store.path, "no container image: neither manifest.json nor index.json in it")
        return Listed(images=tuple(_image(store, *entry) for entry in saved))
    search = _Search(store, {config: tag for config, _, tag in saved})
    images = tuple(search.index(read_json(store, "index.json"), "", 0))
    if not images and search.absent:
        raise InputError(store.path, f"the image for {', '.join(search.absent)} is not in the archive")
    if not images:
        raise InputError(store.path, "its index.json lists no image")
    return Listed(images=images, absent=tuple(search.absent))


def _saved(store: Store) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """Of each image of ``manifest.json``: its configuration, its layers, its first tag."""
    path = f"{store.path}!/manifest.json"
    value = parse_json(path, text_of(path, read_small(store, "manifest.json")))
    if not isinstance(value, list):
        raise InputError(path, "must be an array", place="top level")
    if len(value) > limits.IMAGES:
        raise InputError(path, f"more than {limits.IMAGES} images")
    found = []
    for table in as_tables(Table(path), "", value):
        # null for an image without a tag, or without a layer
        tags, layers = (
            table.texts(key) if table.values.get(key) is not None else () for key in ("RepoTags", "Layers")
        )
        found.append((table.text("Config"), layers, short(tags[0]) if tags else ""))
    return tuple(found)


class _Search:
    """Goes through indexes in indexes, each once; *tags* are those of configurations."""

    def __init__(self, store: Store, tags: dict[str, str]) -> None:
        self._store, self._tags = store, tags
        self._seen: set[str] = set()
        self.absent: list[str] = []

    def index(self, index: Table, tag: str, depth: int) -> Iterator[Image]:
        for entry in index.tables("manifests"):
            annotations = entry.table("annotations")
            platform = _platform(entry.table("platform"))
            if platform == "unknown_unknown" or _REFERENCE in annotations:
                continue  # an attestation, not an image
            named = next((text for key in _NAMES if (text := annotations.maybe_text(key))), "")
            name = Digest(entry.text("digest"), self._store.path).name
            if name not in self._seen:
                self._seen.add(name)
                yield from self._manifest(name, short(named) or tag, platform, depth)

    def _manifest(self, name: str, tag: str, platform: str, depth: int) -> Iterator[Image]:
        if len(self._seen) > limits.IMAGES or depth > limits.IMAGE_INDEXES:
            most = f"more than {limits.IMAGES} images, or {limits.IMAGE_INDEXES} indexes in each other"
            raise InputError(self._store.path, f"images or indexes without an end: {most}")
        if not self._store.holds(name):  # docker save keeps the list of all platforms, and the image of one
            self.absent.append(platform.replace("_", "/") or "an unnamed platform")
            return
        manifest = read_json(self._store, name)
        if "manifests" in manifest:
            yield from self.index(manifest, tag, depth + 1)
            return
        config = manifest.table("config")
        kind = config.maybe_text("mediaType") or ""
        if "artifactType" in manifest or not kind.startswith(_CONFIGURATION):
            return  # a signature, a chart: not an image
        place = Digest(config.text("digest"), self._store.path).name
        layers = tuple(
            Digest(layer.text("digest"), self._store.path).name for layer in manifest.tables("layers")
        )
        yield _image(self._store, place, layers, tag or self._tags.get(place, ""))


def _image(store: Store, config: str, layers: tuple[str, ...], tag: str) -> Image:
    if len(layers) > limits.LAYERS:
        raise InputError(store.path, f"an image of more than {limits.LAYERS} layers", place=tag)
    table = read_json(store, config)
    settings = table.table("config") if table.values.get("config") is not None else Table(table.path)
    environment = settings.texts("Env") if settings.values.get("Env") is not None else ()
    values = [text.partition("=")[2] for text in environment if text.startswith("PYTHON_GIL=")]
    return Image(
        tag=tag, platform=_platform(table), layers=layers, python_gil=short(values[-1]) if values else None
    )


def _platform(table: Table) -> str:
    system, machine = (table.maybe_text(key) or "" for key in ("os", "architecture"))
    return short(f"{system}_{machine}") if system and machine else ""
