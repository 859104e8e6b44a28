"""What the indexes say: project pages, core metadata and what wheels hold, each with where it is from, or
`Missing` and why."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ftaudit.binaries import ANALYSER_VERSION
from ftaudit.concurrency import Once, Scope
from ftaudit.index.config import FIRST, Index, IndexesDifferError, IndexOptions, Plan, Settings
from ftaudit.index.default import public_index
from ftaudit.index.local import read_folder
from ftaudit.index.packed import PageReader
from ftaudit.index.pages import ACCEPT, MAX_PAGE, Listing, parse_page
from ftaudit.index.remote_wheel import RemoteWheels
from ftaudit.index.same_index import with_named_indexes
from ftaudit.index.versions import name_and_version
from ftaudit.model.binary import Contents
from ftaudit.model.evidence import (
    CoreMetadata,
    FileList,
    IndexFile,
    Missing,
    ProjectPage,
    ProjectStatus,
)
from ftaudit.model.project import Reading, Source, SourceKind
from ftaudit.model.text import short
from ftaudit.net.auth import Keys, Netrc
from ftaudit.net.cache import Cache, default_location
from ftaudit.net.session import GONE, Http

if TYPE_CHECKING:
    from ftaudit.binaries.image import Buffer
    from ftaudit.index.wheel_reader import Analyse, Sibling, WheelReader
    from ftaudit.model.binary import Slice
    from ftaudit.store.results import Results

NOT_LISTED = "name-not-listed"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

Analyser = tuple[str, "Analyse"]
"""Its version, with which results are kept, and what analyses one shared object."""
Listed = tuple[Index, Listing, datetime]


class IndexClient:
    """Asks the indexes of a run. Thread-safe; nothing is remembered but what the cache keeps.

    The kinds of `Missing`: ``name-not-listed`` (each index asked says so), ``index-unreachable``,
    ``index-refused`` (401, 403), ``redirect-refused``, ``offline``, ``deadline``, ``bad-page``,
    ``too-large``, ``hash-mismatch``, ``source-not-an-index``, ``bad-name``, ``no-index`` (the
    configuration allows none), ``indexes-differ``, ``no-ranges``, ``metadata-not-offered``, ``bad-metadata``,
    ``metadata-dynamic``, ``bad-wheel``; in ``unread`` also ``bad-file-name`` and ``upload-time-missing``.
    """

    def __init__(
        self,
        settings: Settings,
        http: Http,
        *,
        uploaded_before: datetime | None,
        now: Callable[[], datetime],
        check: Callable[[], None],
        analyser: Callable[[], Analyser],
    ) -> None:
        self._settings, self._http = settings, http
        self._uploaded_before, self._now = uploaded_before, now
        self._check, self._analyser = check, analyser
        self._flat: Once[Index, _Flat | Missing] = Once()
        self._wheels = RemoteWheels(http)
        self._readers: Once[str, WheelReader] = Once()
        self._results: deque[Results[Contents]] = deque()
        self._notices: deque[str] = deque()

    @property
    def requests_made(self) -> int:
        """Requests that went out so far, retries and redirects included."""
        return self._http.requests_made

    @property
    def served_from_cache(self) -> int:
        return self._http.served_from_cache

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user should know of what is kept on this machine, a line each."""
        return tuple(self._notices)

    def close(self) -> None:
        """Ends the connections to what is kept, not those of *http*."""
        while self._results:
            self._results.pop().close()

    def settled(self, readings: Sequence[Reading]) -> tuple[Reading, ...]:
        """*readings*, with one name for one index (`ftaudit.index.same_index`)."""
        return with_named_indexes(readings, self._settings)

    def page(self, name: str, source: Source, inputs: Sequence[str] = ()) -> ProjectPage | Missing:
        """What the indexes for *source* list of *name*.

        *inputs* are those that hold the pin (``Origin.input``): projects may declare different indexes.
        Without, it is all inputs of the run.
        """
        name = canonicalize_name(name)
        if source.kind is not SourceKind.INDEX:
            return Missing(what=name, why=f"a {source.kind} source is no index", kind="source-not-an-index")
        if not _NAME.fullmatch(name):
            return Missing(what=short(name), why="that is no name of a project", kind="bad-name")
        try:
            plan = self._settings.plan(source.location, inputs, name=name)
        except IndexesDifferError:
            why = "the inputs that hold it declare different indexes"
            return Missing(what=name, why=why, kind="indexes-differ")
        if not plan.indexes and not plan.links:
            return Missing(what=name, why="the configuration allows no index (no-index)", kind="no-index")
        return self._combined(name, plan)

    def _combined(self, name: str, plan: Plan) -> ProjectPage | Missing:
        listed: list[Listed] = []
        unread: list[Missing] = []
        absent: list[str] = []
        for index in (*plan.links, *plan.indexes):
            found = self._ask(index, name)
            if not isinstance(found, Missing):
                listed.append((index, *found))
            elif found.kind == NOT_LISTED:
                absent.append(index.shown)
                continue
            else:
                unread.append(found)
            # in order means that nothing after the first that may have the name is asked
            if plan.strategy == FIRST and not index.flat:
                break
        if listed:
            return self._page(name, listed, unread)
        if unread:
            return unread[0]
        return Missing(what=name, why=f"not listed by {', '.join(absent)}", kind=NOT_LISTED)

    def _page(self, name: str, listed: list[Listed], unread: list[Missing]) -> ProjectPage:
        skipped = sum(listing.skipped for _, listing, _ in listed)
        if skipped:
            why = f"{skipped} files of its page have names that are none"
            unread = [*unread, Missing(what=name, why=why, kind="bad-file-name")]
        status, reason = _status([listing for _, listing, _ in listed])
        return ProjectPage(
            name=name,
            files=_merged([listing.files for _, listing, _ in listed]),
            as_of=min(as_of for _, _, as_of in listed),
            indexes=tuple(index.shown for index, _, _ in listed),
            status=status,
            status_reason=reason,
            unread=tuple(unread),
            uploaded_before=self._uploaded_before,
        )

    def _ask(self, index: Index, name: str) -> tuple[Listing, datetime] | Missing:
        if index.refused:
            return Missing(what=index.shown, why=index.refused, kind="source-not-an-index")
        if index.flat:
            flat = self._flat.get(index, lambda: self._read_flat(index))
            return flat if isinstance(flat, Missing) else flat.of(name)
        if index.path is not None:
            return self._ask_folder(index, index.path, name)
        url = f"{index.url}/{name}/"
        reader = PageReader(self._http.cache, name)
        answer = self._http.get(url, accept=ACCEPT, limit=MAX_PAGE, known=reader.known)
        if isinstance(answer, Missing):
            return answer
        if answer.status in GONE:
            return Missing(what=name, why=f"not listed by {index.shown}", kind=NOT_LISTED)
        listing = reader.read(answer, index.shown)
        return listing if isinstance(listing, Missing) else (listing, answer.as_of)

    def _ask_folder(self, index: Index, path: Path, name: str) -> tuple[Listing, datetime] | Missing:
        listing = read_folder(path, name, index.shown)
        if isinstance(listing, Missing):
            return listing
        return (
            (listing, self._now())
            if (path / name).is_dir()
            else _Flat(index.shown, listing, self._now()).of(name)
        )

    def _read_flat(self, index: Index) -> _Flat | Missing:
        if index.path is not None:
            listing, as_of = read_folder(index.path, None, index.shown), self._now()
        else:
            answer = self._http.get(index.url, accept="text/html", limit=MAX_PAGE)
            if isinstance(answer, Missing):
                return answer
            if answer.status in GONE:
                return Missing(what=index.shown, why="there is no such page", kind="index-unreachable")
            listing = parse_page(answer.body, answer.content_type, answer.url, index.shown)
            as_of = answer.as_of
        return listing if isinstance(listing, Missing) else _Flat(index.shown, listing, as_of)

    def metadata(self, file: IndexFile) -> CoreMetadata | Missing:
        """The core metadata of *file*: served beside it (PEP 658), or read from the wheel itself."""
        from ftaudit.index.metadata_reader import read  # imports zipfile and email, which pages do not need

        return read(file, self._http, self._wheels, self._now)

    def contents(self, file: IndexFile) -> Contents | Missing:
        """What the wheel *file* holds that CPython could import: remembered, or read in place or in ranges.

        Missing also ``not-a-wheel``. Of a member that cannot be read the `Contents` say so.
        """
        return self._readers.get("wheels", self._open_reader).contents(file)

    def _open_reader(self) -> WheelReader:
        from ftaudit.index.wheel_reader import (
            WheelReader,
        )  # imports sqlite3, which a run without wheels spares
        from ftaudit.store.results import Results

        version, analyse = self._analyser()
        cache = self._http.cache
        results = Results(
            cache.folder,
            Contents,
            analyser=version,
            writable=cache.writable,
            notice=self._notices.append,
            clock=cache.clock,
        )
        self._results.append(results)
        return WheelReader(
            wheels=self._wheels, results=results, analyse=analyse, check=self._check, now=self._now
        )


