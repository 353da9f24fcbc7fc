"""A command that Python code called begins here: it ends with the process that called it.

`python -P -m pe_host.api CALLER`, by `pe_host.api.process.call`. The first line of stdin is the
words of the command, as a JSON list; the rest is its settings, which it reads as a file. So the
names of private data stand neither on a command line, which everybody can see, nor in a file that a
killed caller leaves behind.

A caller that is killed cannot interrupt the command, which would spend budget on a run that nobody
waits for.
"""

import json
import os
import runpy
import signal
import sys

from pe_host.isolation.confine import PR_SET_PDEATHSIG, prctl


def main() -> None:
    """Have the kernel report the end of the caller, and run `pe`."""
    caller = int(sys.argv[1])
    # Like any other termination: the run is kept, and can be resumed. (Linux only.)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != caller:  # it ended before the kernel knew
        sys.exit(1)
    with open(0, "rb", buffering=0, closefd=False) as stdin:  # takes nothing of what follows
        line = stdin.readline()
    if not line.endswith(b"\n"):  # it ended while it wrote
        sys.exit(1)
    sys.argv[1:] = json.loads(line)
    runpy.run_module("pe_host", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
