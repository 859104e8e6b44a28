"""The rules of the house as functions: each takes the modules of a package and gives its complaints."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 50
"""Of the body: the signature of a command is the table of its options."""
MAX_PLAIN_METHOD_LINES = 10
"""A public method may go without a docstring up to here."""

LEAVES = frozenset({"model", "errors"})
STAGES = frozenset(
    {"sources", "wheels", "binaries", "index", "net", "knowledge", "judge", "rules", "concurrency", "store"}
)
MAY_IMPORT: dict[str, frozenset[str]] = {
    "": frozenset(),  # the package itself
    "__main__": frozenset({"cli"}),
    "errors": frozenset(),
    "model": frozenset(),
    "concurrency": frozenset({"errors"}),
    "sources": LEAVES,
    "wheels": LEAVES | {"binaries"},
    "binaries": LEAVES | {"knowledge"},
    "knowledge": LEAVES,
    "net": LEAVES | {"concurrency"},
    "store": frozenset({"concurrency"}),
    "index": LEAVES | {"concurrency", "net", "wheels", "binaries", "store"},
    "rules": frozenset({"model"}),
    "judge": LEAVES | {"rules"},
    "policy": LEAVES,
    "render": frozenset({"model"}),
    "ci": frozenset({"model"}),
    "explain": LEAVES | {"rules"},
    "gather_wheels": LEAVES | STAGES,
    "gather": LEAVES | STAGES | {"gather_wheels"},
    "problems": LEAVES | STAGES | {"gather"},
    "pipeline": LEAVES | STAGES | {"gather", "problems"},
    "inspection": LEAVES | STAGES,
    "cli": LEAVES | STAGES | {"gather", "pipeline", "inspection", "explain", "policy", "render", "ci"},
}
"""What each part of the package may import beside itself (docs/architecture.md has the picture)."""

ONLY_IN: dict[str, frozenset[str]] = {
    **dict.fromkeys(("requests", "urllib3", "cachecontrol", "socket", "ssl", "http"), frozenset({"net"})),
    **dict.fromkeys(("threading", "concurrent", "asyncio", "multiprocessing"), frozenset({"concurrency"})),
    "typer": frozenset({"cli"}),
    "subprocess": frozenset({"sources"}),  # an interpreter that the user names is asked for its paths
    "pickle": frozenset(),
}
"""Modules from outside that only some parts may import."""
URLLIB = frozenset(
    {"urllib.request", *(f"urllib.request.{name}" for name in ("Request", "build_opener", "urlopen"))}
)
"""What of `urllib.request` is for the network part only; it also turns paths into URLs."""

ALTERNATIVES = ("sources", "rules", "render", "ci", "binaries")
"""Folders in which each file that the registry names stands alone."""
SHARED_NAMES = frozenset({"base", "image", "registry", "__init__"})

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the package: its dotted name without the package's, its text, its syntax tree."""

    package: str
    name: str
    text: str
    tree: ast.Module
    is_package: bool

    @property
    def part(self) -> str:
        return self.name.partition(".")[0]

    @property
    def dotted(self) -> str:
        return f"{self.package}.{self.name}" if self.name else self.package


