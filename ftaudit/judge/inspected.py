"""From what files hold to the rows of an inspection, with a target or without one: pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from posixpath import basename, split

from ftaudit.judge.modules import GIL_OF, Provider, imported, loaded, name_of
from ftaudit.judge.stable_abi import claims, held_against
from ftaudit.model.binary import Contents, Declaration, Declared, SharedObject, Slice
from ftaudit.model.evidence import Missing
from ftaudit.model.inspection import FileKind, FileRow, ModuleRow
from ftaudit.model.target import Target
from ftaudit.model.verdict import Gil, Imported, Module, StableAbi
from ftaudit.model.wheel_name import wheel_name

Advice = Callable[[str], tuple[str, str]]
"""For a generator: the line that an author adds, and from which version on it works."""

_GIL_BUILD = re.compile(r"\.(?:cpython-3\d+-|cp3\d+-|abi3\.)")
"""Endings that only builds with the GIL look for (``Python/dynload_shlib.c``, ``dynload_win.c``)."""
_ONLY_GIL = "only builds with the GIL take a file of this name"
_STABLE = re.compile(r"\.(abi3t?)(?:-[^.]+)?\.so\Z")
"""PEP 384 and PEP 803; on Windows the ending does not say it."""
_EXPORT = "PyModExport"
_WORST_FIRST = (Gil.ON, Gil.UNKNOWN, Gil.OFF, Gil.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A file as it was read. ``contents.sha256`` is that of the whole file, where it was asked for."""

    path: str
    kind: FileKind
    size: int
    contents: Contents


def rows(read: Collection[Read], target: Target | None, advice: Advice) -> tuple[FileRow, ...]:
    """*read* with what importing it does on *target*, or by each module's own declaration without one.

    A module that another one makes (`Declaration.DELEGATED`) does what that one does, if it is among *read*.
    """
    found = [_row(file, target, _not_given, advice) for file in read]
    known = _top_level(module for file in found for module in file.counted)
    return tuple(
        _row(file, target, lambda name: known.get(name) or _not_given(name), advice)
        if _delegates(row)
        else row
        for file, row in zip(read, found, strict=True)
    )


def _not_given(name: str) -> Missing:
    since = ": that of cffi 2.0 and later keeps the GIL off" if name == "_cffi_backend" else ""
    why = f"{name} decides, which is not among the files given{since}"
    return Missing(what="modules", why=why, kind="provider-not-given")


def _delegates(row: FileRow) -> bool:
    return any(module.declared and module.declared.provider for module in row.modules)


def _top_level(modules: Iterable[ModuleRow]) -> dict[str, Gil | Missing]:
    """What each top-level extension module does; unknown where two that were given differ."""
    known: dict[str, Gil | Missing] = {}
    for module in modules:
        if "." in module.name or module.gil is Gil.NONE:
            continue
        before = known.get(module.name, module.gil)
        if module.gil is Gil.UNKNOWN or before != module.gil:
            why = f"{module.name} decides, and what it does is not known"
            known[module.name] = Missing(what="modules", why=why, kind=module.reason or "provider-unknown")
        else:
            known[module.name] = module.gil
    return known


def _row(read: Read, target: Target | None, provider: Provider, advice: Advice) -> FileRow:
    if target is None:
        modules = _declared_rows(read.contents.modules, provider)
        gil, why = _union(modules)
    else:
        found = imported(read.contents, target, provider)
        modules = _loaded_rows(read.contents.modules, found, target)
        gil, why = found.gil, found.why.why if found.why else ""
    bare = [file.path for file in read.contents.modules if not _is_module(file)]
    return FileRow(
        path=read.path,
        kind=read.kind,
        size=read.size,
        gil=gil,
        why=why,
        sha256=read.contents.sha256,
        verified=read.contents.verified,
        stable_abi=_stable_abi(read, modules),
        modules=tuple(_advised(module, advice) for module in sorted(modules, key=_place)),
        libraries=tuple(sorted({*read.contents.libraries, *bare})),
    )


def _stable_abi(read: Read, modules: Iterable[ModuleRow]) -> StableAbi | None:
    """What the tags of a wheel, or the ending of a shared object, claim of the stable ABI."""
    every = tuple(modules)
    claimed = _claims(read)
    if not claimed:
        return None
    said = [row.limited_api for row in every if row.limited_api is not None]
    whole = bool(every) and len(said) == len(every)
    held = [held_against(abi, lowest, said, whole=whole) for abi, lowest in sorted(claimed.items())]
    untrue = next((one for one in held if one.true_to_tag is False), None)
    return untrue or replace(held[-1], claimed=".".join(one.claimed for one in held))


def _claims(read: Read) -> Mapping[str, tuple[int, int] | None]:
    if read.kind is FileKind.WHEEL:
        name = wheel_name(basename(read.path.replace("\\", "/")))
        return claims(name.tags) if name is not None else {}
    if read.kind is FileKind.SHARED_OBJECT:
        found = _STABLE.search(read.path)
        return {found[1]: None} if found else {}
    return {}


def _place(row: ModuleRow) -> tuple[str, str, bool, str]:
    return row.path, row.arch, not row.hook.startswith(_EXPORT), row.hook


def _is_module(file: SharedObject) -> bool:
    return bool(file.problem) or any(part.hooks for part in file.slices)


def _advised(row: ModuleRow, advice: Advice) -> ModuleRow:
    unclear = row.declared is not None and row.declared.declaration in (
        Declaration.UNKNOWN,
        Declaration.DELEGATED,
    )
    if row.loaded is False or not (row.gil is Gil.ON or (row.gil is Gil.UNKNOWN and unclear)):
        return row
    line, note = advice(row.generator)
    return replace(row, advice=line, advice_note=note)


