"""A shared object's bytes to what its module declares: where the parts of this folder meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from posixpath import basename, dirname

from ftaudit.binaries.call_sites import set_gil_arguments
from ftaudit.binaries.calls import MULTI_PHASE, SET_GIL, SINGLE_PHASE, TELLING, HookWatcher
from ftaudit.binaries.creation import returns
from ftaudit.binaries.declaration import CFFI_PROVIDER, Seen, conclude
from ftaudit.binaries.definition import Answer
from ftaudit.binaries.generator import guess
from ftaudit.binaries.image import BadBinaryError, Buffer, Image
from ftaudit.binaries.limited_api import held_against
from ftaudit.binaries.machine import Machine
from ftaudit.binaries.registry import load
from ftaudit.binaries.search import by_name
from ftaudit.model.binary import Declaration, Declared, Slice

Sibling = Callable[[str], tuple[Image, ...]]
"""Another shared object of the same distribution, by its base name, as `load` gives it; empty where there is
none. Many modules may lean on one library: whoever gives it keeps it."""

Takes = Callable[[str], bool]
"""Whether a file takes the function of that name from the interpreter."""

_EXPORT = ("PyModExport_", "PyModExportU_")
_INIT = ("PyInit_", "PyInitU_")
_CFFI = b"_init_cffi_1_0_external_module"
_ARCHES = {
    ("elf", "arm64"): "aarch64",
    ("elf", "i386"): "i686",
    ("elf", "arm"): "armv7l",
    ("pe", "x86_64"): "amd64",
    ("pe", "i386"): "win32",
}
"""The names that platform tags use, where they differ from ours."""


def analyse(path: str, data: Buffer, sibling: Sibling = lambda name: ()) -> tuple[Slice, ...]:
    """What the shared object *data*, installed as *path*, says for each architecture in it.

    Raises `BadBinaryError` where it cannot be read.
    """
    return tuple(_slice(image, path, sibling) for image in load(data))


def _slice(image: Image, path: str, sibling: Sibling) -> Slice:
    names = image.python_imports()
    hooks = tuple(sorted(image.hooks))
    generator = guess(image, names) if hooks else ""
    declared = tuple(
        _declared(image, hook, names.__contains__, generator, sibling) for hook in own_hooks(hooks, path)
    )
    if not hooks and image.format != "pe":
        declared = tuple(_lent(image, path, sibling))
        hooks = tuple(found.hook for found in declared)
    return Slice(
        format=image.format,
        arch=_arch(image),
        hooks=hooks,
        declared=declared,
        generator=generator,
        limited_api=held_against(names, hooks) if hooks and names else None,
    )


def _arch(image: Image) -> str:
    if image.arch == "ppc64":
        return "ppc64" if image.big_endian else "ppc64le"
    return _ARCHES.get((image.format, image.arch), image.arch)


def own_hooks(hooks: tuple[str, ...], path: str) -> Iterator[str]:
    """The hooks that an interpreter would look up for the file *path*, in its order (PEP 793, PEP 489).

    A package that is itself an extension module (``pkg/__init__.….so``) is looked up by the package's name.
    """
    stem = basename(path).partition(".")[0]
    if stem == "__init__":
        stem = basename(dirname(path))
    plain = stem if stem.isascii() else stem.encode("punycode").decode("ascii").replace("-", "_")
    for prefixes in (_EXPORT, _INIT):
        name = prefixes[not stem.isascii()] + plain
        if name in hooks:
            yield name


def module_of(hook: str) -> str | None:
    """The module's own name; None where the hook's spelling of it (punycode) is not what the file uses."""
    for prefix in (_EXPORT[0], _INIT[0]):
        if hook.startswith(prefix):
            return hook.removeprefix(prefix)
    return None


def _declared(image: Image, hook: str, takes: Takes, generator: str, sibling: Sibling) -> Declared:
    seen = _look(image, hook, image.hooks[hook], takes, generator)
    found = conclude(hook, seen)
    if found.reason != "delegate-not-found":
        return found
    return _delegated(image, hook, seen.delegate, sibling) or found


def _delegated(image: Image, hook: str, name: str, sibling: Sibling) -> Declared | None:
    """What *name* says, a function of a library beside it to which the hook only jumps (jaxlib)."""
    for library in map(basename, image.needed):
        for other in sibling(library):
            entry = other.export(name) if other.arch == image.arch else None
            if entry is not None:
                return conclude(hook, _look(other, hook, entry, other.imports))
    return None


def _lent(image: Image, path: str, sibling: Sibling) -> Iterator[Declared]:
    """What hooks for the file *path* declare that it does not have itself, but a library that it needs:
    ``dlsym`` looks there too (https://pubs.opengroup.org/onlinepubs/9799919799/functions/dlsym.html)."""
    for library in map(basename, image.needed):
        for other in sibling(library):
            hooks = tuple(other.hooks) if other.arch == image.arch else ()
            for hook in own_hooks(hooks, path):
                yield conclude(hook, _look(other, hook, other.hooks[hook], other.imports))


def _look(image: Image, hook: str, entry: int, takes: Takes, generator: str = "") -> Seen:
    """Both methods on the hook at *entry*."""
    module, exported = module_of(hook), hook.startswith(_EXPORT)
    processor = _processor(image)
    imports_init, imports_set_gil = takes(MULTI_PHASE), takes(SET_GIL)
    watcher = HookWatcher(image, module, exported=exported, can_tell=any(map(takes, TELLING)))
    run = processor(image, watcher) if processor else None
    if run is not None:
        run.run(entry)
    if run is not None and not (run.whole and watcher.definitions):
        watcher.definitions += watcher.given()  # the path there was not followed to its end
    answers = frozenset[Answer]()
    if module is not None:
        answers = by_name(image, module, exported=exported)
    creators = {
        answer.create
        for answer in (*watcher.definitions, *watcher.exports, *answers)
        if answer.create is not None and answer.declaration is Declaration.NOT_USED
    }
    imports_create = any(map(takes, SINGLE_PHASE))
    unreached = imports_set_gil and not (watcher.definitions or watcher.exports or watcher.set_gil)
    return Seen(
        exported=exported,
        followed=run is not None,
        whole=run is not None and run.whole,
        steps=run.steps if run else 0,
        limit=run.limit if run else "",
        definitions=tuple(watcher.definitions),
        exports=tuple(watcher.exports),
        searched=answers,
        created=watcher.created,
        set_gil=tuple(watcher.set_gil),
        ends=frozenset(watcher.ends or watcher.likely_ends),
        call_sites=set_gil_arguments(image, processor, entry) if processor and unreached else frozenset(),
        returned_null=watcher.returned_null,
        returned_other=watcher.returned_other,
        returned_another_object=watcher.returned_another_object,
        called_anything=watcher.called_anything,
        delegates_to_cffi=_delegates_to_cffi(image, watcher, imports_init or imports_create),
        delegate=watcher.delegate,
        imports_init=imports_init,
        imports_create=imports_create,
        imports_set_gil=imports_set_gil,
        custom_create={creator: returns(image, processor, creator, generator) for creator in creators},
    )


def _delegates_to_cffi(image: Image, watcher: HookWatcher, makes_modules: bool) -> bool:
    """Whether cffi's backend makes the module: the file makes none itself, and names the backend's function
    (``cffi/_cffi_include.h``, ``_cffi_init``)."""
    return not makes_modules and (CFFI_PROVIDER.encode() in watcher.imported or _holds(image, _CFFI))


def _holds(image: Image, text: bytes) -> bool:
    return any(
        image.find(text, segment.offset, segment.offset + segment.file_size) >= 0
        for segment in image.segments
    )


def _processor(image: Image) -> type[Machine] | None:
    """The machine that follows code of *image*; imported only when there is such code."""
    if image.arch == "x86_64" and image.bits == 64:
        from ftaudit.binaries.x86_64 import X8664

        return X8664
    if image.arch == "arm64" and image.bits == 64:
        from ftaudit.binaries.arm64 import Arm64

        return Arm64
    return None


__all__ = ["BadBinaryError", "Sibling", "analyse", "own_hooks"]
