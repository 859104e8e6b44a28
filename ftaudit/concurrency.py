"""The only module that starts a thread: `Deadline`, `Scope`, `run_all`.

Every blocking call is handed a `Scope`. A scope knows the one deadline of the run and can be cancelled;
what blocks registers how to be woken (`Scope.on_cancel`), so that Ctrl-C, a passed deadline or a failure
ends every thread that was started, at once.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from ftaudit.errors import CancelledError, DeadlineExceededError

T = TypeVar("T")
R = TypeVar("R")
K = TypeVar("K")

GRACE_SECONDS = 2.0
"""How long an ended run waits for its threads after waking them. They are daemons: none outlives us."""


TICK_SECONDS = 0.1
"""How often progress is told."""


class Deadline:
    """A moment on the monotonic clock after which nothing may be waited for. ``None`` seconds: never."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._end = None if seconds is None else clock() + seconds

    def remaining(self, *, clock: Callable[[], float] = time.monotonic) -> float | None:
        """Seconds left (never below 0), or None where there is no end."""
        return None if self._end is None else max(0.0, self._end - clock())

    def within(self, seconds: float) -> float:
        """The shorter of *seconds* and what is left: the time-out of one wait."""
        left = self.remaining()
        return seconds if left is None else min(seconds, left)

    @property
    def passed(self) -> bool:
        return self.remaining() == 0.0


class _Turn(threading.local):
    """The lock that the thread holds while it computes: see `_Pool`. None for threads of no pool."""

    held: threading.Lock | None = None


_turn = _Turn()


@contextmanager
def _waiting() -> Iterator[None]:
    """While the block runs, which may wait, another thread of the pool computes."""
    held = _turn.held
    if held is None:
        yield
        return
    held.release()
    try:
        yield
    finally:
        held.acquire()


class Scope:
    """Work that starts and ends together, under one deadline."""

    def __init__(self, deadline: Deadline | None = None) -> None:
        self.deadline = deadline or Deadline(None)
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._wakers: dict[int, Callable[[], None]] = {}
        self._next = 0
        self._when_blocking: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Ends the scope and wakes all that blocks in it."""
        self._cancelled.set()
        self.wake()

    def wake(self) -> None:
        """Wakes all that blocks in this scope, so that each sees for itself whether it may go on."""
        with self._lock:
            wakers = list(self._wakers.values())
        for wake in wakers:
            wake()

    @contextmanager
    def when_blocking(self, call: Callable[[], None]) -> Iterator[None]:
        """While the block runs, *call* is called by each thread of the scope that is about to wait."""
        self._when_blocking = call
        try:
            yield
        finally:
            self._when_blocking = None

    @contextmanager
    def on_cancel(self, wake: Callable[[], None]) -> Iterator[None]:
        """While the block runs, which may wait, the scope's end calls *wake* (from another thread; it must
        not block itself)."""
        if self._when_blocking is not None:
            self._when_blocking()
        with self._lock:
            token, self._next = self._next, self._next + 1
            self._wakers[token] = wake
        if self.cancelled or self.deadline.passed:
            wake()
        try:
            with _waiting():
                yield
        finally:
            with self._lock:
                del self._wakers[token]

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raises `DeadlineExceededError` or `CancelledError` when the scope has ended."""
        if self.deadline.passed:
            raise DeadlineExceededError("the deadline of the run passed")
        if self._cancelled.is_set():
            raise CancelledError("the run was cancelled")

    def wait(self, seconds: float) -> None:
        """Sleeps for *seconds*, the deadline or a cancellation, whichever comes first; then `check`s."""
        with _waiting():
            self._cancelled.wait(self.deadline.within(seconds))
        self.check()


class Once(Generic[K, R]):
    """Values made once for each key: the first thread that asks makes it, others that ask meanwhile wait.

    A value whose making raised is made anew by the next that asks.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[K, threading.Lock] = {}
        self._made: dict[K, R] = {}

    def get(self, key: K, make: Callable[[], R]) -> R:
        """The value of *key*, by *make* where there is none yet; what *make* raises goes to its caller."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        if not lock.acquire(blocking=False):
            with _waiting():
                lock.acquire()
        try:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]
        finally:
            lock.release()


