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

    Args:
        modules: to import beforehand, beside those that every run imports.
    """

    def __init__(self, *modules: str) -> None:
        self._modules = modules
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
        program = str(Path(__file__).with_name("pe_server.py"))
        words = [sys.executable, "-P", program, *self._modules]
        return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        if self._process:
            self._process.communicate()  # closes its input, at which it ends


@dataclass(frozen=True)
class Pe:
    """Runs `pe` in a scratch folder, with a cache and a budget that are not the user's.

    `small` are the settings of a quick run. Without `fork_plugins`, each process that runs plugin
    code is a fresh interpreter: for tests of those, not of the run. `returns` and `umask` are those
    of `pe_server.py`.
    """

    server: Server
    folder: Path
    environment: dict[str, str]
    small: tuple[str, ...] = SMALL
    fork_plugins: bool = True
    returns: Mapping[str, object] = field(default_factory=dict)
    umask: int = 0o022

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
            "umask": self.umask,
        }
        return self.server.ask(request)

    @property
    def fresh(self) -> "Pe":
        """The same with processes of plugins as a user's are."""
        return replace(self, fork_plugins=False)

    def with_plugin(self, target: str) -> "Pe":
        """The same with PE_DEV_PLUGIN, and modules of its folder that can be imported."""
        path = os.pathsep.join(filter(None, (str(self.folder), os.environ.get("PYTHONPATH"))))
        more = {"PE_DEV_PLUGIN": target, "PYTHONPATH": path}
        return replace(self, environment={**self.environment, **more})

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
def torch_server() -> Iterator[Server]:
    """One for runs that train or use networks."""
    server = Server("torch")
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


PLUGINS = [path.name for path in (Path(__file__).parents[1] / "plugins").iterdir()]


@pytest.fixture(scope="session")
def bring_compiled(environment: dict[str, str]) -> Callable[[], None]:
    """Gives confined processes what was compiled so far; the rest they compile themselves."""
    return lambda: _bring_compiled(Path(environment["XDG_CACHE_HOME"]))


@pytest.fixture
def compiled(bring_compiled: Callable[[], None]) -> None:
    """What was compiled so far is there for the confined processes of the test."""
    bring_compiled()


def _bring_compiled(cache: Path) -> None:
    """Copy what numba compiled here into the cache of each plugin.

    numba keeps an index file for each function, which names the data files. An index that is there
    stays as it is, with its data.
    """
    cache.mkdir(exist_ok=True)
    source = Path(os.environ.get("NUMBA_CACHE_DIR", "/nowhere"))
    with (cache / "compiled.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for index in source.glob("*/*.nbi"):
            content = index.read_bytes()  # before the data: all that it names are there
            for plugin in PLUGINS:
                folder = cache / f"pe/plugins/pe-plugin-{plugin}/numba" / index.parent.name
                if not (folder / index.name).exists():
                    folder.mkdir(parents=True, exist_ok=True)
                    for data in index.parent.glob(f"{index.stem}.*.nbc"):
                        shutil.copy(data, folder)
                    (folder / "new").write_bytes(content)
                    (folder / "new").replace(folder / index.name)


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
        pe = pe_in(folder).fresh.cold()
        # The start of the server does not count, nor does making the budget.
        pe("budget", "show", data)
        started = time.monotonic()
        done = pe("generate", *SMALL, "--data", data, "--out", "run")
        seconds = time.monotonic() - started
        assert done.returncode == 0, done.stderr
        # Fills the cache of all tests with what this run kept in its own.
        warm = pe_in(folder)("generate", *SMALL, "--data", data, "--out", "warm")
        assert warm.returncode == 0, warm.stderr
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
