"""CycloneDX in XML, as the objects that the same document has in JSON: only what is read of it.

The two differ in where a list's items are named and in the format's version, which XML has in its namespace:
https://cyclonedx.org/docs/1.6/xml/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ftaudit.errors import InputError
from ftaudit.sources.reading.decode_xml import Element, parse_xml
from ftaudit.sources.reading.table import Table

NAMESPACE = "http://cyclonedx.org/schema/bom/"


class _Object(dict[str, object]):
    """An object that knows the line of its element."""

    __slots__ = ("line",)

    def __init__(self, element: Element) -> None:
        super().__init__()
        self.line = element.line


def load_xml(path: str, content: bytes) -> Table:
    """The top object of a CycloneDX document in XML; every object in it knows its line.

    Raises `InputError`, also for an element that may stand there once and is there twice.
    """
    root = parse_xml(path, content)
    if root.name != "bom" or not root.namespace.startswith(NAMESPACE):
        raise InputError(path, "the root element is no CycloneDX bom", place=f"line {root.line}")
    return Table(path, "", _Converter(path).bom(root))


class _Converter:
    def __init__(self, path: str) -> None:
        self.path = path

    def bom(self, root: Element) -> _Object:
        made = _Object(root)
        made["specVersion"] = root.namespace.removeprefix(NAMESPACE)
        if metadata := self.one(root, "metadata"):
            made["metadata"] = self.metadata(metadata)
        self.put_list(made, root, "components", "component", self.component)
        if graph := self.one(root, "dependencies"):
            made["dependencies"] = list(_dependencies(graph))
        return made

    def metadata(self, element: Element) -> _Object:
        made = _Object(element)
        if component := self.one(element, "component"):
            made["component"] = self.component(component)
        if tools := self.one(element, "tools"):
            found = [*_all(tools, "tool"), *self.items(tools, "components", "component")]
            made["tools"] = [self.component(tool) for tool in found]
        return made

    def component(self, element: Element) -> _Object:
        made = self.plain(element, ("type", "bom-ref"), ("name", "version", "scope", "purl"))
        self.put_list(made, element, "hashes", "hash", _hash)
        self.put_list(made, element, "properties", "property", _property)
        self.put_list(made, element, "externalReferences", "reference", self.reference)
        self.put_list(made, element, "components", "component", self.component)
        return made

    def reference(self, element: Element) -> _Object:
        made = self.plain(element, ("type",), ("url",))
        self.put_list(made, element, "hashes", "hash", _hash)
        return made

    def plain(self, element: Element, attributes: tuple[str, ...], texts: tuple[str, ...]) -> _Object:
        """The attributes and the texts of the children of these names."""
        made = _Object(element)
        for name in attributes:
            if name in element.attributes:
                made[name] = element.attributes[name]
        for name in texts:
            if child := self.one(element, name):
                made[name] = child.text
        return made

    def put_list(
        self, made: _Object, element: Element, name: str, item: str, convert: Callable[[Element], _Object]
    ) -> None:
        if found := self.items(element, name, item):
            made[name] = [convert(child) for child in found]

    def items(self, element: Element, name: str, item: str) -> tuple[Element, ...]:
        """The elements *item* in the element *name* of *element*."""
        within = self.one(element, name)
        return _all(within, item) if within else ()

    def one(self, element: Element, name: str) -> Element | None:
        """The only child *name* of *element*, or None."""
        found = _all(element, name)
        if len(found) > 1:
            raise InputError(self.path, f"a second element {name}", place=f"line {found[1].line}")
        return found[0] if found else None


def _all(element: Element, name: str) -> tuple[Element, ...]:
    """The children *name*; those of another namespace are extensions."""
    return tuple(c for c in element.children if c.name == name and c.namespace == element.namespace)


def _property(element: Element) -> _Object:
    made = _Object(element)
    made.update(name=element.attributes.get("name", ""), value=element.text)
    return made


def _hash(element: Element) -> _Object:
    made = _Object(element)
    made.update(alg=element.attributes.get("alg", ""), content=element.text)
    return made


def _dependencies(graph: Element) -> Iterator[_Object]:
    """Every element that says what it depends on; one that stands at the top may say: nothing."""
    waiting = [(child, True) for child in reversed(_all(graph, "dependency"))]
    while waiting:
        element, top = waiting.pop()
        needed = _all(element, "dependency")
        if top or needed:
            made = _Object(element)
            if "ref" in element.attributes:
                made["ref"] = element.attributes["ref"]
            made["dependsOn"] = [c.attributes["ref"] for c in needed if "ref" in c.attributes]
            yield made
        waiting += [(child, False) for child in reversed(needed)]
