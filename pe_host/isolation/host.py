"""The wall around the host itself, which runs readers and embeddings: code that sees records.

It is wider than the wall around plugins, and all that the host starts is inside both. Reading is
open, because a reader reads what the user named. Everything by which records could be carried
elsewhere is closed: other files cannot be written, there are no sockets, and what is executed is
confined the same. It must be up before there is a second thread, because Landlock holds the calling
thread and what that starts; so before numpy is imported, and before any plugin.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress

from pe_host.isolation import launch
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.confine import PR_SET_NO_NEW_PRIVS, drop_capabilities, prctl
from pe_host.isolation.files import rules
from pe_host.isolation.landlock import READ, Access
from pe_host.isolation.scratch import WITHOUT_SEMAPHORES
from pe_host.isolation.wall import build, offered


class ConfinementError(Exception):
    """This process is not confined although the kernel could confine it."""


FIX = (
    "run pe from an environment where nothing starts a thread with Python; `pe doctor` lists what "
    "starts with it, and what the kernel confines"
)
"""What to do next about a `ConfinementError`."""

DESCRIPTORS = "descriptors"

left_out: frozenset[str] = frozenset()
"""Parts of this wall to do without. Tests set it, to show what each of them is good for."""

_KEPT_CAPABILITIES = frozenset({1, 2, 3, 8})
"""DAC_OVERRIDE, DAC_READ_SEARCH and FOWNER, so that the superuser can use files of others, and
SETPCAP, by which confined processes give up these too."""


def close_inherited() -> None:
    """Close what whoever started this process left open in it: all by which records could leave.

    That is everything that is open for writing, except the three standard streams. No wall closes
    it. A file without a name is no exception: whoever left it open has it still.
    """
    if DESCRIPTORS in left_out:
        return
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  see `proc`
        descriptor = int(name)
        with suppress(OSError):  # that of the list itself is closed
            mode = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
            if descriptor > 2 and mode != os.O_RDONLY:
                os.close(descriptor)


def confine_host(write: Iterable[str], scratch: str, *, network: bool) -> None:
    """Confine this process and all that it starts, as far as the kernel can.

    What the processes of plugins may use beyond files must be open here as well: the devices of
    GPUs, and the network if the user allowed it to a generator.

    Args:
        write: folders that it may change, which must exist.
        scratch: a folder for temporary files; they go there from now on.
        network: whether a generator may use the network.

    Raises:
        ConfinementError: the kernel offers a part of the wall and refuses it, or this process has
            other threads.
    """
    without = left_out | launch.left_out
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), scratch))
    os.environ.update(WITHOUT_SEMAPHORES)
    tempfile.tempdir = None  # it is found again when it is needed
    wall = offered(without)
    if not (wall.abi or wall.calls):
        return
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208  see `proc`
        raise ConfinementError("this process has threads, so it cannot be confined")
    allowed = Allowed(write=tuple(write), gpu=True, network=network)
    found = rules(allowed, scratch)
    found["/"] = READ
    if os.geteuid():  # launched processes set their oom_score_adj; /proc/sys is the superuser's
        found["/proc"] = READ | Access.WRITE_FILE
    found["/dev/tty"] = READ | Access.WRITE_FILE
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    drop_capabilities(_KEPT_CAPABILITIES)
    try:
        build(found, network=network, left_out=without)
    except OSError as error:
        raise ConfinementError(f"the kernel refused to confine this process: {error}") from None
