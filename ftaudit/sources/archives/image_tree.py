"""The file tree of a container image: its layers put on each other, in memory, by their headers alone.

What a layer takes away is written as a whiteout: ``.wh.NAME`` removes what the layers below have of that
name, ``.wh..wh..opq`` all that they have in its folder. A layer's own members stay, whatever their order.
https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ftaudit.errors import InputError
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.archives.tar_stream import Entry, Kind
from ftaudit.sources.reading.links import resolved

_WHITEOUT, _OPAQUE, _OWN = ".wh.", ".wh..wh..opq", ".wh..wh."


@dataclass(slots=True)
class Folder:
    """A folder; ``layer`` is the last that had a part in it, ``emptied`` the last that emptied it."""

    layer: int
    emptied: int = -1
    children: dict[str, Node] = field(default_factory=dict)


@dataclass(slots=True)
class File:
    """A file that ``layer`` put there: member ``index`` of the layer ``source`` has its content."""

    layer: int
    source: int
    index: int
    size: int


@dataclass(slots=True)
class Link:
    """A symbolic link."""

    layer: int
    target: str


@dataclass(slots=True)
class Other:
    """A device, a FIFO, or a file that is stored in a way that is not read."""

    layer: int


Node = Folder | File | Link | Other


class ImageTree:
    """The tree of the image *path*, to which the members of its layers are added from the lowest up."""

    def __init__(self, path: str) -> None:
        self.root = Folder(0)
        self._path = path
        self._count = 0

    def add(self, layer: int, index: int, entry: Entry) -> None:
        """Adds *entry*, member *index* of *layer*; raises `InputError` for what no runtime would unpack."""
        self._count += 1
        if self._count > limits.TREE_ENTRIES:
            raise InputError(self._path, f"more than {limits.TREE_ENTRIES} files in its layers")
        parts = [part for part in entry.name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise self._error(layer, "a member's name leads out of the image", entry.name)
        if not parts:
            return
        *above, name = parts
        if any(part.startswith(_OWN) for part in above) or (name.startswith(_OWN) and name != _OPAQUE):
            return  # aufs keeps its own records there
        folder = self._folder(above, layer)
        if name == _OPAQUE:
            _empty(folder, layer)
        elif name.startswith(_WHITEOUT):
            _remove(folder, name.removeprefix(_WHITEOUT), layer)
        else:
            self._put(folder, name, layer, index, entry)

    def find(self, parts: Sequence[str]) -> Node | None:
        """What a path leads to, links followed; None where that is nothing."""
        real = resolved(parts, self._target)
        return None if real is None else self._at(real)

    def walk(self, folder: Folder, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
        """All below *folder*, which is at *place*, with its path below *folder*.

        A link is what it leads to; a link to a folder that it lies in itself, or to nothing, is an `Other`.
        """
        waiting: list[tuple[tuple[str, ...], Folder, frozenset[int]]] = [
            ((), folder, frozenset({id(folder)}))
        ]
        seen = 0
        while waiting:
            below, current, above = waiting.pop()
            for name, child in current.children.items():
                seen += 1
                if seen > limits.TREE_ENTRIES or len(below) > limits.TREE_DEPTH:
                    most = f"more than {limits.TREE_ENTRIES} files or {limits.TREE_DEPTH} folders deep"
                    why = f"links or folders without an end: {most}"
                    raise InputError(self._path, why, place="/".join(place))
                node: Node | None = child
                if isinstance(child, Link):
                    node = self.find((*place, *below, name))
                if node is None or (isinstance(node, Folder) and id(node) in above):
                    node = Other(child.layer)
                yield (*below, name), node
                if isinstance(node, Folder):
                    waiting.append(((*below, name), node, above | {id(node)}))

    def _put(self, folder: Folder, name: str, layer: int, index: int, entry: Entry) -> None:
        old = folder.children.get(name)
        match entry.kind:
            case Kind.FOLDER if isinstance(old, Folder):
                old.layer = layer
            case Kind.FOLDER:
                folder.children[name] = Folder(layer)
            case Kind.FILE:
                folder.children[name] = File(layer, layer, index, entry.size)
            case Kind.LINK:
                folder.children[name] = Link(layer, entry.target)
            case Kind.HARD_LINK:
                folder.children[name] = self._linked(layer, entry)
            case Kind.OTHER:
                folder.children[name] = Other(layer)

    def _linked(self, layer: int, entry: Entry) -> Node:
        """What the hard link *entry* is another name of: in this layer, or in one below."""
        *above, name = entry.target.split("/")
        folder = self.find(above)
        match folder.children.get(name) if isinstance(folder, Folder) else None:
            case File(source=source, index=index, size=size):
                return File(layer, source, index, size)
            case Link(target=target):
                return Link(layer, target)
            case Other():
                return Other(layer)
        raise self._error(layer, "a hard link to a file that is not there", entry.name)

    def _folder(self, parts: Sequence[str], layer: int) -> Folder:
        """The folder at *parts*, made where it is not there; links on the way are followed."""
        folder = self.root
        folder.layer = layer
        for depth, part in enumerate(parts):
            node = folder.children.get(part)
            if isinstance(node, Link):
                real = resolved(parts[: depth + 1], self._target)
                if real is not None:
                    return self._folder((*real, *parts[depth + 1 :]), layer)
            if not isinstance(node, Folder):
                node = folder.children[part] = Folder(layer)
            node.layer = layer
            folder = node
        return folder

    def _target(self, parts: tuple[str, ...]) -> str | None:
        node = self._at(parts)
        return node.target if isinstance(node, Link) else None

    def _at(self, parts: Sequence[str]) -> Node | None:
        """What lies at *parts*, in which no link is followed."""
        node: Node | None = self.root
        for part in parts:
            node = node.children.get(part) if isinstance(node, Folder) else None
        return node

    def _error(self, layer: int, message: str, name: str) -> InputError:
        return InputError(self._path, message, place=f"layer {layer + 1}: {short(name)}")


def _remove(folder: Folder, name: str, layer: int) -> None:
    """Takes away what the layers below *layer* have as *name*."""
    node = folder.children.get(name)
    if isinstance(node, Folder) and node.layer == layer:
        _empty(node, layer)
    elif node is not None and node.layer < layer:
        del folder.children[name]


def _empty(folder: Folder, layer: int) -> None:
    """Takes away what the layers below *layer* have in *folder*, at any depth; once for each layer."""
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        if current.emptied == layer:
            continue
        current.emptied = layer
        current.children = {name: node for name, node in current.children.items() if node.layer == layer}
        waiting += [node for node in current.children.values() if isinstance(node, Folder)]
