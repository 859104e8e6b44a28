"""Reports that every format is shown: one function a scenario, one table of them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ftaudit.model.evidence import IndexFile
from ftaudit.model.project import FoundInterpreter, MadeFor, Origin, Problem, Severity, SourceKind
from ftaudit.model.report import InputRow, PackageRow, Report, Summary, TargetRow
from ftaudit.model.verdict import (
    Basis,
    EvidenceRef,
    Finding,
    Gil,
    Install,
    Level,
    Module,
    Remedy,
    RemedyKind,
    StableAbi,
    Status,
    Undecided,
    Verdict,
)

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
T314 = ("3.14t", "linux-x86_64")
T315 = ("3.15t", "linux-x86_64")
WINDOWS = ("3.14t", "windows-amd64")
INDEX = "https://index.example/simple/"
Target = tuple[str, str]


def upgrade(
    version: str, everywhere: str | None = None, latest: str | None = None, basis: str = "fits"
) -> Remedy:
    return Remedy(
        kind=RemedyKind.UPGRADE,
        version=version,
        version_all_targets=everywhere,
        latest=latest or version,
        basis=basis,
        basis_all_targets=everywhere and basis,
    )


def file(name: str) -> IndexFile:
    return IndexFile(
        name=name,
        url=f"https://files.example/{name}",
        index=INDEX,
        sha256="ab" * 32,
        size=12_345,
        uploaded=datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC),
    )


def verdict(status: Status | None = Status.READY, target: Target = T314, **changes: Any) -> Verdict:
    """A verdict with the facts that usually lead to *status*; None does not apply."""
    facts: dict[Status | None, tuple[Install | None, Gil | None]] = {
        None: (None, None),
        Status.READY: (Install.PURE, Gil.NONE),
        Status.DEGRADED: (Install.FALLBACK, Gil.NONE),
        Status.NEEDS_BUILD: (Install.SOURCE, Gil.UNKNOWN),
        Status.UNKNOWN: (Install.WHEEL, Gil.UNKNOWN),
        Status.ENABLES_GIL: (Install.WHEEL, Gil.ON),
        Status.BLOCKED: (Install.NONE, Gil.UNKNOWN),
    }
    install, gil = facts[status]
    given: dict[str, Any] = {"applies": status is not None, "install": install, "gil": gil, **changes}
    if status is not None:
        given = {"install_basis": Basis.INDEX, **given}
    return Verdict(python=target[0], platform=target[1], status=status, **given)


def package(name: str, version: str = "1.0", *verdicts: Verdict, **changes: Any) -> PackageRow:
    origins = (Origin(input="uv.lock", path="uv.lock", line=7),)
    given: dict[str, Any] = {"source": SourceKind.INDEX, "origins": origins, "direct": False, **changes}
    return PackageRow(name=name, version=version, verdicts=verdicts or (verdict(),), **given)


def report(*packages: PackageRow, targets: tuple[Target, ...] = (T314,), **changes: Any) -> Report:
    """A report whose summary follows from its packages (complete unless a problem says otherwise)."""
    problems: tuple[Problem, ...] = changes.pop("problems", ())
    complete = not any(p.severity in (Severity.ERROR, Severity.INCOMPLETE) for p in problems)
    rows = tuple(sorted(packages, key=lambda row: (row.name, row.version)))
    lock = InputRow(path="uv.lock", format="uv.lock", sha256="cd" * 32, pins=len(rows))
    given: dict[str, Any] = {"inputs": (lock,), "version": "0.1.0", "created": NOW, **changes}
    return Report(
        targets=tuple(TargetRow(python=python, platform=platform) for python, platform in targets),
        packages=rows,
        summary=tuple(_summary(rows, index, target, complete) for index, target in enumerate(targets)),
        problems=problems,
        **given,
    )


def _summary(rows: tuple[PackageRow, ...], index: int, target: Target, complete: bool) -> Summary:
    counts = dict.fromkeys(Status, 0)
    for row in rows:
        status = row.verdicts[index].status
        if status is not None:
            counts[status] += 1
    seen = [status for status in Status if counts[status]]
    if not complete or not seen:
        seen.append(Status.UNKNOWN)
    return Summary(
        python=target[0],
        platform=target[1],
        verdict=max(seen, key=lambda status: status.rank),
        complete=complete,
        counts=counts,
        oldest_evidence=NOW - timedelta(days=2, hours=3) if rows else None,
        knowledge_as_of="2026-11-01" if rows else "",
    )


NO_FILE = Finding(
    rule="no-matching-file",
    severity=Level.ERROR,
    message="none of the 41 wheels fits 3.14t on linux-x86_64, and there is no source archive",
    evidence=(EvidenceRef(kind="index-page", source=INDEX + "psycopg-binary/", as_of=NOW),),
)
YANKED = Finding(rule="yanked-release", severity=Level.WARNING, message="1.0 was yanked: broken metadata")
NOT_READ = Undecided(rule="gil-enabled-by-module", missing="modules", why="the wheel was not read")
SPEEDUPS = Module(
    name="h3._cy",
    path="h3/_cy.cpython-314t-x86_64-linux-gnu.so",
    gil=Gil.ON,
    declaration="absent",
    confidence="high",
    format="elf",
    arch="x86_64",
    hook="PyInit__cy",
    how="execution+search",
    generator="Cython",
)
ENABLES = Finding(
    rule="gil-enabled-by-module",
    severity=Level.ERROR,
    message="h3._cy enables the GIL: declares nothing",
    evidence=(EvidenceRef(kind="wheel", source="https://files.example/h3.whl", sha256="ab" * 32, as_of=NOW),),
)


def empty() -> Report:
    return report(inputs=())


def all_ready() -> Report:
    return report(
        package("idna", "3.10", verdict(declared=4, file=file("idna-3.10-py3-none-any.whl"))),
        package("requests", "2.34.2", verdict(findings=(YANKED,)), direct=True),
    )


def each_status() -> Report:
    abi = StableAbi(claimed="abi3t", claimed_from="3.15", true_to_tag=True, from_version="3.15")
    blocked = verdict(Status.BLOCKED, findings=(NO_FILE,), remedy=upgrade("3.3.1"))
    enables = verdict(
        Status.ENABLES_GIL,
        modules=(SPEEDUPS,),
        findings=(ENABLES,),
        gil_basis=Basis.READ,
        verified="crc",
        stable_abi=abi,
        file=file("h3-4.5.0-cp314-cp314t-manylinux_2_28_x86_64.whl"),
        remedy=Remedy(kind=RemedyKind.WAIT, latest="4.5.0", note="no version has a file that fits"),
    )
    build = Remedy(kind=RemedyKind.BUILD, note="no newer version has a wheel that fits")
    older = Remedy(kind=RemedyKind.OLDER, version="1.7.0", note="no newer version fits; an older one does")
    return report(
        package("requests", "2.34.2", direct=True),
        package("frozenlist", "1.8.0", verdict(Status.DEGRADED, remedy=older), required_by=("aiohttp",)),
        package("pyyaml", "6.0.1", verdict(Status.NEEDS_BUILD, remedy=build), direct=True),
        package("numpy", "2.5.5", verdict(Status.UNKNOWN, undecided=(NOT_READ,)), direct=True),
        package("h3", "4.5.0", enables, required_by=("geo", "maps", "tiles", "zones")),
        package("psycopg-binary", "3.2.3", blocked, required_by=("psycopg",)),
    )


def undecided() -> Report:
    lacking = tuple(
        Undecided(rule=f"rule-{n}", missing=f"fact {n}", why="the server timed out") for n in range(4)
    )
    return report(
        package("private-thing", "1.2", verdict(Status.UNKNOWN, install=Install.UNKNOWN, undecided=lacking)),
        package(
            "from-git",
            "0.1",
            verdict(Status.UNKNOWN, install=Install.UNKNOWN, install_basis=Basis.NONE),
            source=SourceKind.GIT,
            location="https://user:secret@git.example/from-git?token=secret",
            direct=None,
        ),
    )


def not_complete() -> Report:
    def problem(severity: Severity, rule: str, message: str, line: int | None = None) -> Problem:
        return Problem(input="requirements.txt", line=line, rule=rule, message=message, severity=severity)

    return report(
        package("polars", "2.1.0", direct=True),
        inputs=(
            InputRow(path="requirements.txt", format="requirements", sha256="ef" * 32, pins=1, unpinned=2),
            InputRow(
                path=".venv",
                format="environment",
                sha256="",
                pins=1,
                made_for=MadeFor(python="3.13", platform="linux-x86_64"),
                interpreter=FoundInterpreter(
                    python="3.13", version="3.13.9", free_threaded=False, python_gil="1"
                ),
            ),
            InputRow(
                path="/opt/python3.14t",
                format="interpreter",
                sha256="",
                pins=0,
                interpreter=FoundInterpreter(python="3.14t", version="3.14.3", free_threaded=True),
            ),
            InputRow(
                path="env",
                format="environment",
                sha256="",
                pins=0,
                interpreter=FoundInterpreter(python="3.14"),
            ),
        ),
        problems=(
            problem(Severity.NOTE, "resolved-elsewhere", "resolved for 3.13 on linux-x86_64"),
            problem(Severity.WARNING, "ignored-option", "--no-binary is not looked at", 3),
            problem(Severity.INCOMPLETE, "not-pinned", "numpy>=2 fixes no version", 12),
            problem(
                Severity.INCOMPLETE, "dependency-not-pinned", "polars needs polars-runtime-32, not pinned"
            ),
            problem(Severity.ERROR, "unreadable", "line is not a requirement", 14),
        ),
    )


HOSTILE = (
    "\x1b[31mred\x1b[0m\x07 \u202eevil\u2066 \u200b\udcff [bold]x[/bold] [link=https://files.example]y[/link]\n"
    "# title\r\n| a | b |\t`code` ``` <script>alert(1)</script> <!-- --> </details> @octocat #1 GH-1 "
    "www.files.example https://user:hunter2@files.example/?token=hunter2 :smile: $x$ &amp; \\| "
    "![i](u) **b** __b__"
)


def hostile_text() -> Report:
    finding = Finding(
        rule=HOSTILE,
        severity=Level.ERROR,
        message=HOSTILE,
        evidence=(EvidenceRef(kind=HOSTILE, source=HOSTILE),),
    )
    seen = verdict(
        Status.BLOCKED,
        findings=(finding,),
        undecided=(Undecided(rule=HOSTILE, missing=HOSTILE, why=HOSTILE),),
        file=file(HOSTILE),
        remedy=Remedy(kind=RemedyKind.REPLACE, version=HOSTILE, latest=HOSTILE, note=HOSTILE),
    )
    origin = Origin(input=HOSTILE, path=HOSTILE, groups=(HOSTILE,), extras=(HOSTILE,), marker=HOSTILE)
    return report(
        package(HOSTILE, HOSTILE, seen, required_by=(HOSTILE,), origins=(origin,), location=HOSTILE),
        package("a|b", "`1`", verdict(), source=SourceKind.WORKSPACE),
        package(
            "[red]markup[/red]",
            "1",
            verdict(
                Status.ENABLES_GIL,
                modules=(
                    Module(
                        name=HOSTILE,
                        path=HOSTILE,
                        gil=Gil.ON,
                        declaration="used",
                        confidence=HOSTILE,
                        format="elf",
                        arch="x86_64",
                        hook=HOSTILE,
                        how=HOSTILE,
                        reason=HOSTILE,
                        why=HOSTILE,
                        generator=HOSTILE,
                    ),
                ),
                findings=(Finding(rule=HOSTILE, severity=Level.ERROR, message=f"{HOSTILE} enables the GIL"),),
                stable_abi=StableAbi(claimed=HOSTILE, claimed_from=HOSTILE, beyond=(HOSTILE,)),
            ),
        ),
        inputs=(
            InputRow(
                path=HOSTILE,
                format=HOSTILE,
                sha256="",
                pins=3,
                made_for=MadeFor(python=HOSTILE),
                interpreter=FoundInterpreter(version=HOSTILE, python_gil=HOSTILE),
            ),
        ),
        problems=(Problem(input=HOSTILE, rule=HOSTILE, message=HOSTILE, line=1),),
    )


def very_long() -> Report:
    name = "a-" * 3_000 + "z"
    sentence = "word " * 20_000
    finding = Finding(rule="r" * 500, severity=Level.ERROR, message=sentence)
    seen = verdict(Status.BLOCKED, findings=(finding,), remedy=Remedy(kind=RemedyKind.REPLACE, note=sentence))
    return report(
        package(name, "1." * 2_000 + "0", seen, required_by=tuple(f"{name}{n}" for n in range(500))),
        problems=(Problem(input="p" * 5_000, rule="x" * 500, message=sentence, line=10**9),),
    )


def unicode() -> Report:
    return report(
        package("naïve-日本語", "1.0", verdict(Status.NEEDS_BUILD), required_by=("größe", "пакет")),
        inputs=(InputRow(path="プロジェクト/uv.lock", format="uv.lock", sha256="ab" * 32, pins=1),),
        problems=(Problem(input="プロジェクト/uv.lock", rule="not-pinned", message="‘größe’ ist offen 🙂"),),
    )


def workspace() -> Report:
    own = {"source": SourceKind.WORKSPACE, "direct": True}
    groups = Origin(input="uv.lock", path="uv.lock", line=3, groups=("dev", "test"), extras=("gpu",))
    return report(
        package("app", "", verdict(None, applies=True), location=".", **own),
        package("app-core", "0.1", verdict(None, applies=True), location="core", **own),
        package(
            "pytest", "9.0", verdict(Status.UNKNOWN, undecided=(NOT_READ,)), origins=(groups,), direct=True
        ),
    )


def does_not_apply() -> Report:
    return report(
        package("colorama", "0.4.6", verdict(None), verdict(Status.READY, WINDOWS)),
        package("pywin32", "310", verdict(None), verdict(Status.BLOCKED, WINDOWS)),
        package("appnope", "0.1.4", verdict(None), verdict(None, WINDOWS)),
        targets=(T314, WINDOWS),
    )


def two_targets() -> Report:
    def both(status: Status, **changes: Any) -> tuple[Verdict, Verdict]:
        return verdict(status, T314, **changes), verdict(status, T315, **changes)

    second = Finding(
        rule="no-matching-file", severity=Level.ERROR, message="none of the 41 wheels fits 3.15t"
    )
    return report(
        package("requests", "2.34.2", *both(Status.READY), direct=True),
        package(
            "cryptography",
            "42.0.0",
            *both(Status.NEEDS_BUILD, remedy=upgrade("50.0.2", "50.0.2")),
            required_by=("paramiko", "pyopenssl"),
        ),
        package(
            "pyyaml",
            "6.0.1",
            verdict(Status.NEEDS_BUILD, T314, remedy=upgrade("6.0.3")),
            verdict(Status.NEEDS_BUILD, T315, remedy=Remedy(kind=RemedyKind.BUILD)),
            direct=True,
        ),
        package("frozenlist", "1.8.0", verdict(Status.READY, T314), verdict(Status.DEGRADED, T315)),
        package(
            "h3",
            "4.5.0",
            verdict(Status.ENABLES_GIL, T314, modules=(SPEEDUPS,), findings=(ENABLES,)),
            verdict(Status.NEEDS_BUILD, T315),
        ),
        package(
            "psycopg-binary",
            "3.2.3",
            verdict(Status.BLOCKED, T314, findings=(NO_FILE,)),
            verdict(Status.BLOCKED, T315, findings=(second,)),
        ),
        targets=(T314, T315),
    )


def three_hundred() -> Report:
    statuses = (Status.READY, Status.READY, Status.READY, Status.NEEDS_BUILD, Status.UNKNOWN)
    return report(
        *(
            package(
                f"package-{n:03}",
                f"1.{n}",
                *(
                    verdict(statuses[n % 5], target, findings=(YANKED,) if n % 50 == 0 else ())
                    for target in (T314, T315)
                ),
                required_by=tuple(f"package-{m:03}" for m in range(n % 6)),
            )
            for n in range(300)
        ),
        targets=(T314, T315),
    )


def six_targets() -> Report:
    targets = tuple((python, f"{system}") for python in ("3.14t", "3.15t") for system in _SYSTEMS)
    return report(
        package(
            "numpy",
            "2.5.5",
            *(
                verdict(
                    Status.BLOCKED if t[1].startswith("musl") else Status.UNKNOWN, t, undecided=(NOT_READ,)
                )
                for t in targets
            ),
        ),
        package("requests", "2.34.2", *(verdict(Status.READY, t) for t in targets)),
        targets=targets,
    )


def modules() -> Report:
    """What was read of wheels: many modules alike, one that is unknown, findings that are no error."""

    def some(count: int, gil: Gil, declaration: str, **changes: Any) -> tuple[Module, ...]:
        given = {"confidence": "high", "how": "execution+search", "generator": "Cython", **changes}
        return tuple(
            Module(
                name=f"big.{declaration.replace('-', '_')}_{number:02}",
                path=f"big/{declaration}_{number:02}.so",
                gil=gil,
                declaration=declaration,
                format="elf",
                arch="x86_64",
                **given,
            )
            for number in range(count)
        )

    read: dict[str, Any] = {"install": Install.WHEEL, "gil_basis": Basis.READ}
    off = some(12, Gil.OFF, "not-used")
    on = (*some(5, Gil.ON, "used"), *some(1, Gil.ON, "absent", generator="", optional=True))
    why = "its initialisation could not be followed"
    unknown = some(
        1, Gil.UNKNOWN, "unknown", confidence="none", how="not-found", reason="not-followed", why=why
    )
    message = (
        "big.used_00, big.used_01, big.used_02 and 2 more enable the GIL: each says that it needs the GIL; "
        "big.absent_00 (optional) enables the GIL: declares nothing"
    )
    enables = Finding(rule="gil-enabled-by-module", severity=Level.ERROR, message=message)
    contradicted = Finding(
        rule="declared-support-contradicted",
        severity=Level.WARNING,
        message="declares free threading at level 3, and enables the GIL",
    )
    drags = Finding(
        rule="dependency-enables-gil",
        severity=Level.NOTE,
        message="free by itself; its dependency big 1.0 enables the GIL",
    )
    lacking = Undecided(rule="gil-enabled-by-module", missing="modules", why=f"{unknown[0].path}: {why}")
    return report(
        package(
            "big",
            "1.0",
            verdict(
                Status.ENABLES_GIL,
                modules=(*off, *on),
                findings=(enables, contradicted),
                declared=3,
                remedy=upgrade("1.1", "1.1", basis="read"),
                **read,
            ),
            direct=True,
        ),
        package(
            "murky", "2.0", verdict(Status.UNKNOWN, modules=(*off, *unknown), undecided=(lacking,), **read)
        ),
        package(
            "user-of-big", "3.0", verdict(gil=Gil.OFF, modules=off, findings=(drags,), **read), direct=True
        ),
    )


def conda() -> Report:
    """A lock of pixi with an environment that is free-threaded, and one that is not."""
    not_read = Undecided(
        rule="gil-enabled-by-module",
        missing="archive",
        why="conda archives are not read: neither their modules nor their metadata",
    )
    not_judged = Undecided(
        rule="no-matching-file",
        missing="release",
        why="not judged for conda: the environments on linux-x86_64 have Python 3.12",
    )
    archive = "https://conda.example/forge/linux-64/polars-1.40.1-py310h1_0.conda"
    abi3 = Finding(
        rule="conda-abi3-on-free-threaded",
        severity=Level.ERROR,
        message="build py310h1_0 is for the limited API (abi3), which 3.14t does not load",
        evidence=(EvidenceRef(kind="conda-archive", source=archive),),
    )
    listed = Finding(
        rule="same-release-on-index",
        severity=Level.NOTE,
        message="the index lists pandas 3.0.5 (purl) with no file that fits 3.14t",
        evidence=(EvidenceRef(kind="index-page", source=INDEX, as_of=NOW),),
    )
    note = "other builds in conda's channels were not looked for"
    wait = Remedy(kind=RemedyKind.NONE, note=note)
    by_tag: dict[str, Any] = {"install_basis": Basis.TAG}
    read = {**by_tag, "install": Install.WHEEL, "undecided": (not_read,)}
    unjudged: dict[str, Any] = {"install": Install.UNKNOWN, "undecided": (not_judged, not_read)}
    free = Origin(input="pixi.lock", path="pixi.lock", line=70, groups=("test-freethreading",))
    old = Origin(input="pixi.lock", path="pixi.lock", line=90, groups=("default",))

    def held(by: Origin, name: str, version: str, seen: Verdict, **changes: Any) -> PackageRow:
        given = {"source": SourceKind.CONDA, "origins": (by,), "direct": None, **changes}
        return package(name, version, seen, **given)

    return report(
        held(free, "polars", "1.40.1", verdict(Status.BLOCKED, findings=(abi3,), remedy=wait, **by_tag)),
        held(free, "rich", "15.0.0", verdict(gil_basis=Basis.TAG, **by_tag)),
        held(old, "pandas", "3.0.5", verdict(Status.UNKNOWN, findings=(listed,), **unjudged)),
        *(
            held(free, name, "2.4.6", verdict(Status.UNKNOWN, **read))
            for name in ("cffi", "icu", "numpy", "zstd")
        ),
        inputs=(InputRow(path="pixi.lock", format="pixi.lock", sha256="ab" * 32, pins=7),),
        problems=(
            Problem(
                input="pixi.lock",
                rule="accidentally-free-threaded",
                message="environment docs is free-threaded on osx-64 only "
                "(macos-x86_64: 3.14t; linux-x86_64, macos-arm64: 3.14)",
                severity=Severity.WARNING,
            ),
            Problem(
                input="pixi.lock",
                rule="free-threaded-environments",
                message="free-threaded: test-freethreading (3.14t); 1 other is not",
                severity=Severity.NOTE,
            ),
        ),
    )


_SYSTEMS = ("linux-x86_64", "musllinux-aarch64", "windows-amd64")

SCENARIOS: Mapping[str, Callable[[], Report]] = {
    "empty": empty,
    "all-ready": all_ready,
    "each-status": each_status,
    "undecided": undecided,
    "not-complete": not_complete,
    "hostile-text": hostile_text,
    "very-long": very_long,
    "unicode": unicode,
    "workspace": workspace,
    "does-not-apply": does_not_apply,
    "two-targets": two_targets,
    "modules": modules,
    "conda": conda,
    "six-targets": six_targets,
    "three-hundred": three_hundred,
}
