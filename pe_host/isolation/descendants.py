"""Ends the children of a process and everything below them (Linux; elsewhere it finds none)."""

import os
import signal
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from pe_host.isolation import proc


def _every_child(pid: int, session: int) -> bool:
    return True


def end_children(is_wanted: Callable[[int, int], bool] = _every_child) -> None:
    """Kill and reap this process's children, and kill all below them, until none is left.

    The process is a subreaper, so orphans below it become its children, and a child stays visible
    until it is reaped: when a pass over /proc finds none, there is none. The newest come first and
    are killed at once, which ends even those that fork to get away.

    Args:
        is_wanted: whether to end a child, by its process id and session; by default every one.
    """
    while True:
        parents: dict[int, int] = {}
        children: list[int] = []
        for pid in _newest_first():
            with suppress(OSError, ValueError):
                fields = proc.read(f"{pid}/stat").rpartition(")")[2].split()
                parent, session = int(fields[1]), int(fields[3])
                parents[pid] = parent
                if parent == os.getpid() and is_wanted(pid, session):
                    os.kill(pid, signal.SIGKILL)
                    children.append(pid)
        if not children:
            return
        for pid in _below(children, parents):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in children:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _newest_first() -> list[int]:
    """Process ids, the highest first: the kernel hands them out in order."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208  a Path for each would cost more than the rest
    except OSError:
        return []
    return sorted((int(name) for name in names if name.isdigit()), reverse=True)


def _below(ancestors: Iterable[int], parents: Mapping[int, int]) -> set[int]:
    found: set[int] = set()
    level = set(ancestors)
    while level:
        level = {pid for pid, parent in parents.items() if parent in level} - found
        found |= level
    return found
