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
from collections.abc import Collection
from contextlib import suppress

from pe_host.isolation import landlock
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.confine import (
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    Limits,
    confine,
    prctl,
    protect_memory,
)
from pe_host.isolation.descendants import end_children
from pe_host.isolation.scratch import lead_to, make_scratch, remove_scratch
from pe_host.isolation.wall import SIGNALS


def main() -> None:
    """Fork; the parent watches, and the child confines itself and runs the module."""
    lifeline, module, warden = int(sys.argv[1]), sys.argv[5], os.getpid()
    limits, allowed = Limits(*json.loads(sys.argv[2])), Allowed.from_json(sys.argv[3])
    left_out = json.loads(sys.argv[4])
    scratch = make_scratch()
    # Before the fork: a plugin that found the lifeline in /proc could hold its write end itself.
    protect_memory()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    reaches_below_only = _keep_signals_below(left_out)
    child = os.fork()
    if child:
        try:
            guard(child, lifeline, scratch, reaches_below_only)
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


def _keep_signals_below(left_out: Collection[str]) -> bool:
    """Have the signals of the warden reach only what is below it; return whether that is so.

    It can then end all of that at once, and what hides in a /proc that is mounted with `hidepid`.
    """
    host = os.getppid()
    if SIGNALS in left_out or landlock.version() < 6:
        return False
    try:
        os.kill(host, 0)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        landlock.restrict({}, files=False, tcp=False, abstract=False)
    except OSError:
        return False
    try:
        os.kill(host, 0)
    except PermissionError:
        return True
    return False


def guard(child: int, lifeline: int, scratch: str, reaches_below_only: bool) -> None:
    """Wait until the child has ended or the host lets go, end what is left, end as the child did.

    Args:
        child: process id of the confined process.
        lifeline: descriptor that is readable when the host has let go.
        scratch: folder to remove at the end.
        reaches_below_only: whether the signals of this process reach only what is below it.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):  # the host sees the end of its pipes when the child has ended
        os.dup2(nothing, descriptor)
    status = _watch(child, lifeline)
    with suppress(ProcessLookupError, PermissionError):  # not reaped: its number is still its own
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    if reaches_below_only:
        _end_all()
    elif _has_children():
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
    """Wait until the child has ended or the host has let go.

    Returns:
        The wait status of the child if it was reaped, else None.
    """
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
        ended, status = _end_of(child)
        if ended:
            return status
        ready = {descriptor for descriptor, _ in poll.poll()}
        if woken in ready:
            os.read(woken, 1 << 12)
        elif lifeline in ready:
            return None


def _end_of(child: int) -> tuple[bool, int | None]:
    """Return whether the child has ended, and its wait status if it was reaped; reap orphans.

    Linux leaves the child to be reaped later. Until then its number stays its own, and that of its
    group: `killpg` cannot hit another process that got the number.
    """
    if sys.platform != "linux":
        pid, status = os.waitpid(child, os.WNOHANG)
        return bool(pid), status if pid else None
    while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if ended.si_pid == child:
            return True, None
        os.waitpid(ended.si_pid, 0)
    return False, None


def _end_all() -> None:
    """Kill and reap all that is below a process whose signals reach only that.

    The kernel holds every fork back while it kills, so that none gets away.
    """
    with suppress(OSError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    main()
