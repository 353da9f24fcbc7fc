"""Keeps the memory of the process that holds private records to itself, as far as an unprivileged process can."""

import ctypes
import resource
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4


def shield_memory() -> None:
    """No core dumps, which would hold every record; and on Linux no other process of this user may read its memory.

    The superuser still can, and where the system refuses, nothing changes: this hardens, it is no wall.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
