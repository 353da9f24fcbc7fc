"""What is put into a `pe` that will be disturbed, after the fork and before its first line runs.

It shows the phases of the run, counts operations on files and statements of the budget database,
stops at the one where the run is to be disturbed, and records each draw of noise on private values.
Nothing in the run depends on it.
"""

import hashlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from killing.phases import PHASES, Board
from pe_host.commands import generate
from pe_host.evolution.loop import Evolution
from pe_host.isolation import host
from pe_host.privacy import PrivateSide, mechanism
from pe_host.session import session
from pe_host.session.evaluation import Evaluator
from pe_host.session.session import Session

_CHANGES = {"os.rename", "os.mkdir", "os.truncate"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

_fsync = os.fsync


@dataclass(frozen=True)
class Trigger:
    """The moment before an operation of a phase; operations count from 1."""

    phase: str
    operation: int


class Watcher:
    """Counts operations of this process, and waits at the trigger until it is allowed to go on.

    Args:
        board: shows phase and counts.
        trigger: where to stop, if anywhere.
        say, hear: descriptors of pipes: a byte says that the trigger is reached, and another, when
            it is heard, that the run may go on.
        folders: operations elsewhere do not count.
    """

    def __init__(
        self, board: Board, trigger: Trigger | None, say: int, hear: int, folders: Sequence[Path]
    ) -> None:
        self._board, self._trigger, self._say, self._hear = board, trigger, say, hear
        self._folders = tuple(str(folder) for folder in folders)
        self._pid, self._since = os.getpid(), time.monotonic()

    def enter(self, phase: int) -> None:
        """Show a new phase. That counts as its first operation."""
        now = time.monotonic()
        self._board.seconds[self._board.phase] += now - self._since
        self._since, self._board.phase = now, phase
        self.operation()

    def operation(self) -> None:
        """Count one, and wait if it is the one."""
        if os.getpid() != self._pid:  # workers and the janitor are forks
            return
        phase = self._board.phase
        self._board.operations[phase] += 1
        now = Trigger(PHASES[phase], int(self._board.operations[phase]))
        if now == self._trigger:
            self._trigger = None
            os.write(self._say, b".")
            os.read(self._hear, 1)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The hook for `sys.addaudithook`, which Python calls before the operation itself."""
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str | bytes | os.PathLike) and flags & _WRITES:
                self._on(path)
        elif event in ("os.remove", "os.rmdir"):
            self._on(*arguments)
        elif event in _CHANGES:
            self._on(arguments[0])

    def fsync(self, descriptor: int) -> None:
        """Stands for `os.fsync`, which has no audit event."""
        self._on(_opened(descriptor))
        _fsync(descriptor)

    def _on(self, path: Any, folder: int = -1) -> None:
        """Count an operation on a path, which may be relative to a folder that is open."""
        where = _opened(folder) if folder >= 0 else os.getcwd()  # noqa: PTH109
        if os.path.join(where, os.fsdecode(path)).startswith(self._folders):  # noqa: PTH118
            self.operation()


def _opened(descriptor: int) -> str:
    return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115  a hook, so nothing heavy


def put(owner: Any, name: str, value: Any) -> None:
    """Replace an attribute for the rest of this process."""
    setattr(owner, name, value)


def install(watcher: Watcher, truth: int) -> None:
    """Put everything into this process. `truth`: descriptor of the file of draws, for appending."""
    put(host, "left_out", frozenset({host.DESCRIPTORS}))  # the file of draws stays open
    sys.addaudithook(watcher.audit)
    put(os, "fsync", watcher.fsync)
    _watch_database(watcher)
    _show_phases(watcher)
    _record_noise(watcher, truth)


def _watch_database(watcher: Watcher) -> None:
    class Connection(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            if not statement.lstrip().startswith(("SELECT", "PRAGMA")):
                watcher.operation()
            return super().execute(statement, *values)

    connect = sqlite3.connect
    put(sqlite3, "connect", lambda *words, **more: connect(*words, **more, factory=Connection))


def _show_phases(watcher: Watcher) -> None:
    def show(owner: Any, name: str, phase: str, returns: bool = False) -> None:
        function: Callable[..., Any] = getattr(owner, name)
        position = PHASES.index(phase)

        def shown(*words: Any, **more: Any) -> Any:
            before = watcher._board.phase
            watcher.enter(position)
            result = function(*words, **more)
            if returns:
                watcher.enter(before)
            return result

        put(owner, name, shown)

    show(generate, "_evolve", "admission")
    show(Session, "_preflight", "preflight")
    show(Session, "_class_counts", "class counts")
    show(Evolution, "run", "candidates")
    show(PrivateSide, "vote", "votes", returns=True)
    show(PrivateSide, "_release", "noise", returns=True)
    show(session, "write_release", "release")
    show(Evaluator, "evaluate", "evaluation")
    show(session, "write_internal_page", "end")


def _record_noise(watcher: Watcher, truth: int) -> None:
    """Write a line before each draw, and one after it, at the sampler that every draw goes through.

    A draw that is killed between the two counts as drawn.
    """
    prepare, release = mechanism.prepare, PrivateSide._release
    asked: dict[str, Any] = {"kind": "unknown", "round": 0, "coordinates": 0}

    def write(**line: Any) -> None:
        os.write(truth, json.dumps({**asked, **line}).encode() + b"\n")
        _fsync(truth)

    def prepared(scale: float) -> Callable[[Any], Any]:
        sample = prepare(scale)

        def recorded(values: Any) -> Any:
            watcher.operation()
            write(event="draw", scale=scale)
            noisy = np.asarray(sample(values), dtype=np.int64)
            write(event="drawn", answer=hashlib.sha256(noisy.tobytes()).hexdigest())
            watcher.operation()
            return noisy

        return recorded

    def released(side: PrivateSide, kind: str, round: int, *words: Any) -> Any:
        plan = side.plan
        if plan.private:
            cost = plan.vote_release if kind == "votes" else plan.count_release
            asked.update(kind=kind, round=round, coordinates=cost.coordinates)
        return release(side, kind, round, *words)

    put(mechanism, "prepare", prepared)
    put(PrivateSide, "_release", released)
