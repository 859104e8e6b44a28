"""The export trie of a Mach-O file: names by their beginnings, as dyld looks them up.

``trieWalk`` in ``common/MachOLoaded.cpp`` of https://github.com/apple-oss-distributions/dyld .
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ftaudit.binaries.image import BadBinaryError
from ftaudit.binaries.view import MAX_HOOK, MAX_SYMBOL_NAME, View, uleb

MAX_TRIE = 1 << 26
"""Bytes of a trie; those of extension modules have some hundred."""
MAX_NODES = 1 << 15
"""Nodes that may lie on the ways to the initialisation functions, with those beside the ways."""

_KIND, _ABSOLUTE, _THREAD_LOCAL, _REEXPORT = 3, 2, 1, 8


class Export(NamedTuple):
    """What a name stands for: an address relative to the image, or something else (``flags``)."""

    flags: int
    offset: int

    @property
    def elsewhere(self) -> bool:
        """Whether another library has it (a re-export)."""
        return bool(self.flags & _REEXPORT)

    @property
    def is_address(self) -> bool:
        return not self.elsewhere and self.flags & _KIND == 0


class _Node(NamedTuple):
    export: Export | None
    children: list[tuple[bytes, int]]


class ExportTrie:
    """A trie; nothing is read before it is asked for."""

    def __init__(self, view: View) -> None:
        if view.size > MAX_TRIE:
            raise BadBinaryError(f"export trie: more than {MAX_TRIE} bytes")
        self._content = view.take(0, view.size)

    def lookup(self, name: bytes) -> Export | None:
        """What *name* stands for."""
        node = self._node(0) if self._content else _Node(None, [])
        while name:
            found = next((child for child in node.children if name.startswith(child[0])), None)
            if found is None or not found[0]:
                return None
            name = name[len(found[0]) :]
            node = self._node(found[1])
        return node.export

    def under(self, prefixes: tuple[bytes, ...]) -> Iterator[tuple[bytes, Export]]:
        """All names that begin with one of *prefixes*, and are no longer than `MAX_HOOK`."""
        waiting = [(b"", 0)] if self._content else []
        left = MAX_NODES
        while waiting:
            name, offset = waiting.pop()
            node = self._node(offset)
            left -= 1 + len(node.children)
            if left < 0:
                raise BadBinaryError(
                    f"export trie: more than {MAX_NODES} nodes lead to initialisation functions"
                )
            if node.export and name.startswith(prefixes):
                yield name, node.export
            for label, child in node.children:
                longer = name + label
                if len(longer) <= MAX_HOOK and (
                    longer.startswith(prefixes) or any(prefix.startswith(longer) for prefix in prefixes)
                ):
                    waiting.append((longer, child))

    def _node(self, offset: int) -> _Node:
        content = self._content
        size, at = uleb(content, offset)
        export = None
        if size:
            flags, after = uleb(content, at)
            export = Export(flags, uleb(content, after)[0])
        at += size
        if at >= len(content):
            raise BadBinaryError(f"export trie: cut short at {at:#x}")
        children = []
        count, at = content[at], at + 1
        for _ in range(count):
            end = content.find(0, at, at + MAX_SYMBOL_NAME)
            if end < 0:
                raise BadBinaryError(f"export trie: the name at {at:#x} does not end")
            child, after = uleb(content, end + 1)
            children.append((content[at:end], child))
            at = after
        return _Node(export, children)
