"""Bounded pools, one deadline, nothing left running."""

from __future__ import annotations

import threading
import time

import pytest

from ftaudit.concurrency import Deadline, Once, Scope, _gil_enabled, run_all
from ftaudit.errors import CancelledError, DeadlineExceededError


def _threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("ftaudit-")}


@pytest.mark.parametrize("jobs", [1, 3, 64])
def test_results_come_in_the_items_order_whatever_the_number_of_jobs(jobs: int) -> None:
    items = list(range(200))
    assert run_all(lambda n: n * n, items, jobs=jobs, scope=Scope()) == tuple(n * n for n in items)
    assert not _threads()


def test_no_items_is_no_work() -> None:
    assert run_all(lambda n: n, [], jobs=4, scope=Scope()) == ()


def test_as_many_wait_at_once_as_asked_for_and_never_more() -> None:
    gate = threading.Barrier(3)
    lock, at_work, most = threading.Lock(), 0, 0
    scope = Scope()

    def work(_: int) -> None:
        nonlocal at_work, most
        with scope.on_cancel(gate.abort):
            with lock:
                at_work += 1
                most = max(most, at_work)
            gate.wait(timeout=10)
            with lock:
                at_work -= 1

    run_all(work, range(9), jobs=3, scope=scope)
    assert most == 3


@pytest.mark.skipif(not _gil_enabled(), reason="with the GIL off all compute at once")
def test_with_the_gil_on_one_computes_while_the_others_wait() -> None:
    scope, lock = Scope(), threading.Lock()
    computing, most = 0, 0

    def work(_: int) -> None:
        nonlocal computing, most
        for _ in range(3):
            scope.wait(0.001)
            with lock:
                computing += 1
                most = max(most, computing)
            sum(range(10_000))
            with lock:
                computing -= 1

    run_all(work, range(40), jobs=8, scope=scope)
    assert most == 1


def test_a_value_in_the_making_is_waited_for_without_holding_the_others_up() -> None:
    scope, once = Scope(), Once[str, int]()
    made: list[int] = []

    def make() -> int:
        scope.wait(0.02)
        made.append(1)
        return 7

    assert run_all(lambda _: once.get("x", make), range(20), jobs=4, scope=scope) == (7,) * 20
    assert made == [1]


def test_progress_is_told_in_the_calling_thread() -> None:
    seen: list[tuple[int, str]] = []

    def told(done: int) -> None:
        seen.append((done, threading.current_thread().name))

    scope = Scope()
    run_all(lambda n: scope.wait(0.02), range(5), jobs=1, scope=scope, progress=told)
    assert seen
    assert {name for _, name in seen} == {threading.current_thread().name}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_the_first_error_ends_the_others_and_is_raised() -> None:
    scope = Scope()
    started = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            with scope.on_cancel(started.set):
                assert started.wait(timeout=10)
            raise ValueError("broken")
        started.set()
        blocked = threading.Event()
        with scope.on_cancel(blocked.set):
            assert blocked.wait(timeout=10), "nobody woke the other worker"
        return item

    with pytest.raises(ValueError, match="broken"):
        run_all(work, [0, 1], jobs=2, scope=scope)
    assert not _threads()


def test_a_cancelled_scope_wakes_what_blocks_and_ends_the_run() -> None:
    scope = Scope()
    running = threading.Event()

    def work(_: int) -> None:
        blocked = threading.Event()
        with scope.on_cancel(blocked.set):
            running.set()
            assert blocked.wait(timeout=10)

    def cancel() -> None:
        running.wait(timeout=10)
        scope.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(CancelledError):
        run_all(work, range(50), jobs=2, scope=scope)
    canceller.join()
    assert not _threads()


def test_ctrl_c_in_the_caller_wakes_the_workers() -> None:
    scope = Scope()

    def work(_: int) -> str:
        blocked = threading.Event()
        with scope.on_cancel(blocked.set):
            return "woken" if blocked.wait(timeout=10) else "never woken"

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(lambda n: work(n) if n else "first", range(3), jobs=3, scope=scope, progress=interrupt)
    assert not _threads()


def test_when_the_deadline_passes_every_item_still_gets_its_result() -> None:
    scope = Scope(Deadline(0.05))

    def work(item: int) -> str:
        blocked = threading.Event()
        with scope.on_cancel(blocked.set):
            blocked.wait(timeout=10)
        try:
            scope.check()
        except DeadlineExceededError:
            return f"{item} had no time"
        return f"{item} done"

    begun = time.monotonic()
    results = run_all(work, range(20), jobs=2, scope=scope)
    assert results == tuple(f"{n} had no time" for n in range(20))
    assert time.monotonic() - begun < 5
    assert not _threads()


def test_waiting_ends_with_the_deadline() -> None:
    scope = Scope(Deadline(0.01))
    with pytest.raises(DeadlineExceededError):
        scope.wait(60)


def test_waiting_ends_when_its_time_is_over() -> None:
    Scope(Deadline(None)).wait(0.001)
    Scope(Deadline(60)).wait(0.001)


def test_a_deadline_is_the_shorter_of_two() -> None:
    assert Deadline(None).remaining() is None
    assert Deadline(None).within(3) == 3
    assert Deadline(100).within(3) == 3
    assert Deadline(0).within(3) == 0
    assert Deadline(0).passed
    assert not Deadline(100).passed
