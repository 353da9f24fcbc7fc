"""One worker process as the host sees it: start, ask with a deadline, tell how it ended."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from numpy.typing import NDArray

from pe_host.compute import protocol
from pe_host.compute.failures import printable
from pe_host.compute.protocol import Arrays, ProtocolError
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.launch import launch

_TAIL_BYTES = 16 << 10
_TAIL_LINES = 10
_PIPE_BYTES = 1 << 20

_ENVIRONMENT = {
    # One thread a worker: there are as many workers as cores, and sums must not depend on threads.
    **dict.fromkeys(
        (
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "MKL_NUM_THREADS",
            "BLIS_NUM_THREADS",
            "VECLIB_MAXIMUM_THREADS",
            "NUMBA_NUM_THREADS",
        ),
        "1",
    ),
    "LP_NUM_THREADS": "0",  # llvmpipe: render in the calling thread
    "PYTHONHASHSEED": "0",  # the order of sets of texts is the same in every worker
    "PYTHONSAFEPATH": "1",
}


class WorkerLostError(Exception):
    """The process died, was too slow, or sent nonsense; the message ends with its last output."""


class WorkerProcess:
    """A confined process that inherits no descriptor but its three pipes.

    One thread makes, uses and ends it; only `kill` may be called from elsewhere. Of what plugins
    print, the last 16 KiB are kept in memory.

    Args:
        allowed: what it may do.
    """

    def __init__(self, allowed: Allowed) -> None:
        self._process = launch(
            "pe_host.compute",
            allowed=allowed,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            environment=_ENVIRONMENT,
        )
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._requests = self._process.stdin.fileno()
        self._replies = self._process.stdout.fileno()
        self._errors = self._process.stderr.fileno()
        self._tail = bytearray()
        self._deadline = 0.0
        self._ended = False
        self._status: int | None = None
        for descriptor in (self._requests, self._replies, self._errors):
            os.set_blocking(descriptor, False)
        _enlarge(self._requests)
        _enlarge(self._replies)

    def ask(
        self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], seconds: float
    ) -> tuple[dict[str, Any], Arrays]:
        """Send a request and wait for the reply, `seconds` for both.

        Raises:
            ProtocolError: the request breaks a rule; nothing was sent.
            WorkerLostError: the process is of no more use and was ended.
        """
        self._deadline = time.monotonic() + seconds
        try:
            protocol.write(self, header, arrays)
            reply = self._read()
        except BrokenPipeError:
            reply = None
        except TimeoutError:
            self.end()
            raise WorkerLostError(
                f"gave no answer within {seconds:g} s{self._last_words()}"
            ) from None
        if reply is None:
            status = self.end()
            raise WorkerLostError(f"{_fate(status)}{self._last_words()}")
        return reply

    def _read(self) -> tuple[dict[str, Any], Arrays] | None:
        try:
            return protocol.read(self)
        except ProtocolError as error:
            if self._ended:
                return None
            self.end()
            raise WorkerLostError(f"answered nonsense: {error}{self._last_words()}") from error

    def end(self, grace: float = 0.0) -> int:
        """Close the process's input, wait up to `grace` seconds for it to leave, and end it.

        Returns:
            The exit status, negative for a signal.
        """
        if self._status is not None:
            return self._status
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._process.stdin.close()
        self._deadline = time.monotonic() + grace
        scrap = memoryview(bytearray(1 << 16))
        with suppress(TimeoutError):
            while time.monotonic() < self._deadline and self.readinto(scrap):
                pass
        self._status = self._process.end()
        self._drain(reads=64)
        self._process.stdout.close()
        self._process.stderr.close()
        return self._status

    def kill(self) -> None:
        """Kill the process and what it started, without waiting. From any thread."""
        self._process.stop()

    def readinto(self, buffer: memoryview, /) -> int:
        """Read as a `protocol.Source`. Raises TimeoutError at the deadline."""
        while True:
            with suppress(BlockingIOError):
                count = os.readv(self._replies, [buffer])
                self._ended = count == 0
                return count
            self._wait(self._replies, select.POLLIN)

    def write(self, data: memoryview, /) -> int:
        """Write as a `protocol.Sink`. Raises TimeoutError at the deadline."""
        while True:
            with suppress(BlockingIOError):
                return os.write(self._requests, data)
            self._wait(self._requests, select.POLLOUT)

    def _wait(self, descriptor: int, event: int) -> None:
        """Wait until the descriptor is ready.

        Meanwhile read standard error, or the process would block on it.
        """
        poll = select.poll()
        poll.register(descriptor, event)
        poll.register(self._errors, select.POLLIN)
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            ready = {number for number, _ in poll.poll(left * 1000 + 1)}
            if self._errors in ready and not self._drain():
                poll.unregister(self._errors)
            if descriptor in ready:
                return

    def _drain(self, reads: int = 1) -> bool:
        """Read some of standard error; returns False at its end."""
        with suppress(BlockingIOError):
            for _ in range(reads):
                data = os.read(self._errors, 1 << 16)
                if not data:
                    return False
                self._tail += data
                del self._tail[:-_TAIL_BYTES]
        return True

    def _last_words(self) -> str:
        lines = printable(self._tail[-2000:].decode(errors="replace")).strip().splitlines()
        return "".join(f"\n  {line}" for line in lines[-_TAIL_LINES:])


def _fate(status: int) -> str:
    if status >= 0:
        return f"ended itself with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was killed by {name}{' (often: out of memory)' if name == 'SIGKILL' else ''}"


def _enlarge(pipe: int) -> None:
    """Enlarge a pipe if the kernel lets us: then the processes take fewer turns."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
