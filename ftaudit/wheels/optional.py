"""Which extension modules a package can do without: what its own source says about importing them.

Only the syntax tree is looked at; nothing is run. Not seen are extension modules that import one another in
compiled code, and names that are put together at run time. So it takes a guard that was written on purpose.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import IntEnum
from pathlib import PurePosixPath

MAX_FILES = 600
MAX_BYTES = 8 << 20
"""Of all source files of a package together. A larger package is not read: then it is not known."""

_CATCHES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_NOT_IMPORTED_BY_USE = frozenset({"test", "tests", "testing", "conftest", "setup", "benchmarks", "examples"})
_LOADERS = frozenset({"import_module", "__import__"})


class Guard(IntEnum):
    """What becomes of the package where an import fails: it fails too, it has not come to it, it goes on."""

    NONE = 0
    LATE = 1
    CAUGHT = 2


def optional(modules: Collection[str], sources: Mapping[str, bytes]) -> frozenset[str]:
    """Those of *modules* (``pkg._speedups``) that *sources* can do without.

    *sources* are files by path below site-packages (``pkg/__init__.py``). An import may fail in a ``try``
    that goes on after an `ImportError`, or ``with suppress(ImportError)``; at least one must be of this kind,
    and none but those in the bodies of functions of any other. A module is left out where no import of it is
    found, or a file that has its name in it cannot be parsed.
    """
    words = {module: module.rpartition(".")[2].encode("utf-8", "surrogatepass") for module in modules}
    pattern = re.compile(rb"\b(?:%s)\b" % b"|".join(sorted(map(re.escape, set(words.values())))))
    found: dict[str, set[Guard]] = defaultdict(set)
    for path, content in sources.items():
        present = set(pattern.findall(content))
        asked = {module for module, word in words.items() if word in present}
        if asked:
            for module, guard in _imports(asked, path, content):
                found[module].add(guard)
    return frozenset(
        module for module, guards in found.items() if Guard.CAUGHT in guards and Guard.NONE not in guards
    )


def sources_to_read(module_path: str, members: Mapping[str, int]) -> list[str]:
    """The source files in which imports of the extension module at *module_path* may stand, sorted.

    *members* are the sizes in bytes of all files of a wheel, by path below site-packages. Read are those of
    the same top-level package, for a module outside any those of the whole wheel, without tests. Empty where
    they are too many or too large (`MAX_FILES`, `MAX_BYTES`): what half of a package says proves nothing.
    """
    top, inside, _ = module_path.partition("/")
    found = sorted(
        path
        for path in members
        if path.endswith(".py") and (not inside or path.startswith(f"{top}/")) and not _is_test(path)
    )
    if len(found) > MAX_FILES or sum(members[path] for path in found) > MAX_BYTES:
        return []
    return found


def _is_test(path: str) -> bool:
    *folders, name = PurePosixPath(path).with_suffix("").parts
    return (
        not _NOT_IMPORTED_BY_USE.isdisjoint((*folders, name))
        or name.startswith("test_")
        or name.endswith("_test")
    )


def _imports(modules: Collection[str], path: str, content: bytes) -> list[tuple[str, Guard]]:
    """The imports of *modules* in the file, with their guards."""
    try:
        # Files of others are full of escapes that the compiler warns of. Without the GIL the filters are of
        # the context (docs.python.org/3/library/warnings.html#concurrent-safety-of-context-managers); with it
        # only one thread computes at a time (ftaudit/concurrency.py).
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(content.decode("utf-8-sig", "replace"))
        return list(_walk(tree, modules, list(PurePosixPath(path).parts[:-1])))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [(module, Guard.NONE) for module in modules]  # it may import them in a way not seen


def _walk(tree: ast.Module, modules: Collection[str], package: list[str]) -> Iterator[tuple[str, Guard]]:
    waiting: list[tuple[ast.AST, Guard]] = [(tree, Guard.NONE)]
    while waiting:
        node, guard = waiting.pop()
        yield from ((name, guard) for name in _named(node, package) if name in modules)
        waiting += _children(node, guard)


def _named(node: ast.AST, package: list[str]) -> Iterator[str]:
    """The absolute names of what *node* imports; of ``from a import b`` both ``a`` and ``a.b``."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=base, names=names, level=level):
            start = _absolute("." * level + (base or ""), package)
            yield start
            yield from (f"{start}.{alias.name}" for alias in names)
        case ast.Call(func=function, args=[ast.Constant(value=str(name)), *rest]) if (
            _name(function) in _LOADERS
        ):
            match rest:
                case [ast.Constant(value=str(anchor)), *_]:
                    yield _absolute(name, anchor.split("."))
                case _:
                    yield _absolute(name, package)


def _absolute(name: str, package: list[str]) -> str:
    """The absolute name of *name*, whose leading dots count up from *package* (one: the package itself)."""
    stem = name.lstrip(".")
    level = len(name) - len(stem)
    if not level:
        return name
    return ".".join([*package[: max(0, len(package) - level + 1)], *filter(None, [stem])])


def _children(node: ast.AST, guard: Guard) -> Iterator[tuple[ast.AST, Guard]]:
    """What stands in *node*, and the guard of an import there."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from _each((*node.decorator_list, node.args), guard)
            yield from _each(node.body, max(guard, Guard.LATE))
        case ast.Lambda():
            yield node.args, guard
            yield node.body, max(guard, Guard.LATE)
        case ast.Try() | ast.TryStar():
            yield from _each(node.body, Guard.CAUGHT if _goes_on(node.handlers) else guard)
            yield from _each((*node.handlers, *node.orelse, *node.finalbody), guard)
        case ast.With() | ast.AsyncWith():
            yield from _each(node.items, guard)
            yield from _each(node.body, Guard.CAUGHT if any(map(_suppresses, node.items)) else guard)
        case ast.If() if _name(node.test) == "TYPE_CHECKING":
            yield from _each(node.orelse, guard)
        case _:
            yield from _each(ast.iter_child_nodes(node), guard)


def _each(nodes: Iterable[ast.AST], guard: Guard) -> Iterator[tuple[ast.AST, Guard]]:
    return ((node, guard) for node in nodes)


def _goes_on(handlers: list[ast.ExceptHandler]) -> bool:
    """Whether *handlers* catch a failed import, and none that does raises again whatever happened."""
    catching = [handler for handler in handlers if _catches(handler.type)]
    return bool(catching) and not any(_raises(handler.body) for handler in catching)


def _raises(steps: list[ast.stmt]) -> bool:
    """Whether *steps* end in an exception on every path; loops and calls are taken to go on."""
    for step in steps:
        match step:
            case ast.Raise():
                return True
            case ast.If(body=then, orelse=otherwise) if _raises(then) and _raises(otherwise):
                return True
    return False


def _catches(kind: ast.expr | None) -> bool:
    match kind:
        case None:
            return True
        case ast.Tuple(elts=kinds):
            return any(map(_catches, kinds))
        case _:
            return _name(kind) in _CATCHES


def _suppresses(item: ast.withitem) -> bool:
    match item.context_expr:
        case ast.Call(func=function, args=kinds) if _name(function) == "suppress":
            return any(map(_catches, kinds))
        case _:
            return False


def _name(node: ast.expr) -> str:
    """The last part of a dotted name; empty for any other expression."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
