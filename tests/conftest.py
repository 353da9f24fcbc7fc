"""Fixtures that tests across packages share.

They are a small private data set, a finished run on it, and `pe` as a person runs it.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from installing import FOLDERS, build

SMALL = (
    *("--plugin", "echo", "--embedding", "pixels", "--iterations", "3", "--candidates", "120"),
    *("--samples", "40", "--votes", "2", "--epsilon", "4", "--workers", "2"),
)
"""Settings of a run that takes a second."""


@dataclass(frozen=True)
class Done:
    """How a command ended; the code is negative for a signal.

    `writes` are the paths that it flushed to the disk.
    """

    returncode: int
    stdout: str
    stderr: str
    writes: tuple[str, ...]


class Server:
    """The process of `pe_server.py`, started at the first request, and again after it has died.

    Each process of pytest has its own: it is a child of that process and dies with it.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, request: dict[str, Any]) -> Done:
        """Run a command.

        Raises:
            RuntimeError: the server itself died. The next request starts another.
        """
        process = self._process = self._process or self._start()
        assert process.stdin and process.stdout
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            code, self._process = process.wait(), None
            raise RuntimeError(f"pe_server.py ended with code {code} at {request['words']}")
        answer = json.loads(line)
        return Done(answer["code"], answer["stdout"], answer["stderr"], tuple(answer["writes"]))

    def _start(self) -> "subprocess.Popen[str]":
        words = [sys.executable, "-P", str(Path(__file__).with_name("pe_server.py"))]
        return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        if self._process:
            self._process.communicate()  # closes its input, at which it ends


@dataclass(frozen=True)
class Pe:
    """Runs `pe` in a scratch folder, with a cache and a budget that are not the user's.

    `small` are the settings of a quick run. With `fork_plugins`, processes that run plugin code are
    forks too: for tests of the run, not of those. `returns` is that of `pe_server.py`.
    """

    server: Server
    folder: Path
    environment: dict[str, str]
    small: tuple[str, ...] = SMALL
    fork_plugins: bool = False
    returns: Mapping[str, object] = field(default_factory=dict)

    def __call__(
        self, *words: object, kill_at_write: int = 0, kill_after: float | None = None
    ) -> Done:
        request = {
            "words": [str(word) for word in words],
            "cwd": str(self.folder),
            "env": self.environment,
            "kill_at_write": kill_at_write,
            "kill_after": kill_after,
            "fork_plugins": self.fork_plugins,
            "returns": dict(self.returns),
        }
        return self.server.ask(request)

    def cold(self) -> "Pe":
        """The same with an empty cache in its folder, so that each run writes the same files."""
        cache = self.folder / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        return replace(self, environment={**self.environment, "XDG_CACHE_HOME": str(cache)})


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which `pe` uses a cache and a budget of these tests.

    All processes of pytest share both: the budget because they share runs, the cache because it
    holds what is slow to make, as compiled code and calibrated noise. A test of a cache has its
    own.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PE_")}
    root = shared_root(tmp_path_factory)
    return {**kept, "XDG_CACHE_HOME": str(root / "cache"), "PE_BUDGET": str(root / "budget")}


@pytest.fixture(scope="session")
def pe_in(server: Server, environment: dict[str, str]) -> Callable[[Path], Pe]:
    """pe_in(folder) -> `pe` in that folder, for runs that several tests use."""
    return lambda folder: Pe(server, folder, environment)


@pytest.fixture
def pe(pe_in: Callable[[Path], Pe], tmp_path: Path) -> Pe:
    return pe_in(tmp_path)


def shared_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scratch folder that all processes of pytest share."""
    root = tmp_path_factory.getbasetemp()
    return root.parent if "PYTEST_XDIST_WORKER" in os.environ else root


Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """once(name, fill) -> a folder that one process of pytest fills while the others wait."""
    root = shared_root(tmp_path_factory)

    def folder(name: str, fill: Callable[[Path], object]) -> Path:
        place, filled = root / name, root / f"{name}.filled"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not filled.exists():
                shutil.rmtree(place, ignore_errors=True)  # of a process that failed
                place.mkdir()
                fill(place)
                filled.touch()
        return place

    return folder


@dataclass(frozen=True)
class Finished:
    """A run of `small` settings: its folder, its data, how it ended and how long it took.

    All tests share the data.
    """

    run: Path
    data: Path
    done: Done
    seconds: float


@pytest.fixture(scope="session")
def _finished(
    once: Once, pe_in: Callable[[Path], Pe], write_digits: Callable[[Path], Path]
) -> Finished:
    def fill(folder: Path) -> None:
        data = write_digits(folder / "private.npz")
        pe = pe_in(folder).cold()
        # The start of the server does not count, nor does making the budget.
        pe("budget", "show", data)
        started = time.monotonic()
        done = pe("generate", *SMALL, "--data", data, "--out", "run")
        seconds = time.monotonic() - started
        assert done.returncode == 0, done.stderr
        (folder / "done.json").write_text(json.dumps({"done": asdict(done), "seconds": seconds}))

    folder = once("finished", fill)
    said = json.loads((folder / "done.json").read_text())
    done = Done(**{**said["done"], "writes": tuple(said["done"]["writes"])})
    return Finished(folder / "run", folder / "private.npz", done, said["seconds"])


@pytest.fixture
def finished(_finished: Finished, pe: Pe) -> Finished:
    """A copy, in `pe.folder`, of a run that is made once for all tests that need no other."""
    shutil.copytree(_finished.run, pe.folder / "run")
    return replace(_finished, run=pe.folder / "run")


@pytest.fixture(scope="session")
def wheels(once: Once) -> Path:
    """A folder with the wheels of all packages of this repository."""
    return once("wheels", lambda place: build(place, *FOLDERS))
