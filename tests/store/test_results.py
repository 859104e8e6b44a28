"""Results kept in SQLite: by several at once, and never a reason to fail."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ftaudit.model.binary import Contents
from ftaudit.store import results
from ftaudit.store.results import FILE, Results, clear, prune, status

A, B = Contents(modules=(), members=1), Contents(modules=(), members=2)


@dataclass
class Store:
    folder: Path
    notices: list[str] = field(default_factory=list)
    now: float = 1000.0

    @contextmanager
    def open(self, *, analyser: str = "1", writable: bool = True) -> Iterator[Results[Contents]]:
        opened = Results(
            self.folder,
            Contents,
            analyser=analyser,
            writable=writable,
            notice=self.notices.append,
            clock=lambda: self.now,
        )
        with closing(opened):
            yield opened

    @property
    def path(self) -> Path:
        return self.folder / FILE

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_kept_across_runs(store: Store) -> None:
    with store.open() as opened:
        assert opened.load("a") is None
        opened.save("a", A)
        opened.save("b", B)
        assert (opened.load("a"), opened.load("b"), opened.load("c")) == (A, B, None)
    with store.open() as opened:
        assert opened.load("a") == A
        opened.save("a", B)
        assert opened.load("a") == B
    assert store.notices == []
    assert [path.name for path in store.folder.iterdir()] == [FILE]


def test_nothing_is_made_before_it_is_needed(store: Store) -> None:
    with store.open():
        pass
    assert list(store.folder.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_file_is_private(store: Store) -> None:
    with store.open() as opened:
        opened.save("a", A)
        assert {path.stat().st_mode & 0o777 for path in store.folder.iterdir()} == {0o600}


def test_results_of_another_analyser_are_not_used_and_go(store: Store) -> None:
    with store.open() as opened:
        opened.save("a", A)
        opened.save("b", A)
    with store.open(analyser="2") as opened:
        assert opened.load("a") is None
        assert status(store.folder).entries == 2
        opened.save("a", B)
        assert opened.load("a") == B
    assert status(store.folder).entries == 1
    with store.open() as opened:
        assert opened.load("a") is None
    assert store.notices == []


def test_a_row_is_only_believed_with_its_checksum(store: Store) -> None:
    with store.open() as opened:
        opened.save("a", A)
        opened.save("b", B)
    store.execute("UPDATE results SET value = (SELECT value FROM results WHERE key = 'b') WHERE key = 'a'")
    with store.open() as opened:
        assert (opened.load("a"), opened.load("b")) == (None, B)
    store.execute("UPDATE results SET value = 'text', checksum = 5")
    with store.open() as opened:
        assert opened.load("b") is None
        opened.save("b", A)
        assert opened.load("b") == A
    store.execute("UPDATE results SET key = 'c' WHERE key = 'b'")
    with store.open() as opened:
        assert opened.load("c") is None


@pytest.mark.parametrize("content", [b"not a database" * 99, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_store_is_made_anew_with_a_notice(store: Store, content: bytes) -> None:
    store.path.write_bytes(content)
    with store.open() as opened:
        assert opened.load("a") is None
        opened.save("a", A)
        assert opened.load("a") == A
    assert store.notices == [f"{store.path} is damaged: it is made anew, and wheels are read again"]


def test_damage_found_late_is_found(store: Store) -> None:
    with store.open() as opened:
        for number in range(200):
            opened.save(f"{number}", Contents(modules=(), libraries=(f"{number}" * 50,)))
    content = bytearray(store.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)  # the first page, with the header, is whole
    store.path.write_bytes(content)
    with store.open() as opened:
        assert opened.load("7") is None
        opened.save("7", A)
        assert opened.load("7") == A
    assert len(store.notices) == 1


def test_every_truncation_is_survived(store: Store) -> None:
    with store.open() as opened:
        for number in range(30):
            opened.save(f"{number}", Contents(modules=(), libraries=(f"{number}" * 500,)))
    whole = store.path.read_bytes()
    lengths = range(0, len(whole), 997)
    for length in lengths:
        store.path.write_bytes(whole[:length])
        with store.open() as opened:
            assert opened.load("7") in (None, Contents(modules=(), libraries=("7" * 500,)))
            opened.save("7", A)
            # SQLite takes a last page that is cut short for one that ends in zeros
            assert opened.load("7") == A or len(whole) - length < 4096
    assert len(store.notices) > len(lengths) - 8


def test_another_table_counts_as_damage(store: Store) -> None:
    store.execute("CREATE TABLE results (mine)")
    store.execute(f"PRAGMA user_version = {results.SCHEMA}")
    with store.open() as opened:
        assert opened.load("a") is None
        opened.save("a", A)
        assert opened.load("a") == A
    assert len(store.notices) == 1


def test_an_older_form_is_made_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.open() as opened:
        opened.save("a", A)
    monkeypatch.setattr(results, "SCHEMA", results.SCHEMA + 1)
    with store.open() as opened:
        assert opened.load("a") is None
        opened.save("a", B)
        assert opened.load("a") == B
    assert store.notices == [f"{store.path} is of an older form: it is made anew, and wheels are read again"]


def test_a_newer_form_is_left_alone(store: Store) -> None:
    with store.open() as opened:
        opened.save("a", A)
    store.execute(f"PRAGMA user_version = {results.SCHEMA + 1}")
    before = store.path.read_bytes()
    with store.open() as opened:
        assert opened.load("a") is None
        opened.save("a", B)
        assert opened.load("a") is None
    assert store.path.read_bytes() == before
    assert store.notices == [f"{store.path} was made by a later version of ftaudit, and is not used"]


def test_a_folder_that_may_only_be_read_is_only_read(store: Store) -> None:
    with store.open(writable=False) as opened:
        assert opened.load("a") is None
        opened.save("a", A)
    assert list(store.folder.iterdir()) == []
    with store.open() as opened:
        opened.save("a", A)
    before = store.path.read_bytes()
    store.path.chmod(0o400)
    store.folder.chmod(0o500)
    try:
        with store.open(writable=False) as opened:
            assert opened.load("a") == A
            opened.save("a", B)
            assert opened.load("a") == A
    finally:
        store.folder.chmod(0o700)
    assert ([path.name for path in store.folder.iterdir()], store.path.read_bytes()) == ([FILE], before)
    assert store.notices == []


@pytest.mark.parametrize("content", [b"garbage" * 99, b""])
def test_a_damaged_one_that_may_only_be_read_is_not_used(store: Store, content: bytes) -> None:
    store.path.write_bytes(content)
    with store.open(writable=False) as opened:
        assert opened.load("a") is None
        assert opened.load("b") is None
    assert store.path.read_bytes() == content
    assert len(store.notices) == 1
    assert store.notices[0].endswith("and is not used")


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file")
    with store.open() as opened:
        opened.save("a", A)
        assert opened.load("a") is None
    assert store.notices == []


def test_a_locked_store_is_waited_for_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.open() as opened:
        opened.save("a", A)
    monkeypatch.setattr(results, "BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM results")
        with store.open() as opened:
            opened.save("b", B)
            assert opened.load("b") is None
            assert opened.load("a") is None
        other.execute("ROLLBACK")
    assert store.notices == [f"{store.path} is locked by another program, and is not used in this run"]
    with store.open() as opened:
        assert opened.load("a") == A


def _work(folder: str, number: int) -> None:
    store = Store(Path(folder))
    with store.open() as opened:
        for turn in range(100):
            opened.save(f"{number} {turn}", A)
            opened.save("both", A if number else B)
            if opened.load(f"{number} {turn}") != A or opened.load("both") not in (A, B):
                os._exit(3)
    os._exit(4 if store.notices else 0)


def test_two_processes_at_once(store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=_work, args=(str(store.folder), number)) for number in (0, 1)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0, 0]
    with store.open() as opened:
        assert all(opened.load(f"{number} {turn}") == A for number in (0, 1) for turn in range(100))
        assert opened.load("both") in (A, B)


def test_many_threads_at_once(store: Store) -> None:
    store.path.write_bytes(b"damaged" * 99)  # found by all of them together
    wrong: list[object] = []
    start = threading.Barrier(8)
    with store.open() as opened:

        def work(number: int) -> None:
            start.wait()
            for turn in range(25):
                opened.save(f"{number} {turn}", A)
            wrong.extend(t for t in range(25) if opened.load(f"{number} {t}") != A)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        opened.save("last", B)
        assert opened.load("last") == B
    assert wrong == []
    assert store.notices == [f"{store.path} is damaged: it is made anew, and wheels are read again"]


def test_a_file_that_another_thread_makes_anew_meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.path.write_bytes(b"damaged" * 99)
    really = results._open
    with store.open() as opened:

        def gone(path: Path, *, writable: bool) -> sqlite3.Connection:
            monkeypatch.setattr(results, "_open", really)
            opened.save("theirs", A)  # finds the damage, and removes the file
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error

        monkeypatch.setattr(results, "_open", gone)
        opened.save("ours", B)
        assert (opened.load("theirs"), opened.load("ours")) == (A, B)


# -- ftaudit cache --


def test_what_is_kept_is_counted_pruned_and_cleared(store: Store) -> None:
    assert (status(store.folder).entries, status(store.folder).size) == (0, 0)
    assert prune(store.folder, older_than_seconds=0, now=0).entries == 0
    assert clear(store.folder).entries == 0
    assert list(store.folder.iterdir()) == []
    with store.open() as opened:
        opened.save("a", A)
        store.now = 2000.0
        opened.save("b", B)
        assert status(store.folder).entries == 2
    assert status(store.folder).size == store.path.stat().st_size > 0
    removed = prune(store.folder, older_than_seconds=500, now=1600.0)
    assert removed.entries == 1
    assert removed.size >= 0
    with store.open() as opened:
        assert (opened.load("a"), opened.load("b")) == (None, B)
    assert prune(store.folder, older_than_seconds=500, now=1600.0) == results.Kept(entries=0, size=0)
    size = status(store.folder).size
    assert clear(store.folder) == results.Kept(entries=1, size=size)
    assert list(store.folder.iterdir()) == []


def test_a_damaged_store_is_counted_and_cleared(store: Store) -> None:
    store.path.write_bytes(b"damaged" * 99)
    assert status(store.folder) == results.Kept(entries=0, size=693)
    assert prune(store.folder, older_than_seconds=0, now=9999.0).entries == 0
    assert clear(store.folder) == results.Kept(entries=0, size=693)
    assert not store.path.exists()
