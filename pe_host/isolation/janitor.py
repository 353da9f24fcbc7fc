"""A process beside the confined host, which removes the folders that the host made and may not.

The host may change what is in its folders, but not the folders that these lie in, so it can remove
none of them. The janitor is forked before the host is confined, runs no other code than this, and
can be asked for nothing else: it waits until the host has ended, however that happens. If the host
was killed, it leaves the folders, because the run may already be resumed there.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Sequence

from pe_host.isolation.confine import protect_memory
from pe_host.isolation.scratch import remove_scratch


def start_janitor(scratch: str, folders: Sequence[str]) -> Callable[[], None]:
    """Fork the process. This process must have one thread.

    Args:
        scratch: folder to remove with all that is in it.
        folders: folders to remove if they are empty, the innermost first, but not if this process
            is killed.

    Returns:
        A function that has it clean up now, and waits for that.
    """
    protect_memory()  # its environment is that of the host, and can name the private data
    held, kept = os.pipe()
    janitor = os.fork()
    if not janitor:
        try:
            asked = _wait(held)
            remove_scratch(scratch)
            remove_empty(folders if asked else ())
        finally:
            os._exit(0)
    os.close(held)

    def finish() -> None:
        with contextlib.suppress(OSError):  # somebody has killed it
            os.write(kept, b".")
        os.close(kept)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(janitor, 0)

    return finish


def remove_empty(folders: Iterable[str]) -> None:
    """Remove those of the folders that are empty, in their order."""
    for folder in folders:
        with contextlib.suppress(OSError):
            os.rmdir(folder)  # noqa: PTH106  see `proc`


def _wait(held: int) -> bool:
    """Wait until the host asks to clean up, or has ended; return whether it asked.

    No descriptor but that of the pipe is held meanwhile.
    """
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    os.dup2(held, 3)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    return bool(os.read(3, 1))
