"""One command of `pe` in a forked process, disturbed from outside at one moment."""

import contextlib
import importlib.util
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from killing import inside
from killing.disturbance import Disks, Disturbance
from killing.phases import PHASES, Board

HANGS = 180.0
"""Seconds after which a command hangs: some hundred times what it takes."""


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Args:
        code: its exit status, negative for a signal; None if it hung.
        stdout, stderr: what it printed.
        phase: where it was disturbed, one of PHASES; None if it was not.
    """

    code: int | None
    stdout: str
    stderr: str
    phase: str | None


@dataclass(frozen=True)
class Place:
    """Where commands run.

    Args:
        folder: holds the data and the rest.
        disks: of runs and budget.
        board: shows how far a command is.
        environment: of the commands.
    """

    folder: Path
    disks: Disks
    board: Board
    environment: Mapping[str, str]

    @property
    def truth(self) -> Path:
        """The file of draws."""
        return self.folder / "truth.jsonl"

    def pe(
        self,
        words: Sequence[str],
        disturbance: Disturbance | None = None,
        mistake: Callable[[], None] | None = None,
    ) -> Ended:
        """Run a command.

        Args:
            words: what follows `pe` on the command line.
            disturbance: what to do to it.
            mistake: makes one in the code of the forked process.
        """
        self.board.clear()
        outputs = [self.folder / name for name in ("stdout", "stderr")]
        (heard, say), (hear, answer) = os.pipe(), os.pipe()
        pid = os.fork()
        if not pid:
            os.close(heard)
            os.close(answer)
            trigger = disturbance.trigger if disturbance else None
            folders = [self.disks.run.path, self.disks.budget.path, self.folder / "cache"]
            watcher = inside.Watcher(self.board, trigger, say, hear, folders)
            _become(words, self, outputs, watcher, mistake)
        os.close(say)
        os.close(hear)
        try:
            code, phase = _watched(pid, heard, answer, disturbance, self)
        finally:
            os.close(heard)
            os.close(answer)
            self.disks.restore()
        stdout, stderr = (path.read_text(errors="replace") for path in outputs)
        return Ended(code, stdout, stderr, phase)


def load_server() -> Any:
    """The fork server of the tests, with all that it imports.

    Its module imports everything that `pe` needs, and holds the function that forks processes of
    plugins instead of starting interpreters.
    """
    path = Path(__file__).parents[2] / "tests" / "pe_server.py"
    spec = importlib.util.spec_from_file_location("pe_server", path)
    assert spec and spec.loader
    module = sys.modules["pe_server"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _become(
    words: Sequence[str],
    place: Place,
    outputs: Sequence[Path],
    watcher: inside.Watcher,
    mistake: Callable[[], None] | None,
) -> None:
    """The forked process: become the command, and never return."""
    code = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for descriptor, path in enumerate(outputs, 1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
        truth = os.open(place.truth, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.chdir(place.folder)
        os.environ.clear()
        os.environ.update(place.environment)
        for number in (signal.SIGTERM, signal.SIGHUP):  # as in a terminal, not as under nohup
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["pe", *words]
        inside.put(subprocess, "Popen", sys.modules["pe_server"].forked)
        inside.install(watcher, truth)
        if mistake:
            mistake()
        code = sys.modules["pe_host.cli"].main()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _watched(
    pid: int, heard: int, answer: int, disturbance: Disturbance | None, place: Place
) -> tuple[int | None, str | None]:
    """Exit status and phase of the disturbance."""
    handle = os.pidfd_open(pid)
    try:
        end, phase = time.monotonic() + HANGS, None
        # The pipe is at its end, and not the trigger reached, if the process ended before.
        if disturbance and heard in _ready([heard, handle], HANGS) and os.read(heard, 1):
            phase = _disturbed(pid, handle, answer, disturbance, place)
        if not _ready([handle], end - time.monotonic()):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None, phase
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), phase
    finally:
        os.close(handle)


def _disturbed(
    pid: int, handle: int, answer: int, disturbance: Disturbance, place: Place
) -> str | None:
    """Disturb a process that waits; return its phase, or None if it had ended before."""

    def go_on() -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(answer, b".")

    if disturbance.after is not None:
        go_on()
        if _ready([handle], disturbance.after):
            return None
    phase = PHASES[place.board.phase]
    done = place.disks.disturb(disturbance, pid)
    if disturbance.after is None:
        go_on()
    if disturbance.lasts is not None:
        _ready([handle], disturbance.lasts)
        place.disks.restore()
    return phase if done else None


def _ready(descriptors: list[int], seconds: float) -> list[int]:
    return select.select(descriptors, [], [], max(0.0, seconds))[0]
