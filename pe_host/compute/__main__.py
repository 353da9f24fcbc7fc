"""A worker process begins here: `python -P -m pe_host.compute HOST_PID`.

The order matters, and only the standard library is imported before it is through:

    1. claim_descriptors   the protocol moves away from 0 and 1, where a plugin's `print` would corrupt it
    2. confine             what the kernel should hold the process to, before there is a thread or a line of plugin code
    3. serve               numpy, the SDK, plugins
"""

import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def claim_descriptors() -> tuple[int, int]:
    """Move the protocol to two private descriptors, which are not inherited by what a plugin starts.

    Then 0 reads nothing and 1 writes where 2 does.

    Returns:
        The descriptors to read requests from and to write replies to.
    """
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, sink


def confine(host: int) -> None:
    """Bind the process to its host and give up what no plugin needs. An allow-list of files (Landlock) belongs here.

    No core dumps; on Linux, no gain of privileges by what it executes (which Landlock requires), and SIGKILL when the
    thread that started it ends, so that not even a plugin that hangs outlives the host.

    Args:
        host: process id of the host.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        prctl = ctypes.CDLL(None, use_errno=True).prctl
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != host:  # it ended before the kernel was told
        sys.exit()


def main() -> None:
    source, sink = claim_descriptors()
    confine(int(sys.argv[1]))
    from pe_host.compute.worker import serve

    serve(source, sink)


if __name__ == "__main__":
    main()
