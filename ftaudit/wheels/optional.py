"""Which extension modules a package can do without: what its own source says about importing them.

Only the syntax tree is looked at; nothing is run. Not seen are extension modules that import one another in
compiled code, and names that are put together at run time. So it takes a guard that was written on purpose.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from pathlib import PurePosixPath

from ftaudit.model.binary import Declaration, SharedObject

MAX_FILES = 600
MAX_BYTES = 8 << 20
"""Of all source files of a package together. A larger package is not read: then it is not known."""
MAX_PARSED = 2 << 20
"""Bytes of those files in which an import may stand; it takes a second to parse them."""

_CATCHES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_NOT_IMPORTED_BY_USE = frozenset({"test", "tests", "testing", "conftest", "setup", "benchmarks", "examples"})
_LOADERS = frozenset({"import_module", "__import__"})
_KEEPS_OFF = frozenset({Declaration.NOT_USED, Declaration.SINGLE_PHASE_NOT_USED, Declaration.NOT_A_MODULE})

Read = Callable[[Sequence[str]], Mapping[str, bytes]]
"""The source files at some paths below site-packages; none at all where any of them cannot be had."""


class Guard(IntEnum):
    """What becomes of the package where an import fails: it fails too, it has not come to it, it goes on."""

    NONE = 0
    LATE = 1
    CAUGHT = 2


def told(
    modules: Sequence[SharedObject], sizes: Callable[[], Mapping[str, int]], read: Read
) -> tuple[SharedObject, ...]:
    """*modules*, with ``optional`` of each that may enable the GIL and that its package can do without.

    *sizes* are as `sources_to_read` wants them. Nothing is asked for where all modules keep the GIL off.
    """
    doubtful = [module for module in modules if not _keeps_off(module)]
    if not doubtful:
        return tuple(modules)
    members = sizes()
    together: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for module in doubtful:
        together[tuple(sources_to_read(module.path, members))].append(module.name)
    found: set[str] = set()
    left = MAX_BYTES  # for all packages of the wheel, or many small ones take forever
    for files, names in together.items():
        left -= sum(members[path] for path in files)
        if files and left >= 0:
            found |= optional(names, read(files))
    return tuple(
        replace(module, optional=True) if module in doubtful and module.name in found else module
        for module in modules
    )


def _keeps_off(module: SharedObject) -> bool:
    code = [part for part in module.slices if part.hooks]  # the others are libraries
    return not module.problem and all(
        part.declared and all(declared.declaration in _KEEPS_OFF for declared in part.declared)
        for part in code
    )


def optional(modules: Collection[str], sources: Mapping[str, bytes]) -> frozenset[str]:
    """Those of *modules* (``pkg._speedups``) that *sources* can do without.

    *sources* are files by path below site-packages (``pkg/__init__.py``). An import may fail in a ``try``
    that goes on after an `ImportError`, or ``with suppress(ImportError)``; at least one must be of this kind,
    and none but those in the bodies of functions of any other. A module is left out where no import of it is
    found, or a file that has its name in it cannot be parsed.
    """
    asked = _mentioned(modules, sources)
    if sum(len(sources[path]) for path in asked) > MAX_PARSED:
        return frozenset()
    found: dict[str, set[Guard]] = defaultdict(set)
    for path, names in asked.items():
        for module, guard in _imports(names, path, sources[path]):
            found[module].add(guard)
    return frozenset(
        module for module, guards in found.items() if Guard.CAUGHT in guards and Guard.NONE not in guards
    )


def _mentioned(modules: Collection[str], sources: Mapping[str, bytes]) -> dict[str, set[str]]:
    """The *modules* that each of *sources* may import, without those that import none: it has the name in it,
    and that of the package as well, unless it is a part of that package."""
    words = {module: [_bytes(part) for part in module.split(".")[-2:]] for module in modules}
    every = {word for parts in words.values() for word in parts}
    pattern = re.compile(rb"\b(?:%s)\b" % b"|".join(sorted(map(re.escape, every))))
    asked: dict[str, set[str]] = {}
    for path, content in sources.items():
        present = set(pattern.findall(content))
        for module, (*package, name) in words.items():
            inside = path.startswith(f"{module.rpartition('.')[0].replace('.', '/')}/")
            if name in present and (inside or present.issuperset(package)):
                asked.setdefault(path, set()).add(module)
    return asked


def _bytes(word: str) -> bytes:
    return word.encode("utf-8", "surrogatepass")


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
        calls = any(_bytes(loader) in content for loader in _LOADERS)
        return list(_walk(tree, modules, list(PurePosixPath(path).parts[:-1]), calls=calls))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [(module, Guard.NONE) for module in modules]  # it may import them in a way not seen


def _walk(
    tree: ast.Module, modules: Collection[str], package: list[str], *, calls: bool
) -> Iterator[tuple[str, Guard]]:
    """Without *calls* no expression is looked at: statements are few."""
    waiting: list[tuple[ast.AST, Guard]] = [(tree, Guard.NONE)]
    while waiting:
        node, guard = waiting.pop()
        yield from ((name, guard) for name in _named(node, package) if name in modules)
        waiting += (
            (child, kept)
            for child, kept in _children(node, guard)
            if calls or not isinstance(child, ast.expr)
        )


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
