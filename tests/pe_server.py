"""Runs `pe` for the tests: imports everything once, then forks for each run.

`python -P pe_server.py [MODULE...]` imports these modules as well. A run then costs no start-up
time. Requests and answers are JSON objects, one a line:

- in: {"words", "cwd", "env", "kill_at_write", "kill_after", "fork_plugins", "returns", "umask"}
- out: {"code", "stdout", "stderr", "writes"}

With `fork_plugins`, the processes that run plugin code are forks of the run too; otherwise each is
a fresh interpreter, as a user's are. PYTHONPATH of `env` is at the front of the import path.

`returns` maps functions of the host, by their full names, to the value that they return instead of
their own.

A write is a flush of a file or folder to the disk; `writes` are the paths of all writes, in order.
The two kills send SIGKILL to the run's process, at its n-th write or after some seconds, without
any warning.
"""

import gc
import importlib
import io
import json
import mmap
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from contextlib import ExitStack, redirect_stdout
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import dp_accounting.pld.privacy_loss_distribution
import faiss
import opendp.prelude
import packaging.requirements
import PIL.Image
import sklearn.datasets
import tomli_w
import typer.main

import pe_host.cli
import pe_host.cli._confined
import pe_host.commands.account
import pe_host.commands.budget
import pe_host.commands.export
import pe_host.commands.generate
import pe_host.commands.replay
import pe_host.commands.report
import pe_host.compute.worker
import pe_host.embeddings.pixels
import pe_host.plugins.child
import pe_host.plugins.describe
import pe_host.privacy.mechanism
import pe_host.privacy.readers.folder
import pe_host.privacy.readers.npz
import pe_host.privacy.readers.sklearn
import pe_host.privacy.statement
import pe_host.report.dataset_card
import pe_host.report.image_sheets
import pe_host.report.page
from pe_host.isolation import launch

PRELOADED = (
    dp_accounting,
    faiss,
    opendp,
    packaging.requirements,
    sklearn,
    tomli_w,
    pe_host.cli._confined,
    pe_host.commands.account,
    pe_host.commands.budget,
    pe_host.commands.export,
    pe_host.commands.generate,
    pe_host.commands.replay,
    pe_host.commands.report,
    pe_host.compute.worker,
    pe_host.embeddings.pixels,
    pe_host.plugins.child,
    pe_host.plugins.describe,
    pe_host.privacy.readers.folder,
    pe_host.privacy.readers.npz,
    pe_host.privacy.readers.sklearn,
    pe_host.privacy.statement,
    pe_host.report.image_sheets,
)
FLUSH, POPEN = os.fsync, subprocess.Popen

PIL.Image.preinit()
pe_host.privacy.mechanism.prepare(1.0)  # loads the library of the noise
for page in (pe_host.report.page, pe_host.report.dataset_card):
    page._template()  # compiled once for all reports


def child(request: dict, outputs: list[int], writes: mmap.mmap) -> None:
    """The forked process: become the command, and never return."""
    code = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(outputs[0], 1)
        os.dup2(outputs[1], 2)
        os.chdir(request["cwd"])
        os.umask(request["umask"])
        os.environ.clear()
        os.environ.update(request["env"])
        sys.argv = ["pe", *request["words"]]
        sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
        for function, value in request["returns"].items():
            module, _, name = function.rpartition(".")
            setattr(importlib.import_module(module), name, lambda *_, value=value: value)
        watch(writes, request["kill_at_write"])
        if request["fork_plugins"]:
            vars(launch)["subprocess"] = SimpleNamespace(**{**vars(subprocess), "Popen": forked})
        code = pe_host.cli.main()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def watch(writes: mmap.mmap, kill_at: int) -> None:
    """Note the path of each write in the shared memory `writes`, and die at one of them.

    A command closes files that it inherits, but it cannot give back memory.
    """
    count = 0

    def counted(descriptor: int) -> None:
        nonlocal count
        count += 1
        writes.write(bytes(Path(f"/proc/self/fd/{descriptor}").readlink()) + b"\n")
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        FLUSH(descriptor)

    os.fsync = counted


def forked(words: list[str], *, pass_fds: tuple[int, ...], env: dict, **others) -> subprocess.Popen:
    """Stand for `subprocess.Popen` of `python -P -m MODULE ARGUMENT...`, without a new interpreter.

    The module runs in a fork of this process, with the descriptors, session and environment of a
    new one. It inherits the run's memory: tests of what plugins can reach need interpreters.
    """
    assert words[:3] == [sys.executable, "-P", "-m"], words

    def become() -> None:
        code = 70
        try:
            first = 3
            for descriptor in sorted(pass_fds):  # Popen waits until its own descriptor is closed
                os.closerange(first, descriptor)
                first = descriptor + 1
            os.closerange(first, os.sysconf("SC_OPEN_MAX"))
            forget_threads()
            os.fsync = FLUSH
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
            os.environ.clear()
            os.environ.update(env)
            gc.enable()
            sys.argv = words[3:]
            runpy.run_module(words[3], run_name="__main__", alter_sys=True)
            code = 0
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    return POPEN(words, pass_fds=pass_fds, env=env, preexec_fn=become, **others)


def forget_threads() -> None:
    """Leave behind what other threads of the run were doing when this process was forked.

    A module that one of them was importing would stay locked for good, and half imported.
    """
    importlib._bootstrap._module_locks.clear()
    for name, module in [*sys.modules.items()]:
        if getattr(getattr(module, "__spec__", None), "_initializing", False):
            del sys.modules[name]


def prepare(modules: list[str]) -> None:
    """Import what is asked for, and make the parser of the command line, once for all runs."""
    for name in modules:
        importlib.import_module(name)
    for owner, name in ((pe_host.cli, "_app"), (typer.main, "get_command")):
        setattr(owner, name, cache(getattr(owner, name)))
    sys.argv = ["pe", "list-plugins"]
    with redirect_stdout(io.StringIO()):
        pe_host.cli.main()


def serve() -> None:
    assert threading.active_count() == 1, "forking a process with threads is not safe"
    gc.freeze()  # or the first collection in each fork copies the memory of all these modules
    for line in sys.stdin:
        request = json.loads(line)
        with ExitStack() as stack:
            files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(2)]
            writes = stack.enter_context(mmap.mmap(-1, 1 << 20))  # no page of it exists before use
            pid = os.fork()
            if pid == 0:
                child(request, [file.fileno() for file in files], writes)
            if request["kill_after"] is not None:
                time.sleep(request["kill_after"])
                os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            texts = []
            for file in files:
                file.seek(0)
                texts.append(file.read().decode())
            paths = writes[: writes.find(b"\0")].decode().splitlines()
        code, (out, err) = os.waitstatus_to_exitcode(status), texts
        answer = {"code": code, "stdout": out, "stderr": err, "writes": paths}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    prepare(sys.argv[1:])
    serve()
