"""The pages of every word that a report uses: statuses, install, gil and remedy values, exit statuses.

One place for three readers: ``ftaudit explain``, the generated pages under ``docs/``, and the renderers,
which show a page's ``summary`` where nothing more exact is known. A test holds the pages against the
enumerations.
"""

from __future__ import annotations

from collections.abc import Mapping

from ftaudit.model.module_pages import DECLARATIONS, HOWS
from ftaudit.model.page import Page, pages
from ftaudit.model.verdict import Gil, Install, RemedyKind, Status

KINDS: Mapping[str, str] = {
    "status": "The verdict on one pin for one target, best first.",
    "install": "What an installer would pick for a pin on a target.",
    "gil": "What importing the modules of the picked wheel does on the target's interpreter.",
    "declaration": "What an extension module says of the GIL.",
    "how": "How a declaration was found.",
    "remedy": "The way out for one pin on one target.",
    "exit": "The exit status, the same in every command and format.",
    "term": "Other words of the report.",
}
"""Every kind of page, in the order in which they are listed, with what it is about."""


_STATUS = pages(
    "status",
    (
        Status.READY,
        "installs, and importing it leaves the GIL off",
        """\
The installer picks a pure wheel or a compiled wheel that fits, and either every extension module that this
interpreter would load declares that it does not need the GIL, or the wheel holds no extension module.

It says what was seen, never "safe": a module that declares itself can still have a data race. The classifier
shown beside it ("declared") is what the maintainers claim, from 1 (unstable) to 4 (resilient).""",
    ),
    (
        Status.DEGRADED,
        "only the pure wheel fits",
        """\
The release ships compiled wheels for this platform, none of them fits, and its pure wheel does. It will
install, and its compiled modules will not be used. Whether the package works without them, and how fast, was
not checked.

Read in the package's documentation what the pure fallback lacks, measure it, or take the upgrade shown.""",
    ),
    (
        Status.NEEDS_BUILD,
        "only an sdist fits",
        """\
No wheel fits this target, so the installer would build the package from its source distribution. Nothing says
that it will build, nor how the result behaves without the GIL; an sdist is never called ready, not even one
that looks pure.

Take the upgrade shown if there is one; otherwise build a wheel once, test it, and serve it from your own
index.""",
    ),
    (
        Status.UNKNOWN,
        "evidence that the verdict rests on is missing",
        """\
Either it is not known what would be installed (a private index that did not answer, a version that is not
listed, a git, path or URL pin), or it is not known what importing it does (its modules could not be read).
The report names what was missing and why. Missing evidence is never counted as ready.

Settle what is missing (reach the index, run without --offline and --no-binaries, pin a published version) and
audit again.""",
    ),
    (
        Status.ENABLES_GIL,
        "importing it enables the GIL",
        """\
The package installs, but at least one of its extension modules does not declare that it can run without the
GIL. The interpreter then enables the GIL for the whole process when that module is imported: everything still
works, and nothing runs in parallel any more.

The modules are named in the report. Take the upgrade shown, keep the import out of the process that needs
threads, or replace the package. PYTHON_GIL=0 forces the GIL off at your own risk.""",
    ),
    (
        Status.BLOCKED,
        "nothing can be installed",
        """\
The index answered, lists exactly this version, and no file of it fits the target; or its Requires-Python
shuts the interpreter out; or the project is quarantined. The stack cannot be installed on this target.

Take the upgrade shown, or replace the package, or drop the extra that brings it in.""",
    ),
)

_INSTALL = pages(
    "install",
    (
        Install.PURE,
        "a pure wheel fits",
        """\
A wheel with no platform tag, of a release that compiles nothing for this platform. Of a conda pin: nothing
but `noarch` archives.""",
    ),
    (
        Install.WHEEL,
        "a compiled or platform wheel fits",
        """\
A wheel with a platform tag that an installer on this target accepts. Bytes at hand (an installed environment,
a local wheel) count too; the basis is then `local`, and of several installed copies the worst is judged. Of a
conda pin: a compiled archive in an environment of its lock that has this interpreter.""",
    ),
    (
        Install.FALLBACK,
        "only the pure wheel fits",
        """\
The release ships a compiled wheel for this platform for some build with the GIL, and only its pure wheel fits
this target: the compiled modules will not be used.""",
    ),
    (
        Install.SOURCE,
        "only an sdist fits",
        "No wheel fits, a source archive does. An sdist alone is always `source`, also when it looks pure.",
    ),
    (
        Install.NONE,
        "no file fits",
        """\
Proven, not assumed: the index answered, lists exactly this version, and none of its files fits; or
Requires-Python shuts the target out; or the project is quarantined. Of a conda pin: its lock puts an archive
for the limited API of GIL builds (abi3) beside a free-threaded interpreter.""",
    ),
    (
        Install.UNKNOWN,
        "what would be installed is not known",
        """\
Anything less than proof: the name or the version is not listed, a local version label was not found, an index
is private or unreachable, or the pin comes from git, a path or a URL.""",
    ),
)

