"""Runs `pe` for the tests: imports everything once, then forks for each run, so that a run costs no start-up time.

Requests and answers are JSON objects, one a line: {"words", "cwd", "env", "kill_at_write", "kill_after"} in,
{"code", "stdout", "stderr"} out. The two kills are SIGKILL of the run's process, at the n-th time it flushes something to
the disk or after some seconds, without any warning to it.
"""

import json
import os
import signal
import sys
import tempfile
import threading
import time

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
        if request["kill_at_write"]:
            arm(request["kill_at_write"])
        code = pe_host.cli.main()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def arm(writes: int) -> None:
    flush = os.fsync

    def counted(descriptor: int) -> None:
        nonlocal writes
        writes -= 1
        if writes == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        flush(descriptor)

    os.fsync = counted


def serve() -> None:
    assert threading.active_count() == 1, "forking a process with threads is not safe"
    for line in sys.stdin:
        request = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            pid = os.fork()
            if pid == 0:
                child(request, [out.fileno(), err.fileno()])
            if request["kill_after"] is not None:
                time.sleep(request["kill_after"])
                os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        answer = {"code": os.waitstatus_to_exitcode(status), "stdout": texts[0], "stderr": texts[1]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
