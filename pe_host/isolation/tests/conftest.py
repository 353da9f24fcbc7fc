"""Launches the code of a test as a plugin would run, and cleans up what a failing test leaves."""

import ctypes
import os
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from pe_host.isolation import launch as launch_module
from pe_host.isolation.confine import drop_capabilities
from pe_host.isolation.launch import launch
from pe_host.isolation.wall import CALLS, LANDLOCK

HELPERS = """
import json, os, resource, signal, subprocess, sys, time, traceback
from pathlib import Path

def say(**facts):
    print(json.dumps(facts), flush=True)

def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])

def child():
    return subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL).pid

def daemon(**flags):
    '''A daemon as daemons are made: a fork, a session of its own, a fork, no descriptor.'''
    reader, writer = os.pipe()
    first = os.fork()
    if first == 0:
        os.setsid()
        if os.fork() == 0:
            if flags.get("deaf"):
                for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
                    signal.signal(number, signal.SIG_IGN)
            os.write(writer, str(os.getpid()).encode())
            os.closerange(0, 100)
            time.sleep(600)
        os._exit(0)
    os.waitpid(first, 0)
    return int(os.read(reader, 20))

def status(pid="self"):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

def attempt(path, flags=os.O_RDONLY):
    try:
        os.open(path, flags)  # and keep it open
    except OSError as error:
        return type(error).__name__
    return "opened"

def outcome(code, names):
    '''Whether a fork can run the code: "done", or the error of the system.

    What the code opens or changes in its process ends with the fork.
    '''
    pid = os.fork()
    if pid == 0:
        number = 255
        try:
            exec(code, names)
            number = 0
        except OSError as error:
            number = error.errno or 255
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(number)
    number = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return os.strerror(number) if number else "done"
"""


@pytest.fixture
def no_wall(monkeypatch):
    """What the rest of the confinement holds by itself: the wall would hide it."""
    monkeypatch.setattr(launch_module, "left_out", frozenset({*LANDLOCK, CALLS}))


@pytest.fixture
def pids():
    """Processes that must not outlive the test; killed if the code under test fails to."""
    noted = []
    yield noted
    for pid in noted:
        if runs(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def python_path(tmp_path):
    return write_modules(tmp_path)


def write_modules(folder):
    modules = folder / "modules"
    modules.mkdir()
    (modules / "helpers.py").write_text(HELPERS)
    (modules / "code_of_test.py").write_text(
        "import sys\nfrom helpers import *\nexec(sys.argv[1])\n"
    )
    path = os.pathsep.join(filter(None, (str(modules), os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path}


@pytest.fixture
def start(python_path):
    """start(code) -> Launched, whose pipes are there to use."""
    launched = []

    def begin(code, stderr=None, **more):
        settings = {"environment": python_path, "stderr": stderr, **more}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        launched.append(launch("code_of_test", [code], **pipes, **settings))
        return launched[-1]

    yield begin
    for process in launched:
        process.end()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def said(start):
    """said(code) -> what the code says, once it has ended with status 0."""

    def run(code, **more):
        process = start(code, **more)
        answer = json.loads(process.stdout.readline())
        assert process.wait(60) == 0
        return answer

    return run


@pytest.fixture
def outside(tmp_path, python_path):
    """What an attack is after."""
    with make_outside(tmp_path) as found:
        yield found


@contextmanager
def make_outside(folder):
    for name in ("data", "home", "run"):
        (folder / name).mkdir()
    private, ledger, program = (
        folder / name for name in ("data/private.npz", "run/ledger.jsonl", "data/program")
    )
    private.write_bytes(b"secret")
    ledger.write_text("{}")
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    abstract = f"\0pe-{folder}"
    libc = ctypes.CDLL(None)
    queue = libc.msgget(0, 0o1600)
    inherited, other_end = socket.socketpair()
    nameless = os.memfd_create("shared")
    with (
        inherited,
        other_end,
        socket.socket() as listener,
        socket.socket(socket.AF_UNIX) as service,
        socket.socket(socket.AF_UNIX) as hidden,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams,
        subprocess.Popen(["sleep", "600"], preexec_fn=drop_capabilities) as bystander,
    ):
        listener.bind(("127.0.0.1", 0))
        service.bind(str(folder / "service"))
        hidden.bind(abstract)
        datagrams.bind(str(folder / "datagrams"))
        for server in (listener, service, hidden):
            server.listen()
        yield {
            "private": str(private),
            "folder": str(private.parent),
            "ledger": str(ledger),
            "run": str(folder / "run"),
            "home": str(folder / "home"),
            "code": str(folder / "modules/helpers.py"),
            "program": str(program),
            "pid": bystander.pid,
            "port": listener.getsockname()[1],
            "service": str(folder / "service"),
            "abstract": abstract,
            "datagrams": str(folder / "datagrams"),
            "queue": queue,
            "inherited": inherited.fileno(),
            "nameless": nameless,
        }
        os.close(nameless)
        libc.msgctl(queue, 0, None)  # IPC_RMID
        bystander.kill()
        for place in ("/dev/shm", "/tmp"):
            Path(place, f"pe-{bystander.pid}").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """What the attacks of a module are after, and the modules that they may import.

    What an attack changes in files and other processes, if it succeeds, no other attack needs.
    """
    folder = tmp_path_factory.mktemp("attacked")
    modules = write_modules(folder)
    with make_outside(folder) as found:
        yield found, modules


HOST = """
import os, subprocess, sys, time
from pe_host.isolation import confine, launch
launch.left_out = frozenset(sys.argv[3].split())
if sys.argv[1] == "without":
    confine.drop_capabilities()
pipe = subprocess.PIPE
process = launch.launch("code_of_test", [sys.argv[2]], stdin=pipe, stdout=pipe)
sys.stdout.buffer.write(process.stdout.readline())
sys.stdout.flush()
sys.stdin.readline()
"""


@pytest.fixture
def host(python_path):
    """host(code) -> (Popen of another host, which launches the code; what the code says first)."""
    with make_hosts() as begin:
        yield lambda code, capabilities="with": begin(
            python_path, code, capabilities, launch_module.left_out
        )


@pytest.fixture(scope="module")
def module_hosts():
    """module_hosts(modules, code, capabilities, left_out) -> what `host` returns."""
    with make_hosts() as begin:
        yield begin


@contextmanager
def make_hosts():
    started = []

    def begin(modules, code, capabilities, left_out):
        words = [sys.executable, "-P", "-c", HOST, capabilities, code, " ".join(left_out)]
        started.append(
            subprocess.Popen(
                words,
                env={**os.environ, **modules},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1], json.loads(started[-1].stdout.readline())

    yield begin
    for process in started:
        left = (
            psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        )
        process.kill()
        for each in left:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.communicate()


@pytest.fixture
def gone():
    """gone(pids) -> whether they end within half a minute."""

    def wait(pids):
        end = time.monotonic() + 30
        while any(map(runs, pids)) and time.monotonic() < end:
            time.sleep(0.01)
        return not any(map(runs, pids))

    return wait


def runs(pid):
    """Whether the process runs; one that is dead and not yet reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
