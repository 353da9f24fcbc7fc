"""Runs `pe` for the tests: imports everything once, then forks for each run.

A run then costs no start-up time. Requests and answers are JSON objects, one a line:

- in: {"words", "cwd", "env", "kill_at_write", "kill_after"}
- out: {"code", "stdout", "stderr", "writes"}

A write is a flush of a file or folder to the disk; `writes` are the paths of all writes, in order.
The two kills send SIGKILL to the run's process, at its n-th write or after some seconds, without
any warning.
"""

import json
import os
import signal
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import dp_accounting.pld.privacy_loss_distribution
import faiss
import opendp.prelude
import sklearn.datasets

import pe_host.cli
import pe_host.commands.generate
import pe_host.commands.replay

PRELOADED = (
    dp_accounting,
    faiss,
    opendp,
    sklearn,
    pe_host.commands.generate,
    pe_host.commands.replay,
)


def child(request: dict, outputs: list[int]) -> None:
    """The forked process: become the command, and never return."""
    code = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(outputs[0], 1)
        os.dup2(outputs[1], 2)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        sys.argv = ["pe", *request["words"]]
        watch(outputs[2], request["kill_at_write"])
        code = pe_host.cli.main()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def watch(writes: int, kill_at: int) -> None:
    """Note the path of each write in the file `writes`, and die at one of them."""
    flush = os.fsync
    count = 0

    def counted(descriptor: int) -> None:
        nonlocal count
        count += 1
        os.write(writes, bytes(Path(f"/proc/self/fd/{descriptor}").readlink()) + b"\n")
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        flush(descriptor)

    os.fsync = counted


def serve() -> None:
    assert threading.active_count() == 1, "forking a process with threads is not safe"
    for line in sys.stdin:
        request = json.loads(line)
        with ExitStack() as stack:
            files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
            pid = os.fork()
            if pid == 0:
                child(request, [file.fileno() for file in files])
            if request["kill_after"] is not None:
                time.sleep(request["kill_after"])
                os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            texts = []
            for file in files:
                file.seek(0)
                texts.append(file.read().decode())
        code, (out, err, writes) = os.waitstatus_to_exitcode(status), texts
        answer = {"code": code, "stdout": out, "stderr": err, "writes": writes.splitlines()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
