"""Bounded abstract execution: follows code without running it.

What every processor has in common: states, forks where a branch depends on what is not known, calls into the
image and out of it, and the budgets that end it all. A processor (`x86_64.py`, `arm64.py`) says what one
instruction does. Nothing of the machine it runs on is touched: registers and memory are Python values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from ftaudit.binaries.image import Image
from ftaudit.binaries.memory import STACK, Heap, Memory, Value

MAX_STEPS = 60_000
"""Instructions of a whole run; the largest that was ever needed is 38,000."""
MAX_STATES = 400
CALL_STEPS = 1500
"""Instructions of a called function, divided by its depth, before it is abandoned."""
MAX_DEPTH = 6
FORKS_AT_TOP = 3
FORKS_IN_CALLS = 24
MAX_VISITS = 30
"""How often a branch that depends on the unknown is passed before its path is given up."""

NEVER_RETURN = frozenset(
    {
        "abort", "exit", "_exit", "__stack_chk_fail", "Py_FatalError", "_Py_FatalErrorFunc", "_Unwind_Resume",
        "__cxa_throw", "__cxa_rethrow", "__cxa_throw_bad_array_new_length", "__cxa_end_cleanup",
        "_ZSt9terminatev", "terminate", "_CxxThrowException", "__fastfail", "_purecall", "ExitProcess",
        "_invalid_parameter_noinfo_noreturn",
    }
)  # fmt: skip


class End(Enum):
    """A path's end."""

    END = "end"


END = End.END


class Fork(NamedTuple):
    """A branch at ``at`` whose condition is not known."""

    fall_through: int
    taken: int
    at: int


Step = End | Fork | None
"""What an instruction comes to: None goes on at ``state.ip``."""


class Frame(NamedTuple):
    """A call that was not returned from yet."""

    return_to: int
    target: int
    stack: Value
    saved: Sequence[Value]
    last_step: int


Vector = tuple[Value, Value]
"""A vector register's low 128 bits, as two words."""


@dataclass(slots=True)
class State:
    """One path. ``flags`` are the processor's own notion, ``notes`` the observer's."""

    ip: int
    registers: list[Value]
    memory: Memory
    vectors: dict[int, Vector] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    flags: object = None
    steps: int = 0
    notes: dict[str, Value] = field(default_factory=dict)

    def copy(self) -> State:
        return State(
            ip=self.ip,
            registers=self.registers.copy(),
            memory=self.memory.copy(),
            vectors=self.vectors.copy(),
            frames=self.frames.copy(),
            flags=self.flags,
            steps=self.steps,
            notes=self.notes.copy(),
        )


class Observer(Protocol):
    """Who watches a run: told of every call out of the image, and of every return from the entry."""

    def called(
        self, machine: Machine, state: State, name: str, arguments: Sequence[Value]
    ) -> Value | End: ...

    def returned(self, machine: Machine, state: State, value: Value) -> None: ...