def modules(root: Path) -> tuple[Module, ...]:
    """Every module of the package in the folder *root*."""
    found = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        text = path.read_text(encoding="utf-8")
        name = ".".join(parts[:-1] if is_package else parts)
        found.append(Module(root.name, name, text, ast.parse(text), is_package))
    return tuple(found)


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of every import in *module*; ``from a import b`` gives ``a.b``."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.dotted.split(".")
                up = node.level - 1 if module.is_package else node.level
                base = ".".join([*parts[: len(parts) - up], *filter(None, [node.module])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def own_imports(module: Module) -> Iterator[tuple[int, str]]:
    """The imports from the package itself, without its name in front."""
    for line, name in imports(module):
        if name.startswith(f"{module.package}."):
            yield line, name.removeprefix(f"{module.package}.")


def layers(package: Sequence[Module]) -> list[str]:
    """Every part imports downwards only, as `MAY_IMPORT` says."""
    complaints = []
    parts = {module.part for module in package}
    for module in package:
        if module.part not in MAY_IMPORT:
            complaints.append(f"{module.dotted}: MAY_IMPORT says nothing of this part")
            continue
        allowed = MAY_IMPORT[module.part] | {module.part}
        for line, name in own_imports(module):
            part = name.partition(".")[0]
            if part in parts and part not in allowed:
                complaints.append(f"{module.dotted}:{line} imports {name}")
    return complaints


def outside(package: Sequence[Module]) -> list[str]:
    """What `ONLY_IN` names is imported there only."""
    return [
        f"{module.dotted}:{line} imports {name}"
        for module in package
        for line, name in imports(module)
        if module.part not in ONLY_IN.get(name.partition(".")[0], {module.part})
        or (name in URLLIB and module.part != "net")
    ]


def registered(package: Sequence[Module], folder: str) -> set[str]:
    """The files (or folders) that the registry of *folder* names, by import or, where lazy, by text; by their
    dotted names below the folder."""
    beside = {m.name.partition(".")[2] for m in package if m.name.startswith(f"{folder}.")} - SHARED_NAMES
    named: set[str | None] = set()
    for module in package:
        if module.name == f"{folder}.registry":
            named |= {_among(beside, name.partition(".")[2]) for _, name in own_imports(module)
                      if name.startswith(f"{folder}.")}  # fmt: skip
            texts = [n.value for n in ast.walk(module.tree) if isinstance(n, ast.Constant)]
            words = [t.partition(":")[0] for t in texts if isinstance(t, str)]
            named |= {w.removeprefix(f"{module.package}.{folder}").removeprefix(".") for w in words}
    return beside & named


def _among(names: Collection[str], name: str) -> str | None:
    """The one of the dotted *names* that *name* is, or lies in."""
    while name and name not in names:
        name = name.rpartition(".")[0]
    return name or None


def alternatives(package: Sequence[Module]) -> list[str]:
    """Files that a registry lists side by side never import each other, nor their registry."""
    complaints = []
    for folder in ALTERNATIVES:
        listed = registered(package, folder)
        for module in package:
            own = _among(listed, module.name.partition(".")[2])
            if module.part != folder or own is None:
                continue
            for line, name in own_imports(module):
                part, _, path = name.partition(".")
                if part == folder and _among(listed | {"registry"}, path) not in (None, own):
                    complaints.append(f"{module.dotted}:{line} imports {name}")
    return complaints


def registries(package: Sequence[Module]) -> list[str]:
    """A folder of alternatives that has a registry lists something in it (else nothing above is checked)."""
    return [
        f"{module.package}.{folder}.registry names no file of its folder"
        for folder in ALTERNATIVES
        for module in package
        if module.name == f"{folder}.registry" and not registered(package, folder)
    ]


def rules_stand_alone(package: Sequence[Module]) -> list[str]:
    """A rule imports the model and `rules.base`, nothing else of ours."""
    listed = registered(package, "rules")
    return [
        f"{module.dotted}:{line} imports {name}"
        for module in package
        if module.part == "rules" and module.name.partition(".")[2] in listed
        for line, name in own_imports(module)
        if not name.startswith(("model.", "rules.base."))
    ]


def sizes(package: Sequence[Module]) -> list[str]:
    """No module and no function is longer than one can keep in mind."""
    complaints = [
        f"{module.dotted} has {count} lines (at most {MAX_MODULE_LINES})"
        for module in package
        if (count := len(module.text.splitlines())) > MAX_MODULE_LINES
    ]
    for module in package:
        for node in ast.walk(module.tree):
            if isinstance(node, Function) and _lines(node) > MAX_FUNCTION_LINES:
                size = f"has {_lines(node)} lines (at most {MAX_FUNCTION_LINES})"
                complaints.append(f"{module.dotted}:{node.lineno} {node.name} {size}")
    return complaints


def docstrings(package: Sequence[Module]) -> list[str]:
    """Modules, public classes and functions state their contract; a method that carries one out need not."""
    complaints = []
    for module in package:
        if not ast.get_docstring(module.tree):
            complaints.append(f"{module.dotted} has no docstring")
        told = {n.name for n in ast.walk(module.tree) if isinstance(n, Function) and ast.get_docstring(n)}
        for node in _public(module.tree.body):
            if not ast.get_docstring(node):
                complaints.append(f"{module.dotted}:{node.lineno} {node.name} has no docstring")
            for method in _public(node.body) if isinstance(node, ast.ClassDef) else ():
                if _lines(method) > MAX_PLAIN_METHOD_LINES and method.name not in told:
                    complaints.append(
                        f"{module.dotted}:{method.lineno} {node.name}.{method.name} has no docstring"
                    )
    return complaints


def execution(package: Sequence[Module]) -> list[str]:
    """Nothing that is read is run."""
    return [
        f"{module.dotted}:{node.lineno} calls {node.func.id}"
        for module in package
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec"}
    ]


CHECKS = (
    layers,
    outside,
    alternatives,
    registries,
    rules_stand_alone,
    sizes,
    docstrings,
    execution,
)


def _public(body: Sequence[ast.stmt]) -> list[Definition]:
    return [node for node in body if isinstance(node, Definition) and not node.name.startswith("_")]


def _lines(node: Definition) -> int:
    """Lines of the body, from its first statement on."""
    return (node.end_lineno or node.lineno) - node.body[0].lineno + 1
