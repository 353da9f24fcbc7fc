"""What a process asks the kernel to hold it to. What the system refuses stays as it is."""

import ctypes
import os
import resource
import sys
from contextlib import suppress
from typing import NamedTuple

from pe_host.isolation import proc

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522


class Limits(NamedTuple):
    """What a confined process and its descendants may use; a stricter limit of the host's stays.

    Args:
        tasks: processes and threads beyond those that the whole system runs at the start. The
            kernel counts all of the user's together, so this stops a flood, not a pool of threads.
            It does not hold the superuser.
        file_bytes: size of a file that they write.
    """

    tasks: int = 1024 + 64 * (os.cpu_count() or 1)
    file_bytes: int = 64 << 30


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process (Linux only)."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0)))


def protect_memory() -> None:
    """Keep this process's memory to itself, as far as an unprivileged process can.

    No core dumps, which would hold every record; and on Linux no other process of this user may
    read its memory. The superuser still can, and where the system refuses, nothing changes: this
    hardens, but is not a wall.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    prctl(PR_SET_DUMPABLE, 0)


def confine(limits: Limits) -> None:
    """Give up, for this process and all that it starts, what no plugin needs.

    No core dumps; limits; on Linux no gain of privileges by what it executes (which Landlock
    requires) and no capabilities, so that the superuser's plugins cannot read the memory of a host
    that protects it.

    The kernel's allow-list of files (Landlock) belongs at the end of this function: it runs before
    there is a thread or a line of plugin code, and what it takes away, nothing gives back.
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
    if sys.platform == "linux":
        with suppress(OSError, ValueError, IndexError):
            # The kernel also counts the user's tasks in containers that cannot be seen from here.
            running = int(proc.read("loadavg").split()[3].partition("/")[2])
            _limit(resource.RLIMIT_NPROC, running + limits.tasks)
        prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _drop_capabilities()


def _limit(kind: int, most: int) -> None:
    with suppress(OSError, ValueError):
        now, _ = resource.getrlimit(kind)
        most = most if now == resource.RLIM_INFINITY else min(most, now)
        resource.setrlimit(kind, (most, most))


def _drop_capabilities() -> None:
    """Empty all five sets; the bounding set too, or the superuser's programs get them back."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_CAP_AMBIENT, *map(ctypes.c_ulong, (_PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)))
    for capability in range(64):
        prctl(_PR_CAPBSET_DROP, capability)
    libc.capset((ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)())