class _Flat:
    """A listing of many projects' files, sorted by project once."""

    def __init__(self, shown: str, listing: Listing, as_of: datetime) -> None:
        self._shown, self._listing, self._as_of = shown, listing, as_of
        self._numbers: dict[str, list[int]] = {}
        for number, name in enumerate(listing.files.names):
            named = name_and_version(name)
            if named is not None:
                self._numbers.setdefault(named[0], []).append(number)

    def of(self, name: str) -> tuple[Listing, datetime] | Missing:
        numbers = self._numbers.get(name)
        if numbers is None:
            return Missing(what=name, why=f"not listed by {self._shown}", kind=NOT_LISTED)
        return replace(self._listing, files=_chosen(self._listing.files, numbers)), self._as_of


def _chosen(files: FileList, numbers: Sequence[int]) -> FileList:
    return FileList([files.names[number] for number in numbers], lambda at: files[numbers[at]])


def _merged(lists: Sequence[FileList]) -> FileList:
    """All files, those of the first list first; of a name that several list, the first one's."""
    if len(lists) == 1:
        return lists[0]
    places: dict[str, Callable[[], IndexFile]] = {}
    for name, build in chain.from_iterable(
        ((name, partial(files.__getitem__, number)) for number, name in enumerate(files.names))
        for files in lists
    ):
        places.setdefault(name, build)
    builders = list(places.values())
    return FileList(list(places), lambda at: builders[at]())


