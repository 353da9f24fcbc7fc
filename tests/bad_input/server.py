"""Runs `pe` commands for the tests of bad input: all in this process, so each takes milliseconds.

Plugins run here too (see `plugins.py`), where a user's command starts processes of its own. Nothing
is flushed to the disk, and this process is not confined. All else is the command itself, from its
words to its exit code.

Requests and answers are JSON objects, one a line:

- in: {"words", "cwd", "env", "mangled", "copy", "mistake"}: the command; what plugins answer in
  its place (see `plugins.py`); {"at", "from", "to"}, which copies a folder just before the n-th
  flush to the disk, as a kill at that moment would leave it; and the name of a mistake in
  `mistakes.py` that the product has meanwhile
- out: {"code", "stdout", "stderr", "draws", "flushes", "seconds"}: how it ended; the number of
  noisy histograms that were drawn, whatever the ledger says; flushes to the disk, and CPU time

It is a process of its own because bad input may end a process, or keep it busy for ever.
"""

import contextlib
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from functools import cache

import dp_accounting.pld.privacy_loss_distribution
import opendp.prelude
import PIL.Image
import pyarrow.compute
import pyarrow.parquet
import pydantic
import tomli_w
import typer.main

import pe_host.commands.account
import pe_host.commands.budget
import pe_host.commands.doctor
import pe_host.commands.export
import pe_host.commands.generate
import pe_host.commands.replay
import pe_host.commands.report
import pe_host.job.confinement
import pe_host.privacy.side
import pe_host.session.start
from bad_input import mistakes, plugins
from pe_host import cli
from pe_host.cli import _confined
from pe_host.cli._errors import guarded
from pe_host.isolation.confine import drop_capabilities
from pe_host.isolation.wall import Wall

LOADED = (
    dp_accounting,
    opendp,
    PIL.Image,
    pyarrow.compute,
    pyarrow.parquet,
    pydantic.TypeAdapter,  # what typer reads its arguments with
    tomli_w,
    pe_host.commands.account,
    pe_host.commands.budget,
    pe_host.commands.doctor,
    pe_host.commands.export,
    pe_host.commands.generate,
    pe_host.commands.replay,
    pe_host.commands.report,
)


HANGS = 5
"""Seconds after which a command hangs, if it has a mistake."""


class Counter:
    """Counts what commands do: `draws` of noise, and `flushes` to the disk.

    `copy` are the folders to copy before one of the flushes; see the module.
    """

    draws = flushes = 0
    copy: dict | None = None

    def flush(self, descriptor: int) -> None:
        self.flushes += 1
        if self.copy and self.flushes == self.copy["at"]:
            shutil.copytree(self.copy["from"], self.copy["to"])

    def reset(self, copy: dict | None) -> None:
        self.draws, self.flushes, self.copy = 0, 0, copy


COUNTER = Counter()


def prepare() -> None:
    """Replace what takes time: flushes, other processes, the wall around this one."""
    os.fsync = COUNTER.flush
    os.sync = lambda: None
    _confined.offered = lambda: Wall(0, False)
    draw = pe_host.privacy.side.add_noise

    def counted(*arguments: object) -> object:
        COUNTER.draws += 1
        return draw(*arguments)

    pe_host.privacy.side.add_noise = counted
    pe_host.session.start.version = cache(pe_host.session.start.version)
    pe_host.job.confinement.find_open = lambda paths, allowed: [
        path for path in paths if not os.path.realpath(path)
    ]
    plugins.install()
    # What has no permissions is closed to the superuser too.
    drop_capabilities()
    gc.collect()
    gc.freeze()


@contextlib.contextmanager
def streams(files: list) -> object:
    """Let the descriptors 1 and 2, and what Python makes of them, lead to these files."""
    kept = [os.dup(1), os.dup(2)]
    before = sys.stdout, sys.stderr
    for descriptor, file in enumerate(files, 1):
        file.truncate(0)
        file.seek(0)
        os.dup2(file.fileno(), descriptor)
    how = {"mode": "w", "encoding": "utf-8", "errors": "replace", "closefd": False}
    try:
        with open(1, **how) as sys.stdout, open(2, **how) as sys.stderr:
            yield
    finally:
        sys.stdout, sys.stderr = before
        for descriptor, copy in enumerate(kept, 1):
            os.dup2(copy, descriptor)
            os.close(copy)


@contextlib.contextmanager
def limit(wanted: bool) -> object:
    """With a mistake, let a command that waits for ever hang for a few seconds only."""

    def ends(*_: object) -> None:
        print("it hangs", file=sys.stderr)
        raise SystemExit(1)

    before = signal.signal(signal.SIGALRM, ends)
    signal.alarm(HANGS if wanted else 0)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(command: object, request: dict, files: list) -> dict:
    """Run a command, and return the answer."""
    COUNTER.reset(request["copy"])
    plugins.MANGLED.begin(request["mangled"])
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    started = time.process_time()
    with streams(files), mistakes.made(request["mistake"]), limit(bool(request["mistake"])):
        code = guarded(lambda: command.main(args=request["words"], prog_name="pe"))
    seconds = time.process_time() - started
    texts = [os.pread(file.fileno(), 1 << 24, 0).decode("utf-8", "replace") for file in files]
    return {
        "code": code,
        "stdout": texts[0],
        "stderr": texts[1],
        "draws": COUNTER.draws,
        "flushes": COUNTER.flushes,
        "seconds": seconds,
    }


def serve() -> None:
    prepare()
    command = typer.main.get_command(cli._app())
    with os.fdopen(os.dup(1), "w") as out, contextlib.ExitStack() as stack:
        os.dup2(2, 1)  # whatever is printed between two commands is no answer
        print("ready", file=out, flush=True)
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(2)]
        for line in sys.stdin:
            print(json.dumps(run(command, json.loads(line), files)), file=out, flush=True)


if __name__ == "__main__":
    serve()
