"""The host's side: start a module in a confined process, and end all that it started."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO

from pe_host.isolation import proc, wall
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.confine import PR_SET_CHILD_SUBREAPER, Limits, prctl, protect_memory
from pe_host.isolation.descendants import end_children
from pe_host.isolation.environment import allowed_environment

_GRACE_SECONDS = 10.0
"""How long a warden may take to end what is below it before it is killed itself."""

left_out: frozenset[str] = frozenset()
"""Parts of the confinement to do without. Tests set it, to show what each of them is good for."""

_lock = threading.Lock()
_wardens: set[int] = set()
"""Process ids of those that this process has not yet reaped."""


def launch(
    module: str,
    arguments: Sequence[str] = (),
    *,
    stdin: int | IO[bytes] | None,
    stdout: int | IO[bytes] | None,
    stderr: int | IO[bytes] | None = None,
    environment: Mapping[str, str] | None = None,
    allowed: Allowed | None = None,
    limits: Limits | None = None,
) -> "Launched":
    """Run a module as a program in a confined process that inherits no descriptor but 0, 1 and 2.

    The host's own memory is protected first, so that no plugin code runs while it is open. Nothing
    is imported from the working directory. Any thread may launch, and any may end.

    Args:
        module: what `python -m` would run.
        arguments: its `sys.argv[1:]`.
        stdin, stdout, stderr: those of `subprocess.Popen`, unbuffered.
        environment: variables beside those of `allowed_environment`.
        allowed: what it may do beyond the interpreter, the packages and the system's libraries;
            by default nothing.
        limits: those of `Limits()` by default.

    Raises:
        OSError: the system starts no process.
    """
    protect_memory()
    prctl(PR_SET_CHILD_SUBREAPER, 1)  # what a warden leaves that was killed comes here
    held, kept = os.pipe()
    lifeline = os.fdopen(kept, "wb", buffering=0)
    confinement = (json.dumps(limits or Limits()), (allowed or Allowed()).to_json())
    words = [str(held), *confinement, json.dumps(sorted(left_out)), module, *arguments]
    try:
        with _lock:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pe_host.isolation", *words],
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                bufsize=0,
                pass_fds=(held,),  # and close all others
                start_new_session=True,
                env=allowed_environment() | dict(environment or {}),
            )
            _wardens.add(process.pid)
    except BaseException:
        lifeline.close()
        raise
    finally:
        os.close(held)
    return Launched(process, lifeline)


def offered() -> wall.Wall:
    """Return what the running kernel offers to confine the processes that `launch` starts."""
    return wall.offered(left_out)


class Launched:
    """A process that `launch` started, with all that it starts. `pid` is that of its warden."""

    def __init__(self, process: subprocess.Popen[bytes], lifeline: IO[bytes]) -> None:
        self._process, self._lifeline = process, lifeline
        self.pid = process.pid
        self.stdin, self.stdout, self.stderr = process.stdin, process.stdout, process.stderr

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal, or None while the process runs."""
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit status that `poll` returns.

        Raises:
            subprocess.TimeoutExpired: there is none within `timeout` seconds.
        """
        return self._process.wait(timeout)

    def stop(self) -> None:
        """Have the process and all that it started killed, without waiting. From any thread."""
        self._lifeline.close()
        self._process.send_signal(signal.SIGCONT)  # a plugin may have stopped its warden

    def end(self) -> int:
        """Kill the process, whatever it is doing, and return its status when nothing is left."""
        self.stop()
        try:
            status = self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        with _lock:
            _wardens.discard(self.pid)
            if status < 0:  # it may have been the warden that was killed
                end_children(_is_stray)
        return status


def _is_stray(pid: int, session: int) -> bool:
    """Tell whether a child of this process is an orphan of a warden that was killed.

    It is in another session than what this process starts otherwise, and marked by no_new_privs,
    which it cannot take back. (Where this process has that mark itself, the session has to do.)
    """
    return (
        pid not in _wardens
        and session != os.getsid(0)
        and (_is_marked(pid) or _is_marked(os.getpid()))
    )


def _is_marked(pid: int) -> bool:
    return "NoNewPrivs:\t1" in proc.read(f"{pid}/status")
