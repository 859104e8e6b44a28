"""What importing a wheel's extension modules does on a target: pure, from what its files say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from posixpath import split

from ftaudit.model.binary import Confidence, Contents, Declaration, Declared, SharedObject, Slice
from ftaudit.model.evidence import Missing
from ftaudit.model.project import PinKey
from ftaudit.model.target import Target
from ftaudit.model.verdict import Gil, Imported, Install, Installation, Module

GIL_OF = {
    Declaration.NOT_USED: Gil.OFF,
    Declaration.SINGLE_PHASE_NOT_USED: Gil.OFF,
    Declaration.USED: Gil.ON,
    Declaration.ABSENT: Gil.ON,
    Declaration.SINGLE_PHASE_USED: Gil.ON,
    Declaration.SINGLE_PHASE_SILENT: Gil.ON,
    Declaration.NOT_A_MODULE: Gil.NONE,
    Declaration.UNKNOWN: Gil.UNKNOWN,
}
"""What a declaration comes to; that of a delegated module is for its provider to say."""
_EXPORTS_FROM = (3, 15)
"""PEP 793: the first version that looks for ``PyModExport_*``, and knows slot ids from 84 on."""
_NEW_IDS = 84
_CONTRADICTS = frozenset({"bad-wheel", "hash-mismatch"})
"""Why a wheel could not be looked into that also says that its name proves nothing."""

Provider = Callable[[str], "Gil | Missing"]
"""What the module of that name (``_cffi_backend``), as pinned, does on the target."""


def imported(contents: Contents, target: Target, provider: Provider) -> Imported:
    """What importing all modules of *contents* does on *target*; *provider* answers for delegated ones."""
    chosen, not_loadable, shadowed = _loadable(contents.modules, target)
    modules = tuple(
        module for file in chosen if (module := _module(file, target, provider)).gil is not Gil.NONE
    )
    gil, why = _union(modules, not_loadable)
    return Imported(gil=gil, modules=modules, why=why, not_loadable=not_loadable, shadowed=shadowed)


def _union(modules: tuple[Module, ...], not_loadable: tuple[str, ...]) -> tuple[Gil, Missing | None]:
    if any(module.gil is Gil.ON for module in modules):
        return Gil.ON, None
    unknown = [module for module in modules if module.gil is Gil.UNKNOWN]
    if unknown:
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        first = unknown[0]
        return Gil.UNKNOWN, Missing(what="modules", why=f"{first.path}{more}: {first.why}", kind=first.reason)
    if modules:
        return Gil.OFF, None
    if not_loadable:
        return Gil.UNKNOWN, Missing(
            what="modules",
            why=f"it holds extension modules ({not_loadable[0]}), and none that this interpreter would load",
            kind="no-loadable-module",
        )
    return Gil.NONE, None


def loaded(files: Iterable[SharedObject], target: Target) -> list[SharedObject]:
    """The files that import takes on *target*, for each module the first in its order of suffixes."""
    return _loadable(files, target)[0]


def _loadable(
    files: Iterable[SharedObject], target: Target
) -> tuple[list[SharedObject], tuple[str, ...], tuple[str, ...]]:
    """For each module the file that import takes, in the interpreter's order of suffixes; the modules of
    which none is taken; the files that were passed over."""
    by_module: dict[tuple[str, str], dict[str, SharedObject]] = {}
    for file in files:
        folder, name = split(file.path)
        stem, dot, rest = name.partition(".")
        ending = dot + (rest.lower() if target.binary[0] == "pe" else rest)  # Windows ignores the case
        by_module.setdefault((folder, stem), {})[ending] = file
    chosen: list[SharedObject] = []
    not_loadable: list[str] = []
    shadowed: list[str] = []
    for _, builds in sorted(by_module.items()):
        taken = next((suffix for suffix in target.suffixes if suffix in builds), "")
        others = [build for ending, build in builds.items() if ending != taken and _has_hook(build)]
        if taken:
            chosen.append(builds[taken])
            shadowed += [build.path for build in others]
        elif others:
            not_loadable.append(others[0].path)
    return chosen, tuple(not_loadable), tuple(sorted(shadowed))


def _has_hook(file: SharedObject) -> bool:
    return bool(file.problem) or any(part.hooks for part in file.slices)


def _module(file: SharedObject, target: Target, provider: Provider) -> Module:
    part = next((part for part in file.slices if (part.format, part.arch) == target.binary), None)
    reason, why = _unfit(file, part, target)
    declared = None if reason or part is None else _applicable(part, target)
    if declared is None and not reason:
        return _row(file, part, Gil.NONE, None)
    if declared is None:
        return _row(file, part, Gil.UNKNOWN, None, reason, why)
    if declared.declaration is Declaration.DELEGATED:
        answer = provider(declared.provider)
        if isinstance(answer, Missing):
            return _row(file, part, Gil.UNKNOWN, declared, answer.kind, answer.why)
        return _row(file, part, answer, declared)
    return _row(file, part, GIL_OF[declared.declaration], declared, declared.reason)


def _unfit(file: SharedObject, part: Slice | None, target: Target) -> tuple[str, str]:
    """Why the file that import would take cannot be loaded there, or was not read: a slug and a sentence."""
    python = target.python
    if file.problem:
        return file.problem_kind, file.problem
    if part is None:
        held = ", ".join(sorted({f"{part.format} {part.arch}" for part in file.slices}))
        return "wrong-architecture", f"it is for {held}, not for {' '.join(target.binary)}"
    if not part.hooks:
        return "", ""
    if ".abi3." in split(file.path)[1]:
        return "abi3-on-free-threaded", f"an .abi3 file is tried by {python}, and cannot work there"
    usable = _usable(part.declared, target)
    if not part.declared:
        return "hook-name-differs", f"it exports {part.hooks[0]}, which is not what its file name asks for"
    if not usable:
        return "hook-not-known-there", f"it exports only PyModExport hooks, which {python} does not look for"
    first = usable[0]
    if first.layout == "gil":
        return "built-for-gil", "its definition has the layout of a GIL build"
    if not _exports(target) and any(slot >= _NEW_IDS for slot in first.slots):
        return "slots-not-known-there", f"its slots have ids of 3.15, which {python} refuses"
    return "", ""


def _applicable(part: Slice, target: Target) -> Declared | None:
    """What the hook that *target* would use declares; None for a library."""
    usable = _usable(part.declared, target)
    return usable[0] if usable else None


def _usable(declared: tuple[Declared, ...], target: Target) -> tuple[Declared, ...]:
    if _exports(target):
        return declared
    return tuple(found for found in declared if not found.hook.startswith("PyModExport"))


def _exports(target: Target) -> bool:
    return (target.interpreter.major, target.interpreter.minor) >= _EXPORTS_FROM


def _row(
    file: SharedObject,
    part: Slice | None,
    gil: Gil,
    declared: Declared | None,
    reason: str = "",
    why: str = "",
) -> Module:
    return Module(
        name=name_of(file.path),
        path=file.path,
        gil=gil,
        declaration=declared.declaration if declared else Declaration.UNKNOWN,
        confidence=declared.confidence if declared else Confidence.NONE,
        format=part.format if part else "",
        arch=part.arch if part else "",
        hook=declared.hook if declared else "",
        how=declared.how if declared else "not-found",
        reason=reason,
        why=why or (declared.why if declared else ""),
        generator=part.generator if part else "",
        optional=file.optional,
    )


def name_of(path: str) -> str:
    """The dotted name of the module at *path* below site-packages."""
    folder, name = split(path)
    stem = name.partition(".")[0]
    return ".".join([*filter(None, folder.split("/")), *([] if stem == "__init__" else [stem])])


def gil_of(installation: Installation, found: Imported | Missing) -> Gil | Missing:
    """What importing the picked wheel does, as far as is known. A pure wheel that was not looked into has no
    module by its name; one that cannot be what it says is unknown."""
    if installation.install not in (Install.WHEEL, Install.PURE, Install.FALLBACK):
        return Gil.UNKNOWN
    if isinstance(found, Imported):
        return found.why or found.gil
    by_name = installation.install is not Install.WHEEL and found.kind not in _CONTRADICTS
    return Gil.NONE if by_name else found


def native(installation: Installation, found: Imported | Missing) -> Installation:
    """The same, where a wheel that is pure by its name holds modules: it is as compiled as any other."""
    holds = isinstance(found, Imported) and (found.modules or found.not_loadable)
    return replace(installation, install=Install.WHEEL) if holds and _pure(installation) else installation


def _pure(installation: Installation) -> bool:
    return installation.install is Install.PURE


def dragged_in(
    edges: Mapping[PinKey, Collection[PinKey]], enabling: frozenset[PinKey]
) -> dict[PinKey, tuple[str, ...]]:
    """For each pin the others that it requires, at any depth, and that enable the GIL."""
    needed_by: dict[PinKey, set[PinKey]] = {}
    for key, required in edges.items():
        for other in required:
            needed_by.setdefault(other, set()).add(key)
    found: dict[PinKey, set[str]] = {}
    for culprit in enabling:
        reached, waiting = {culprit}, [culprit]
        while waiting:
            for key in needed_by.get(waiting.pop(), set()) - reached:
                reached.add(key)
                waiting.append(key)
                found.setdefault(key, set()).add(str(culprit))
    return {key: tuple(sorted(culprits)) for key, culprits in found.items()}


def all_imported(
    read: Mapping[PinKey, Contents | Missing], target: Target
) -> dict[PinKey, Imported | Missing]:
    """`imported` for every pin that applies on *target*: delegated modules are what the one that they are
    delegated to does, as it is pinned beside them."""
    found: dict[PinKey, Imported | Missing] = {}
    for key, contents in read.items():
        found[key] = contents if isinstance(contents, Missing) else imported(contents, target, _not_pinned)
    known = _top_level(found.values())
    for key, contents in read.items():
        if isinstance(contents, Contents) and _delegates(contents):
            found[key] = imported(contents, target, lambda name: known.get(name) or _not_pinned(name))
    return found


def _not_pinned(name: str) -> Missing:
    why = f"{name} decides, which no pin that was read provides"
    return Missing(what="modules", why=why, kind="provider-not-pinned")


def _delegates(contents: Contents) -> bool:
    return any(
        declared.provider for file in contents.modules for part in file.slices for declared in part.declared
    )


def _top_level(found: Iterable[Imported | Missing]) -> dict[str, Gil | Missing]:
    """What each top-level extension module does; unknown where two that are pinned differ."""
    known: dict[str, Gil | Missing] = {}
    for result in found:
        for module in result.modules if isinstance(result, Imported) else ():
            if "." in module.name:
                continue
            answer: Gil | Missing = module.gil
            if module.gil is Gil.UNKNOWN or known.get(module.name, module.gil) != module.gil:
                answer = Missing(what="modules", why=f"{module.name}: {module.why}", kind=module.reason)
            known[module.name] = answer
    return known