class Machine(ABC):
    """Follows code of *image*. One run each; not thread-safe.

    ``steps`` counts instructions, ``limit`` says which budget ended the run (empty for none), ``whole`` is
    False where a path was cut short or a call abandoned.
    """

    registers: int
    """How many."""

    def __init__(self, image: Image, observer: Observer, *, max_steps: int = MAX_STEPS) -> None:
        self.image, self.observer, self.max_steps = image, observer, max_steps
        self.heap = Heap()
        self.steps = 0
        self.limit = ""
        self.whole = True
        self._stopped = False
        self._stubs: dict[int, str | None] = {}
        self._visits: Counter[tuple[int, int, int]] = Counter()
        self._forks: Counter[int] = Counter()
        self._pending: dict[int, State] = {}
        self._returned: set[int] = set()

    # What a processor provides.

    @abstractmethod
    def step(self, state: State) -> Step:
        """Executes the instruction at ``state.ip``, which it leaves at the next one."""

    @abstractmethod
    def prepare(self, state: State) -> None:
        """Sets the stack pointer of a new state to `STACK`."""

    @abstractmethod
    def arguments(self, state: State) -> Sequence[Value]:
        """The first integer arguments of a call, at least four."""

    @abstractmethod
    def result(self, state: State) -> Value:
        """The register that holds a function's result."""

    @abstractmethod
    def set_result(self, state: State, value: Value) -> None: ...

    @abstractmethod
    def stack(self, state: State) -> Value:
        """The stack pointer."""

    @abstractmethod
    def set_stack(self, state: State, value: Value) -> None: ...

    @abstractmethod
    def saved(self, state: State) -> Sequence[Value]:
        """The registers that a callee must preserve."""

    @abstractmethod
    def restore(self, state: State, saved: Sequence[Value]) -> None: ...

    @abstractmethod
    def clobber(self, state: State) -> None:
        """Forgets the registers and flags that a call may change."""

    @abstractmethod
    def read_stub(self, address: int) -> str | None:
        """The import that the code at *address* jumps to, if that is all that it does (a PLT entry)."""

    @abstractmethod
    def call_at(self, address: int) -> tuple[int, str | None]:
        """The length of the instruction at *address* (0 for none), and the import that it calls or jumps to,
        if it does so directly."""

    # What they have in common.

    def start(self, entry: int) -> State:
        """A state at *entry* in which nothing is known but the stack pointer."""
        state = State(ip=entry, registers=[None] * self.registers, memory=Memory(self.image, self.heap))
        self.prepare(state)
        return state

    def run(self, entry: int) -> None:
        """Follows all paths from *entry*, within the budgets."""
        work, states = [self.start(entry)], 0
        while self.steps < self.max_steps and states < MAX_STATES and not self._stopped:
            if not work:
                work = self._abandoned()
                if not work:
                    return
            # Paths near the top first: what decides is in the hook, not in what it calls.
            chosen = min(range(len(work)), key=lambda number: (len(work[number].frames), -number))
            self._follow(work.pop(chosen), work)
            states += 1
        if work and not self._stopped:
            self.limit = self.limit or "states"
            self.whole = False

    def stop(self) -> None:
        """Ends the run: what it was made for is known."""
        self._stopped = True

    def straight(self, entry: int, steps: int) -> None:
        """Follows one path from *entry*, falling through at unknown branches, for at most *steps*, up to
        the first call into the image."""
        state = self.start(entry)
        for _ in range(steps):
            if self.step(state) is not None or state.frames:
                return

    def _abandoned(self) -> list[State]:
        """The callers of functions that no path returned from: they go on with a result that is not known."""
        resumed = []
        for place in [place for place in self._pending if place not in self._returned]:
            state = self._pending.pop(place)
            self.whole = False
            self.clobber(state)
            self.set_result(state, None)
            resumed.append(state)
        return resumed

    def _follow(self, state: State, work: list[State]) -> None:
        step, frames = self.step, state.frames  # this is the innermost loop
        while True:
            self.steps += 1
            state.steps += 1
            if self.steps > self.max_steps:
                self.limit, self.whole = "steps", False
                return
            if frames and state.steps > frames[-1].last_step:
                self._give_up_call(state)
                continue
            outcome = step(state)
            if outcome is None and not self._stopped:
                continue
            if outcome is None or outcome is END or not self._fork(state, outcome, work):
                return

    def _fork(self, state: State, fork: Fork, work: list[State]) -> bool:
        """Both ways where the budget allows it, else one of them in turn. False: the path is given up."""
        frames = state.frames
        key = (fork.at, len(frames), frames[-1].return_to if frames else 0)
        visits = self._visits[key]
        self._visits[key] += 1
        if visits < self._fork_limit(state):
            if frames:
                self._forks[frames[0].return_to] += 1
            other = state.copy()
            other.ip, state.ip = fork.taken, fork.fall_through
            work.append(other)
            return True
        self.whole = False
        state.ip = fork.fall_through if visits % 2 else fork.taken
        return visits <= MAX_VISITS

    def _fork_limit(self, state: State) -> int:
        if not state.frames:
            return FORKS_AT_TOP
        return int(self._forks[state.frames[0].return_to] < FORKS_IN_CALLS)

    def transfer(self, state: State, target: int, return_to: int | None) -> Step:
        """A jump to *target*, or a call where *return_to* is the address after it."""
        name = self.stub(target)
        if name is not None:
            return self.call_out(state, name, return_to)
        if not self.image.executable(target):
            return END
        if return_to is not None:
            self._call(state, target, return_to)
        else:
            state.ip = target
        return None

    def stub(self, address: int) -> str | None:
        """The import behind the code at *address*, or None where it is code of the image."""
        if address not in self._stubs:
            self._stubs[address] = self.image.stub(address) or self.read_stub(address)
        return self._stubs[address]

    def call_out(self, state: State, name: str, return_to: int | None) -> Step:
        """A call (or, without *return_to*, a jump) to the function *name* outside the image."""
        if name in NEVER_RETURN or (name.startswith("_ZSt") and "throw" in name):
            return END
        value = self.observer.called(self, state, name, self.arguments(state))
        if isinstance(value, End):
            return END
        self.clobber(state)
        self.set_result(state, value)
        if return_to is None:
            return self.do_return(state)
        state.ip = return_to
        return None

    def call_unknown(self, state: State, return_to: int) -> Step:
        """A call to an address that is not known."""
        self.clobber(state)
        self.set_result(state, None)
        state.ip = return_to
        return None

    def _call(self, state: State, target: int, return_to: int) -> None:
        if len(state.frames) >= MAX_DEPTH or any(frame.target == target for frame in state.frames):
            self.whole = False
            self.call_unknown(state, return_to)
            return
        if not state.frames and return_to not in self._pending:
            pending = state.copy()
            pending.ip = return_to
            self._pending[return_to] = pending
        last_step = state.steps + CALL_STEPS // (len(state.frames) + 1)
        state.frames.append(Frame(return_to, target, self.stack(state), self.saved(state), last_step))
        state.ip = target

    def _give_up_call(self, state: State) -> None:
        self.whole = False
        self.clobber(state)
        self.set_result(state, None)
        self._leave(state)

    def do_return(self, state: State) -> Step:
        """A return instruction."""
        if not state.frames:
            self.observer.returned(self, state, self.result(state))
            return END
        self._leave(state)
        return None

    def _leave(self, state: State) -> None:
        frame = state.frames.pop()
        if not state.frames:
            self._returned.add(frame.return_to)
        self.set_stack(state, frame.stack)
        self.restore(state, frame.saved)
        state.ip = frame.return_to


def add(left: Value, right: Value) -> Value:
    """The 64-bit sum, or None where one of them is no number."""
    if isinstance(left, int) and isinstance(right, int):
        return (left + right) & (1 << 64) - 1
    return None


def signed(value: int, bits: int) -> int:
    """*value* of *bits* bits as a signed number."""
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


__all__ = ["END", "STACK", "End", "Fork", "Frame", "Machine", "Observer", "State", "Step", "Vector"]