def _status(listings: Sequence[Listing]) -> tuple[ProjectStatus, str]:
    """Quarantined only where every index says so: an installer takes the files of the others."""
    inactive = [listing for listing in listings if listing.status is not ProjectStatus.ACTIVE]
    all_quarantined = all(listing.status is ProjectStatus.QUARANTINED for listing in listings)
    for listing in inactive:
        if all_quarantined or listing.status is not ProjectStatus.QUARANTINED:
            return listing.status, listing.status_reason
    return ProjectStatus.ACTIVE, ""


def our_analyser() -> Analyser:
    """That of `ftaudit.binaries`, which only a run that finds something new imports."""

    def analyse(path: str, data: Buffer, sibling: Sibling) -> tuple[Slice, ...]:
        from ftaudit.binaries.analysis import analyse as read

        return read(path, data, sibling)

    return ANALYSER_VERSION, analyse


@contextmanager
def open_client(
    options: IndexOptions,
    readings: Sequence[Reading],
    *,
    environ: Mapping[str, str],
    home: Path,
    cwd: Path,
    scope: Scope,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    public: Callable[[], str] = public_index,
    analyser: Callable[[], Analyser] = our_analyser,
) -> Iterator[IndexClient]:
    """The client of a run; its connections are closed at the end. Raises `UsageError` and `ConfigError`."""
    settings = Settings(options, readings, environ=environ, home=home, cwd=cwd, public=public)
    cache = Cache(options.cache_dir or default_location(), clock=lambda: now().timestamp())
    keys = Keys(
        configured=settings.credentials, netrc=Netrc.find(environ, home), trusted=settings.trusted_origins
    )
    http = Http(settings.net, scope, keys=keys, cache=cache)
    client = IndexClient(
        settings,
        http,
        uploaded_before=options.uploaded_before,
        now=now,
        check=scope.check,
        analyser=analyser,
    )
    try:
        yield client
    finally:
        client.close()
        http.close()
