"""What is done to a run, and how a command that it was done to may end."""

import os
import random
import signal
from dataclasses import dataclass
from pathlib import Path

from killing.disk import Disk
from killing.inside import Trigger

KILL, KILL_LATER, WORKER = "SIGKILL at an operation", "SIGKILL at a moment", "a worker killed"
TERM, INTERRUPT, HANG_UP = "SIGTERM", "SIGINT", "SIGHUP"
FULL, READ_ONLY = "disk full", "disk read-only"
BUDGET_FULL, BUDGET_READ_ONLY = "budget's disk full", "budget's disk read-only"

WEIGHTS = {
    KILL: 4,
    KILL_LATER: 4,
    TERM: 1,
    INTERRUPT: 2,
    HANG_UP: 1,
    WORKER: 2,
    FULL: 3,
    READ_ONLY: 2,
    BUDGET_FULL: 2,
    BUDGET_READ_ONLY: 1,
}
"""Kinds, and how often each is drawn."""

ON_DISKS = frozenset({FULL, READ_ONLY, BUDGET_FULL, BUDGET_READ_ONLY})
"""Kinds that need disks of one's own."""

ON_BUDGETS = frozenset({BUDGET_FULL, BUDGET_READ_ONLY})
"""Kinds that need a budget."""

_SIGNALS = {
    KILL: signal.SIGKILL,
    KILL_LATER: signal.SIGKILL,
    TERM: signal.SIGTERM,
    INTERRUPT: signal.SIGINT,
    HANG_UP: signal.SIGHUP,
}
_ENDS = {
    KILL: {-signal.SIGKILL},
    KILL_LATER: {-signal.SIGKILL},
    TERM: {-signal.SIGTERM},
    INTERRUPT: {130},
    HANG_UP: {-signal.SIGHUP},
    WORKER: set(),
}


@dataclass(frozen=True)
class Disturbance:
    """One thing done to a run.

    Args:
        kind: one of WEIGHTS.
        trigger: the operation before which the run stops.
        after: seconds from there, in which the run goes on; None disturbs it while it waits.
        pages: left on a disk that is full.
        lasts: seconds until the disk can be written again; None for the rest of the command.
    """

    kind: str
    trigger: Trigger
    after: float | None = None
    pages: int = 0
    lasts: float | None = None

    def __str__(self) -> str:
        moment = "" if self.after is None else f" + {1000 * self.after:.1f} ms"
        lasts = "" if self.lasts is None else f" for {1000 * self.lasts:.0f} ms"
        pages = f" but for {self.pages} pages" if self.kind in (FULL, BUDGET_FULL) else ""
        return f"{self.kind}{pages}{lasts} at {self.trigger.phase} {self.trigger.operation}{moment}"

    def may_end_with(self, code: int) -> bool:
        """Whether a command that was disturbed like this may have this exit status."""
        # Before the run begins, plugins answer questions in processes that nobody starts again.
        asked = self.kind == WORKER and self.trigger.phase == "start" and code == 3
        return code == 0 or code in _ENDS.get(self.kind, {5}) or asked


@dataclass(frozen=True)
class Disks:
    """The disk of the run folder, and that of the budget."""

    run: Disk
    budget: Disk

    def disturb(self, what: Disturbance, pid: int) -> bool:
        """Do it to the process and its disks; False if there was nothing to do it to."""
        if number := _SIGNALS.get(what.kind):
            os.kill(pid, number)
        elif what.kind == WORKER:
            return _kill_a_worker(pid)
        elif what.kind in (FULL, BUDGET_FULL):
            self._meant(what).fill(what.pages)
        else:
            self._meant(what).make_read_only()
        return True

    def restore(self) -> None:
        """Make both writable again, with room."""
        self.run.restore()
        self.budget.restore()

    def _meant(self, what: Disturbance) -> Disk:
        return self.budget if what.kind in ON_BUDGETS else self.run


def _kill_a_worker(host: int) -> bool:
    """Kill one of the processes that run plugin code, or the warden of one."""
    wardens = [pid for pid in _children(host) if _session(pid) != _session(host)]
    found = [*wardens, *(pid for warden in wardens for pid in _children(warden))]
    if not found:
        return False
    os.kill(random.choice(found), signal.SIGKILL)
    return True


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for task in tasks for word in task.read_text().split()]


def _session(pid: int) -> int:
    return os.getsid(pid)
