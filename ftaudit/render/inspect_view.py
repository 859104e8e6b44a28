"""The words of an inspection: each text is on one line, printable and without credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from posixpath import basename

from ftaudit.model.binary import Declaration
from ftaudit.model.inspection import FileKind, FileRow, Inspection, ModuleRow
from ftaudit.model.pages import in_words
from ftaudit.model.report import TargetRow
from ftaudit.model.text import short
from ftaudit.model.verdict import Gil, StableAbi

WORST_FIRST = (Gil.ON, Gil.UNKNOWN, Gil.OFF, Gil.NONE)
NAME, SENTENCE = 120, 400
"""Characters that are shown."""
SYMBOLS = 5

_KINDS = {FileKind.WHEEL: "wheel", FileKind.SHARED_OBJECT: "shared object", FileKind.FOLDER: "folder"}
_THIS = {
    FileKind.WHEEL: "this wheel",
    FileKind.SHARED_OBJECT: "this module",
    FileKind.FOLDER: "all of this folder",
}


def about(file: FileRow) -> str:
    """A file in one line: kind, size, number of modules, processors, and the ending that all have."""
    code = sorted({f"{row.format} {row.arch}" for row in file.modules if row.format})
    endings = {basename(row.path).partition(".")[2] for row in file.counted}
    number = count(file.counted) or count(file.modules)
    told = [_KINDS[file.kind], size(file.size), several(number, "module"), *code]
    if len(endings) == 1 and file.kind is not FileKind.SHARED_OBJECT:
        told.append(f".{endings.pop()}")
    return short(", ".join(told), SENTENCE)


def names(rows: Iterable[ModuleRow]) -> Callable[[ModuleRow], str]:
    """How *rows* are told apart: by the modules' names, or where several files have one by their paths."""
    by_name = {(row.name, row.path) for row in rows}
    unique = len({name for name, _ in by_name}) == len(by_name)
    return lambda row: short(row.name if unique else row.path, NAME)


def count(rows: Iterable[ModuleRow]) -> int:
    """How many modules *rows* are about."""
    return len({row.path for row in rows if row.gil is not Gil.NONE})


def because(row: ModuleRow) -> str:
    """Why a module enables the GIL, or why it is not known."""
    by = f" ({short(row.generator)})" if row.generator else ""
    if row.gil is Gil.UNKNOWN or row.declared is None:
        return (short(row.why, SENTENCE) or short(row.reason)) + by
    if row.declared.declaration is Declaration.DELEGATED:
        return f"{short(row.declared.provider)} makes it, and enables the GIL{by}"
    return in_words(row.declared.declaration, "declaration") + by


def advice(row: ModuleRow) -> str:
    """What its author can do, and since when that works."""
    return short(f"{row.advice} – {row.advice_note}" if row.advice_note else row.advice, SENTENCE)


def conclusion(file: FileRow, target: TargetRow | None) -> str:
    """What importing all modules of *file* does."""
    where, this = f" on {short(target.python)}" if target else "", _THIS[file.kind]
    if file.gil is Gil.NONE:
        return "it holds no extension module"
    if file.gil is Gil.OFF:
        return f"importing {this} keeps the GIL off{where or ', by what it declares'}"
    some = count(row for row in file.counted if row.gil is file.gil)
    all_of_it = file.kind is FileKind.SHARED_OBJECT
    share = "" if all_of_it else f": {some} of {several(count(file.counted), 'module')}"
    if file.gil is Gil.ON:
        return f"importing {this} enables the GIL{where}{share}"
    if some:
        return f"unknown{where}{share}"
    place = f"{where}, {short(target.platform)}" if target else ""
    return f"unknown{place}: {short(file.why, SENTENCE)}"


def together(inspection: Inspection) -> str:
    """All files in one line."""
    words = {
        Gil.ON: ("enables the GIL", "enable the GIL"),
        Gil.UNKNOWN: ("is unknown", "are unknown"),
        Gil.OFF: ("keeps the GIL off", "keep the GIL off"),
        Gil.NONE: ("holds no module", "hold no module"),
    }
    counts = {gil: sum(file.gil is gil for file in inspection.files) for gil in WORST_FIRST}
    told = [f"{number} {words[gil][number > 1]}" for gil, number in counts.items() if number]
    return f"{len(inspection.files)} inspected: {', '.join(told)}"


def stable_abi(file: FileRow, *, verbose: bool) -> Iterator[str]:
    """What is claimed of the stable ABI and whether the modules bear that out; or what keeps them from it."""
    if file.stable_abi is not None:
        yield _claimed(file.stable_abi, verbose=verbose)
        return
    if file.kind is FileKind.FOLDER:
        return
    said = [row.limited_api for row in file.counted or file.modules if row.limited_api is not None]
    if not said:
        return
    beyond = sorted({symbol for api in said for symbol in api.beyond})
    if not beyond:
        newest = _newest(api.since for api in said)
        yield f"stable ABI: not claimed; all symbols that are needed are in that of {newest}"
        return
    more = any(api.beyond_count > len(api.beyond) for api in said)
    number = f"more than {len(beyond)} symbols" if more else several(len(beyond), "symbol")
    first = listed(beyond, None if verbose else SYMBOLS)
    verb = "is" if number == "1 symbol" else "are"
    yield f"stable ABI: not claimed; {number} outside of it {verb} needed: {first}"


def _claimed(abi: StableAbi, *, verbose: bool) -> str:
    claim = f"stable ABI: claims {short(abi.claimed)}" + (
        f" from {abi.claimed_from} on" if abi.claimed_from else ""
    )
    if abi.true_to_tag is None:
        return f"{claim}, which was not checked"
    if abi.true_to_tag:
        return f"{claim}, and no symbol speaks against it (they are all in that of {abi.from_version})"
    if abi.beyond:
        return f"{claim}, and is not: it needs {listed(abi.beyond, None if verbose else SYMBOLS)}"
    return f"{claim}, and is not: its symbols are in that of {abi.from_version} only"


def _newest(versions: Iterable[str | None]) -> str:
    return max(
        (version for version in versions if version), key=lambda text: tuple(map(int, text.split(".")))
    )


def listed(words: Sequence[str], limit: int | None) -> str:
    """*words* in one line, at most *limit* of them."""
    shown = words[:limit]
    more = f" and {len(words) - len(shown)} more" if len(shown) < len(words) else ""
    return ", ".join(short(word, NAME) for word in shown) + more


def several(number: int, one: str, many: str = "") -> str:
    """*number* with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def size(number: int) -> str:
    """Bytes as a person reads them."""
    return f"{number / 1_000_000:.1f} MB" if number >= 100_000 else f"{number / 1000:.0f} kB"
