"""A launched interpreter begins here: it forks into the warden and the confined process.

`python -P -m pe_host.isolation LIFELINE LIMITS ALLOWED LEFT_OUT MODULE ARGUMENT...`, by `launch`;
the three in the middle are JSON. Only the standard library is imported here, and no thread is
started.
"""

import json
import os
import runpy
import select
import signal
import sys
from contextlib import suppress

from pe_host.isolation.allowed import Allowed
from pe_host.isolation.confine import (
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    PR_SET_PDEATHSIG,
    Limits,
    confine,
    prctl,
    protect_memory,
)
from pe_host.isolation.descendants import end_children
from pe_host.isolation.scratch import lead_to, make_scratch, remove_scratch


def main() -> None:
    """Fork; the parent watches, and the child confines itself and runs the module."""
    lifeline, module, warden = int(sys.argv[1]), sys.argv[5], os.getpid()
    limits, allowed = Limits(*json.loads(sys.argv[2])), Allowed.from_json(sys.argv[3])
    left_out = json.loads(sys.argv[4])
    scratch = make_scratch()
    # Before the fork: a plugin that found the lifeline in /proc could hold its write end itself.
    protect_memory()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child:
        try:
            guard(child, lifeline, scratch)
        finally:  # a fault in the warden: the host ends what it leaves
            os.kill(os.getpid(), signal.SIGKILL)
    os.close(lifeline)
    os.setpgid(0, 0)  # what a plugin sends to its group does not reach the warden
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != warden:  # it ended before the kernel knew
        os._exit(1)
    lead_to(os.environ, scratch, allowed.cache, allowed.models)
    confine(limits, allowed, scratch, left_out)
    prctl(PR_SET_DUMPABLE, 1)  # like any process: some libraries look at themselves in /proc
    sys.argv[1:] = sys.argv[6:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def guard(child: int, lifeline: int, scratch: str) -> None:
    """Wait until the child has ended or the host lets go, end what is left, end as the child did.

    Args:
        child: process id of the confined process.
        lifeline: descriptor that is readable when the host has let go.
        scratch: folder to remove at the end.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):  # the host sees the end of its pipes when the child has ended
        os.dup2(nothing, descriptor)
    status = _watch(child, lifeline)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    if _has_children():
        end_children()
    remove_scratch(scratch)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:  # the host sees the signal
        with suppress(OSError, ValueError):
            signal.signal(-code, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
        os.kill(os.getpid(), -code)
    os._exit(code)


def _watch(child: int, lifeline: int) -> int | None:
    """Return the wait status of the child, or None when the host let go first."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
        with suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    poll.register(woken, select.POLLIN)
    while True:
        pid = -1
        while pid:  # orphans too
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == child:
                return status
        ready = {descriptor for descriptor, _ in poll.poll()}
        if woken in ready:
            os.read(woken, 1 << 12)
        elif lifeline in ready:
            return None


def _has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    main()
