"""`pe` in the process of `server.py`, and what holds for every command whatever its input is."""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CODES = (0, 2, 3, 4, 5)
"""The exit codes that the documentation names, without 1, a bug, and 130, an interruption."""

SECONDS = 120.0
"""A command that takes longer hangs. The longest of all cases takes a second on a free machine."""

TESTS = Path(__file__).parents[1]

SERVER = (str(TESTS / "bad_input/server.py"),)
"""What the process runs."""

SMALL = (
    *("--plugin", "anything", "--embedding", "odd", "--iterations", "1", "--candidates", "8"),
    *("--samples", "4", "--votes", "1", "--workers", "1"),
)
"""Settings of the quickest run, for records of any kind. It imports no torch."""

FINDERS = ("doctor", "check-plugin")
"""Commands that end with 3 or 5 because of what they found, and say that on stdout."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and how many noisy histograms it drew."""

    words: tuple[str, ...]
    code: int
    stdout: str
    stderr: str
    draws: int = 0
    flushes: int = 0
    seconds: float = 0.0

    @property
    def errors(self) -> list[str]:
        """The lines that begin an error: of `pe`, or of the parser of its words."""
        starts = ("error: ", "Error: ")
        return [line for line in self.stderr.splitlines() if line.startswith(starts)]


class Commands:
    """Runs commands in scratch folders, with a cache of its own, and a budget in each folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PE_")}
        own = {"XDG_CACHE_HOME": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
        self.environment = {**kept, **own}
        self.mistake: str | None = None
        """Name of the mistake in `mistakes.py` that the product has now."""
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(
        self,
        *words: object,
        cwd: Path,
        env: dict[str, str] | None = None,
        mangled: Sequence[dict] = (),
        copy: dict[str, Any] | None = None,
    ) -> Outcome:
        """Run a command; see `server.py`.

        Raises:
            AssertionError: it hangs, or its process died.
        """
        texts = [str(word) for word in words]
        request = {
            "words": texts,
            "cwd": str(cwd),
            "env": {**self.environment, "PE_BUDGET": str(cwd / "budget"), **(env or {})},
            "mangled": list(mangled),
            "copy": copy,
            "mistake": self.mistake,
        }
        return Outcome(tuple(texts), **self._ask(request))

    @contextlib.contextmanager
    def correct(self) -> Iterator[None]:
        """Run commands without the mistake."""
        before, self.mistake = self.mistake, None
        yield
        self.mistake = before

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        process = self._process = self._process or self._start()
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], SECONDS)[0]:
            process.send_signal(signal.SIGABRT)  # it shows where it was
            self._end()
            raise AssertionError(f"no answer within {SECONDS:g} s: {request['words']}")
        line = process.stdout.readline()
        if not line:
            status = self._end()
            raise AssertionError(f"the process ended with status {status}: {request['words']}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-P", *SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**self.environment, "PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
        )
        assert process.stdout
        assert process.stdout.readline() == b"ready\n", "the process does not start"
        return process

    def _end(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        try:
            process.communicate(timeout=10)  # closes its input, at which it ends
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        return process.returncode

    def close(self) -> None:
        self._end()


def judge(done: Outcome, secrets: Iterable[str] = (), run: Path | None = None) -> None:
    """Assert what holds for every command.

    Args:
        done: how it ended.
        secrets: texts of the private data, which it must not show.
        run: the run folder, whose files must not have them either.
    """
    said = f"{done.words}\ncode {done.code}\n{done.stdout}\n{done.stderr}"
    assert done.code in CODES, said
    for sign in ("Traceback", "this is a bug", "Warning: "):
        assert sign not in done.stderr, said
    if done.code == 0:
        assert not done.errors, said
    elif done.words[:1] not in [(name,) for name in FINDERS]:
        assert len(done.errors) == 1, said
        assert "next: " in done.stderr or done.code == 3 or done.errors[0][0] == "E", said
    typed = {"\n", *"".join(done.words)}  # the parser, and results, show what was typed as it is
    parsed = bool(done.errors) and done.errors[0].startswith("Error: ")
    shown = done.stdout + done.stderr if parsed else done.stdout
    assert all(c.isprintable() or c in typed for c in shown), said
    assert parsed or all(c.isprintable() or c == "\n" for c in done.stderr), said
    for secret in secrets:
        assert secret not in done.stdout and secret not in done.stderr, said
        for file in files_of(run):
            found = secret.encode() in file.read_bytes()
            assert not found, f"{file} holds {secret!r}\n{said}"


def files_of(run: Path | None) -> list[Path]:
    """The files of a run in which a person, or a program, would read a text."""
    if run is None or not run.is_dir():
        return []
    return [path for path in run.rglob("*") if path.is_file() and not path.is_symlink()]


def paid(run: Path) -> int:
    """The number of draws that the ledger of a run accounts for; 0 without one."""
    ledger = run / "ledger.jsonl"
    if not ledger.is_file():
        return 0
    _, *lines = ledger.read_bytes().split(b"\n")
    return sum(bool(line) and b'"kind": "torn"' not in line for line in lines)


def check_paid(done: Outcome, run: Path, begun: bool = False) -> None:
    """Assert that the ledger of a new run accounts for every draw.

    Args:
        done: how the command ended.
        run: the run folder.
        begun: a run that failed may have begun, with nothing spent. Otherwise nothing is left of
            it.
    """
    assert paid(run) >= done.draws, f"{paid(run)} of {done.draws} draws: is paid for\n{done}"
    if done.code and not paid(run) and not begun:
        assert not run.exists() or not [*run.iterdir()], [done, *run.iterdir()]


def fresh(folder: Path) -> Path:
    """The folder, empty."""
    restore(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def restore(folder: Path) -> None:
    """Give back the permissions that a case has taken away, so that it can be read and removed."""
    for path, folders, files in os.walk(folder):  # from above: a folder before what is in it
        for name in (*folders, *files):
            place = Path(path, name)
            if not place.is_symlink() and not place.stat().st_mode & 0o400:
                place.chmod(0o700)


def scratch() -> Path:
    """A new folder in memory, where there is such a place."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="pe-bad-", dir=memory if memory.is_dir() else None))
