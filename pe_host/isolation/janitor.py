"""A process beside the confined host, which removes the folders that the host made and may not.

The host may change what is in its folders, but not the folders that these lie in, so it can remove
none of them. The janitor is forked before the host is confined, runs no other code than this, and
can be asked for nothing: it waits until the host has ended, however that happens.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Sequence

from pe_host.isolation.scratch import remove_scratch


def start_janitor(scratch: str, folders: Sequence[str]) -> Callable[[], None]:
    """Fork the process. This process must have one thread.

    Args:
        scratch: folder to remove with all that is in it.
        folders: folders to remove if they are empty, the innermost first.

    Returns:
        A function that has it clean up now, and waits for that.
    """
    held, kept = os.pipe()
    janitor = os.fork()
    if not janitor:
        try:
            _wait(held)
            remove_scratch(scratch)
            with contextlib.suppress(OSError):
                for folder in folders:
                    os.rmdir(folder)  # noqa: PTH106  see `proc`
        finally:
            os._exit(0)
    os.close(held)

    def finish() -> None:
        os.close(kept)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(janitor, 0)

    return finish


def _wait(held: int) -> None:
    """Wait until no process holds the other end of a pipe, and hold nothing else meanwhile."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    os.dup2(held, 3)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    os.read(3, 1)