class _Pool(Generic[T, R]):
    """Items handed out by index to a bounded number of threads, results kept by index.

    With the GIL on, threads that only compute slow each other down: one starts, another whenever one has to
    wait, and of those that need not wait one has its turn (a lock, let go while a thread waits for the
    network, a pause or a value in the making). With the GIL off all are started, and compute, at once. So
    work must wait for nothing else that another item of it would have to bring about.
    """

    def __init__(self, work: Callable[[T], R], items: Sequence[T], scope: Scope, jobs: int) -> None:
        self.work, self.items, self.scope = work, items, scope
        self.results: dict[int, R] = {}
        self.errors: dict[int, BaseException] = {}
        self.changed = threading.Condition()
        self._taken = 0
        self._most = min(jobs, len(items))
        self._threads: list[threading.Thread] = []
        self._turn = threading.Lock() if _gil_enabled() else None

    def start(self) -> None:
        for _ in range(1 if self._turn is not None else self._most):
            self.grow()

    def grow(self) -> None:
        """Starts one more thread, where there is work for it and the bound allows it."""
        with self.changed:
            if len(self._threads) == self._most or self._taken == len(self.items):
                return
            thread = threading.Thread(target=self._run, name=f"ftaudit-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
        thread.start()

    def join(self) -> None:
        """Waits for all threads, not longer than `GRACE_SECONDS` in all."""
        end = time.monotonic() + GRACE_SECONDS
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, end - time.monotonic()))

    @property
    def done(self) -> bool:
        return len(self.results) == len(self.items)

    def _take(self) -> int | None:
        with self.changed:
            if self.scope.cancelled or self.errors or self._taken == len(self.items):
                return None
            self._taken += 1
            return self._taken - 1

    def _run(self) -> None:
        if self._turn is None:
            self._work_off()
            return
        with self._turn:
            _turn.held = self._turn
            self._work_off()

    def _work_off(self) -> None:
        while (index := self._take()) is not None:
            try:
                result = self.work(self.items[index])
            except BaseException as error:  # noqa: BLE001 - handed to the caller of run_all, whatever it is
                with self.changed:
                    self.errors[index] = error
                    self.changed.notify_all()
            else:
                with self.changed:
                    self.results[index] = result
                    if self.done:
                        self.changed.notify_all()


def _gil_enabled() -> bool:
    """Whether only one thread computes at a time (PEP 703; before 3.13 always)."""
    asked: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return asked()


def run_all(
    work: Callable[[T], R],
    items: Sequence[T],
    *,
    jobs: int,
    scope: Scope,
    progress: Callable[[int], None] | None = None,
) -> tuple[R, ...]:
    """``work`` of every item on at most *jobs* threads; the results in the items' order.

    When *work* raises, the scope is cancelled and the first error (by item order) is raised. What may fail
    without ending the run must return its failure (`ftaudit.model.evidence.Missing`); so must work that finds
    the deadline passed: whatever blocks is then woken, and every item still gets its result, in no time.
    `DeadlineExceededError` is raised only when work does not return within `GRACE_SECONDS` of that.
    *progress* gets the number of items done, in the calling thread. No thread is left at work.
    """
    pool = _Pool(work, items, scope, jobs)
    try:
        with scope.when_blocking(pool.grow):
            pool.start()
            _watch(pool, scope, progress)
    finally:
        if not pool.done:
            scope.cancel()
        pool.join()
    if pool.errors:
        raise pool.errors[min(pool.errors)]
    if not pool.done:
        scope.check()
    return tuple(pool.results[index] for index in range(len(items)))


def _watch(pool: _Pool[T, R], scope: Scope, progress: Callable[[int], None] | None) -> None:
    shown = 0
    woken: float | None = None
    while not pool.done and not pool.errors and not scope.cancelled:
        with pool.changed:
            if not pool.done and not pool.errors:
                pool.changed.wait(
                    TICK_SECONDS if woken else min(TICK_SECONDS, scope.deadline.within(1) + 0.001)
                )
        if progress and len(pool.results) != shown:
            shown = len(pool.results)
            progress(shown)
        if woken is None and scope.deadline.passed:
            woken = time.monotonic()
            scope.wake()
        if woken is not None and time.monotonic() - woken > GRACE_SECONDS:
            return