# -- by its own declaration --


def _declared_rows(files: Collection[SharedObject], provider: Provider) -> list[ModuleRow]:
    stray = _strays(file.path for file in files)
    return [
        replace(row, loaded=False, why=_ONLY_GIL) if file.path in stray else _remarked(row)
        for file in files
        for row in _own_rows(file, provider)
    ]


def _strays(paths: Iterable[str]) -> frozenset[str]:
    """Files that no free-threaded build takes, while one that such builds take lies beside them."""
    by_module: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        folder, name = split(path)
        by_module.setdefault((folder, name.partition(".")[0]), []).append(path)
    return frozenset(
        path
        for beside in by_module.values()
        if not all(map(_for_gil_builds, beside))
        for path in filter(_for_gil_builds, beside)
    )


def _remarked(row: ModuleRow) -> ModuleRow:
    """*row* with a remark where no free-threaded build can load it, whatever it declares."""
    if row.why or row.declared is None:
        return row
    if _for_gil_builds(row.path):
        return replace(row, why=_ONLY_GIL)
    return (
        replace(row, why="its definition has the layout of a GIL build")
        if row.declared.layout == "gil"
        else row
    )


def _for_gil_builds(path: str) -> bool:
    return _GIL_BUILD.search(basename(path)) is not None


def _own_rows(file: SharedObject, provider: Provider) -> Iterator[ModuleRow]:
    """A row for each hook that bears the file's name, in each architecture's code."""
    if file.problem:
        yield _bare(file, reason=file.problem_kind, why=file.problem)
    for part in file.slices:
        if part.hooks and not part.declared:
            why = f"it exports {part.hooks[0]}, which is not what its file name asks for"
            yield _bare(file, part, reason="hook-name-differs", why=why)
        for declared in part.declared:
            yield _own_row(file, part, declared, provider)


def _own_row(file: SharedObject, part: Slice, declared: Declared, provider: Provider) -> ModuleRow:
    gil, reason, why = GIL_OF.get(declared.declaration, Gil.UNKNOWN), declared.reason, declared.why
    if declared.declaration is Declaration.DELEGATED:
        answer = provider(declared.provider)
        if isinstance(answer, Missing):
            gil, reason, why = Gil.UNKNOWN, answer.kind, answer.why
        else:
            gil = answer
    return replace(_bare(file, part, gil=gil, reason=reason, why=why), declared=declared)


def _bare(
    file: SharedObject, part: Slice | None = None, gil: Gil = Gil.UNKNOWN, reason: str = "", why: str = ""
) -> ModuleRow:
    return ModuleRow(
        name=name_of(file.path),
        path=file.path,
        gil=gil,
        reason=reason,
        why=why,
        format=part.format if part else "",
        arch=part.arch if part else "",
        generator=part.generator if part else "",
        limited_api=part.limited_api if part else None,
        optional=file.optional,
    )


def _union(modules: Iterable[ModuleRow]) -> tuple[Gil, str]:
    """What all that counts comes to: the worst, and why where that is unknown."""
    counted = [module for module in modules if module.loaded is not False]
    worst = next((gil for gil in _WORST_FIRST if any(row.gil is gil for row in counted)), Gil.NONE)
    if worst is not Gil.UNKNOWN:
        return worst, ""
    unknown = [row for row in counted if row.gil is worst]
    more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
    return worst, f"{unknown[0].path}{more}: {unknown[0].why}"


# -- as a target loads it --


def _loaded_rows(files: Collection[SharedObject], judged: Imported, target: Target) -> list[ModuleRow]:
    """The rows of all *files*: as they were *judged* where *target* loads them, the others as they are."""
    modules: Mapping[str, Module] = {module.path: module for module in judged.modules}
    taken = {file.path for file in loaded(files, target)}
    found = []
    for file in files:
        own = list(_own_rows(file, _not_given))
        if file.path not in taken:
            what = "another file for the module" if file.path in judged.shadowed else "no file of this name"
            found += [_left_out(row, f"{target.python} takes {what}") for row in own]
            continue
        module = modules.get(file.path)
        chosen = _chosen(own, module, target)
        if module is not None and chosen is None:
            found.append(_judged(_bare(file), module))
        for row in own:
            found.append(_judged(row, module) if row is chosen else _left_out(row, _why_not(row, target)))
    return found


def _chosen(rows: Iterable[ModuleRow], module: Module | None, target: Target) -> ModuleRow | None:
    """The row that *module* is about: of its hook, or the first of the code that the target would load."""
    fitting = [row for row in rows if not row.arch or (row.format, row.arch) == target.binary]
    named = [row for row in fitting if module and module.hook and row.hook == module.hook]
    return next(iter(named or fitting), None)


def _judged(row: ModuleRow, module: Module | None) -> ModuleRow:
    """*row* as it was judged; one that came to nothing is loaded, and no module."""
    if module is None:
        return replace(row, loaded=True)
    return replace(row, gil=module.gil, reason=module.reason, why=module.why, loaded=True)


def _left_out(row: ModuleRow, why: str) -> ModuleRow:
    return replace(row, loaded=False, why=row.why or why)


def _why_not(row: ModuleRow, target: Target) -> str:
    if (row.format, row.arch) != target.binary:
        return f"code for {row.format} {row.arch}"
    return f"{target.python} calls another hook"
