"""What a process asks the kernel to hold it to. What the system refuses stays as it is."""

import ctypes
import os
import resource
import sys
from collections.abc import Collection
from contextlib import suppress
from typing import NamedTuple

from pe_host.isolation import proc
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.files import rules
from pe_host.isolation.wall import build

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36
PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP = 38, 24
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522


class Limits(NamedTuple):
    """What a confined process and its descendants may use; a stricter limit of the host's stays.

    Args:
        tasks: processes and threads beyond those that the whole system runs at the start. The
            kernel counts all of the user's together, so this stops a flood, not a pool of threads.
            It does not hold the superuser.
        file_bytes: size of a file that they write.
        memory_bytes: memory of one process that is its own to write; 0 for three quarters of what
            the machine has. Address space, of which graphics and GPU libraries reserve far more
            than they use, is not limited.
    """

    tasks: int = 1024 + 64 * (os.cpu_count() or 1)
    file_bytes: int = 64 << 30
    memory_bytes: int = 0


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


def confine(limits: Limits, allowed: Allowed, scratch: str, left_out: Collection[str] = ()) -> None:
    """Give up, for this process and all that it starts, what no plugin needs.

    No core dumps; limits; on Linux no gain of privileges by what it executes (which Landlock
    requires) and no capabilities, so that the superuser's plugins cannot read the memory of a host
    that protects it. The wall comes last: it is up before there is a thread or a line of plugin
    code, and what it takes away, nothing gives back.

    Args:
        limits: what it may use.
        allowed: what it may do beyond the interpreter, the packages and the system's libraries.
        scratch: its own folder.
        left_out: parts of the wall to do without, and "limits", in tests.

    Raises:
        OSError: the kernel offers a part of the wall, and refuses it.
    """
    _limit(resource.RLIMIT_CORE, 0)
    if "limits" not in left_out:
        _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
        _limit(resource.RLIMIT_DATA, limits.memory_bytes or _memory() * 3 // 4)
    if sys.platform == "linux":
        with suppress(OSError, ValueError, IndexError):
            # The kernel also counts the user's tasks in containers that cannot be seen from here.
            running = int(proc.read("loadavg").split()[3].partition("/")[2])
            if "limits" not in left_out:
                _limit(resource.RLIMIT_NPROC, running + limits.tasks)
        with suppress(OSError):  # where memory is short, this process goes before its host
            proc.write("self/oom_score_adj", "500")
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        drop_capabilities()
        build(rules(allowed, scratch), network=allowed.network, left_out=left_out)


def drop_capabilities(kept: Collection[int] = ()) -> None:
    """Drop all capabilities but these from all five sets (Linux only).

    From the bounding set too, or the superuser's programs get them back.
    """
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_CAP_AMBIENT, *map(ctypes.c_ulong, (_PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)))
    for capability in set(range(64)) - set(kept):
        prctl(_PR_CAPBSET_DROP, capability)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then their upper halves
    libc.capget(header, sets)
    mask = sum(1 << capability for capability in kept)
    sets[0], sets[1], sets[2] = sets[0] & mask, sets[1] & mask, 0
    sets[3], sets[4], sets[5] = 0, 0, 0
    libc.capset(header, sets)


def _memory() -> int:
    """Return the bytes of memory that this machine, or its container, has."""
    most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # "max" is not a number
        most = min(most, int(proc.read("../sys/fs/cgroup/memory.max")))
    return most


def _limit(kind: int, most: int) -> None:
    with suppress(OSError, ValueError):
        now, _ = resource.getrlimit(kind)
        most = most if now == resource.RLIM_INFINITY else min(most, now)
        resource.setrlimit(kind, (most, most))