_GIL = pages(
    "gil",
    (
        Gil.OFF,
        "every module declares that it does not need the GIL",
        "Every module that this interpreter would load from the picked wheel declares so.",
    ),
    (
        Gil.ON,
        "a module enables the GIL",
        "One or more modules make the interpreter enable the GIL for the whole process: the report names it.",
    ),
    (
        Gil.NONE,
        "there is no extension module",
        """\
The wheel was listed and holds no file that any CPython could import as an extension module. With the basis
`tag` only the name of the wheel says so: its list of members was not read.""",
    ),
    (
        Gil.UNKNOWN,
        "what its modules declare is not known",
        """\
The modules could not be read or not decided, and the report says why; also when there are modules and none of
them is loadable on this target.""",
    ),
)

_REMEDY = pages(
    "remedy",
    (
        RemedyKind.NONE,
        "no way out is known",
        "Nothing needs to be done, or nothing was found that would help.",
    ),
    (
        RemedyKind.UPGRADE,
        "upgrade to a newer release",
        """\
`version` is the lowest newer release that is ready on this target, `version_all_targets` the lowest that is
ready on all targets asked for, `latest` the newest. Each has its basis: `read` means that the candidate's
wheel was read and keeps the GIL off, `fits` that only its tags were looked at.""",
    ),
    (
        RemedyKind.BUILD,
        "build a wheel",
        "Build it from the sdist once for this target, test it, and serve it yourself.",
    ),
    (
        RemedyKind.WAIT,
        "wait for a release",
        "Watch the project, or ask for and help with a free-threaded wheel.",
    ),
    (RemedyKind.REPLACE, "use another package", "The note says which, and where that is known from."),
    (RemedyKind.REMOVE_EXTRA, "drop an extra", "The note names the extra and who asks for it."),
    (
        RemedyKind.OLDER,
        "only an older release would do",
        "Shown so that you know; ftaudit never plans a downgrade.",
    ),
)

_EXIT = pages(
    "exit",
    (
        "0",
        "done",
        """\
`audit`: every input was read whole and every page that was needed answered, whatever the statuses. `gate`:
the policy is met.""",
    ),
    (
        "1",
        "the policy is not met",
        """\
`gate`: the audit does not meet the policy, and the report says where. For `ci --check`, `diff --exit-code`
and `inspect --exit-code`: there is something to report.""",
    ),
    (
        "2",
        "the command line, the configuration or an input file is wrong",
        "The line on stderr names the option, or the file and the place in it.",
    ),
    (
        "3",
        "nothing to audit was found",
        "No input was given or found, or the inputs fix no version at all.",
    ),
    (
        "4",
        "incomplete",
        """\
A file, page or pin could not be read or had: a version that does not parse, a line that is not pinned, a
refused include, the deadline, a dependency that is not pinned. For `gate` also: evidence is missing that the
decision rests on. The full report is written all the same, and its problems say what is missing.""",
    ),
    (
        "70",
        "a bug in ftaudit",
        "Please report it with the traceback that was shown; none of it should hold a secret, but look.",
    ),
)

_TERM = pages(
    "term",
    (
        "complete",
        "the set of pins is closed and everything needed was read",
        """\
A lock that resolves everything is closed by its format. A requirements file, an environment or a single wheel
is not: there, each dependency of a pin that applies on the target must be met by another pin, and one that is
not is the problem `dependency-not-pinned`. A version that is not pinned, a file that was not read or a page
that did not answer leaves the picture incomplete as well.

A set that is not complete is never called ready: the missing part may be the compiled half.""",
    ),
    (
        "does-not-apply",
        "the pin's marker is false on this target",
        """\
The row stays in the report without a status, and counts for nothing: a pin that only Windows installs does
not block Linux.""",
    ),
    (
        "conda",
        "a package of conda is judged by what its lock knows of it",
        """\
Its lock says which environments hold it on which platform, which interpreter they have, and how its archives
were built. An environment with the target's own free-threaded interpreter answers: `noarch` is pure, what is
compiled is installed and not read (`unknown`), what is for the limited API is `blocked`. Where environments
with the GIL hold it too, the free-threaded one decides. Held only by environments with another interpreter it
is `unknown`, "not judged for conda": which other builds conda's channels have, the lock does not say.

The index is asked only for the name that the lock itself gives (`purls`), and what it has of the same version
is a note (`same-release-on-index`). conda's solver closed the set: no dependency of such a package is missed.
What the lock took from a package index is judged as everywhere.""",
    ),
    (
        "not-judged",
        "the project itself or a workspace member",
        "It is listed without a verdict: no index can judge what is built here.",
    ),
)

PAGES: tuple[Page, ...] = tuple(
    page
    for made in (_STATUS, _INSTALL, _GIL, DECLARATIONS, HOWS, _REMEDY, _EXIT, _TERM)
    for page in made.values()
)
"""Every page, by kind in the order of `KINDS`."""


def in_words(word: str, kind: str) -> str:
    """The summary of *word*'s page of that kind (``declaration``, ``how``); *word* where it has none."""
    found = (page.summary for page in PAGES if (page.kind, page.name) == (kind, word))
    return next(found, word)


def summary(value: Status | Install | Gil | RemedyKind) -> str:
    """The one-clause summary of an enumeration's member."""
    match value:
        case Status():
            return _STATUS[value].summary
        case Install():
            return _INSTALL[value].summary
        case Gil():
            return _GIL[value].summary
        case RemedyKind():
            return _REMEDY[value].summary
