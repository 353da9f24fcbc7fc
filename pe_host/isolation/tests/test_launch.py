"""How a launched process starts and ends, and that nothing of its session outlives it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pe_host.isolation import launch as launch_module
from pe_host.isolation.launch import launch

pytestmark = pytest.mark.usefixtures("no_wall")  # with it, a plugin cannot signal its warden
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="orphans need a Linux kernel")

LEAVE = "say(child=child(), daemon=daemon(deaf=True), module=os.getpid())\n"


def left(process, pids):
    """What the code says it left, once it has said it."""
    found = json.loads(process.stdout.readline())
    pids += found.values()
    return found


def descriptors():
    return {path.name for path in Path("/dev/fd").iterdir()}


def present(pids):
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


# How it starts


def test_standard_streams_and_arguments_arrive(start):
    code = "print(sys.stdin.read() + '!', len(sys.argv), __name__); print('b', file=sys.stderr)"
    process = start(code, stderr=subprocess.PIPE)
    process.stdin.write(b"hello")
    process.stdin.close()
    assert process.stdout.read() == b"hello! 2 __main__\n"
    assert process.stderr.read() == b"b\n"
    assert process.wait(60) == process.poll() == process.end() == 0


def test_the_module_runs_as_the_program(tmp_path, monkeypatch):
    """Processes that a plugin spawns with `multiprocessing` find the program that they expect."""
    (tmp_path / "a_program").mkdir()
    (tmp_path / "a_program/__init__.py").touch()
    (tmp_path / "a_program/__main__.py").write_text(
        "import sys\nmain = sys.modules['__main__']\n"
        "print(__name__, main.__spec__.name, sys.argv[1:], sys.path[0])"
    )
    monkeypatch.chdir(tmp_path)
    path = (str(tmp_path), os.environ.get("PYTHONPATH"))
    with (tmp_path / "out").open("w+b") as out:
        process = launch(
            "a_program",
            ["x", "-y"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            environment={"PYTHONPATH": os.pathsep.join(filter(None, path))},
        )
        assert process.wait(60) == process.end() == 0
        out.seek(0)
        name, spec, *rest = out.read().decode().split()
    assert (name, spec) == ("__main__", "a_program.__main__")
    assert rest == ["['x',", "'-y']", str(tmp_path)]


def test_nothing_is_imported_from_the_working_directory(start, tmp_path, monkeypatch):
    place = tmp_path / "work"
    place.mkdir()
    (place / "random.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(place)
    assert start("import random").wait(60) == 0


@on_linux
def test_no_other_descriptor_is_inherited(said):
    """Fails where the child does not close the lifeline."""
    seen = said("say(fds=sorted(map(int, os.listdir('/proc/self/fd'))))")
    assert seen["fds"] == [0, 1, 2, 3]  # 3 is that of the listing


def test_it_has_a_session_and_a_group_of_its_own(start):
    """Fails where the child does not leave the group of its warden."""
    process = start("say(session=os.getsid(0), group=os.getpgid(0), pid=os.getpid())")
    seen = json.loads(process.stdout.readline())
    assert seen["session"] == process.pid and seen["group"] == seen["pid"]


def test_only_the_standard_library_is_imported_before_it_is_confined():
    code = (
        "import sys; before = set(sys.modules); import pe_host.isolation.__main__\n"
        "added = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*added, 'subprocess' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *names, heavy = done.stdout.split()
    assert set(names) - sys.stdlib_module_names == {"pe_host"} and heavy == "False"


def test_a_system_that_starts_nothing_leaves_no_descriptor(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    before = descriptors()
    with pytest.raises(OSError, match="nowhere"):
        launch("sys", stdin=None, stdout=None)
    assert descriptors() == before


# How it ends


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", 0),
        ("sys.exit(3)", 3),
        ("os._exit(255)", 255),
        ("raise LookupError", 1),
        ("signal.raise_signal(signal.SIGSEGV)", -signal.SIGSEGV),
        ("signal.raise_signal(signal.SIGKILL)", -signal.SIGKILL),
        ("signal.raise_signal(signal.SIGINT)", -signal.SIGINT),
        ("os.killpg(0, signal.SIGTERM)", -signal.SIGTERM),
    ],
)
def test_the_status_is_that_of_the_module(start, code, status):
    process = start(code, stderr=subprocess.DEVNULL)
    assert process.wait(60) == process.end() == status


def test_the_status_is_there_though_the_host_lets_go_at_the_end_of_the_output(start):
    """Fails where the warden reports the SIGKILL that it sends, rather than how the child ended."""
    for _ in range(5):
        process = start("os._exit(7)")
        assert process.stdout.read() == b""
        assert process.end() == 7


def test_the_host_ends_it_whatever_it_is_doing(start, pids):
    process = start(LEAVE + "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)")
    found = left(process, pids)
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0)
    assert process.end() == -signal.SIGKILL
    assert present(found.values()) == []


def test_to_stop_does_not_wait_and_ends_all_the_same(start, pids, gone):
    process = start(LEAVE + "time.sleep(600)")
    found = left(process, pids)
    process.stop()
    process.stop()
    assert process.wait(60) == -signal.SIGKILL
    assert gone(found.values())


# What outlives it: nothing. There is no status before all is gone, so most tests need not wait.


@on_linux
@pytest.mark.parametrize("end", ["pass", "sys.exit(3)", "os.abort()"])
def test_nothing_is_left_when_it_has_ended_by_itself(start, pids, end):
    """Fails where the warden is no subreaper, or does not call `end_children`."""
    process = start(LEAVE + end)
    found = left(process, pids)
    process.wait(60)
    assert present(found.values()) == []


@on_linux
def test_nothing_is_left_of_those_that_fork_to_get_away(start):
    """A daemon keeps changing its process for a minute: it forks, and its parent ends."""
    code = """
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    for _ in range(30_000):
        if os.fork():
            os._exit(0)
        os.setsid()
        os.write(writer, b".")
        time.sleep(0.002)
os.close(writer)
os.read(reader, 50)
"""
    assert start(code).wait(60) == 0
    assert strangers() == []


def strangers():
    """This process's children that are in another session, and run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, _, other = stat.read_bytes().rpartition(b")")[2].split()[:4]
        except OSError:
            continue
        if state != b"Z" and int(parent) == os.getpid() and int(other) != os.getsid(0):
            found.append(int(stat.parent.name))
    return found


@on_linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_host_is_killed(host, pids, gone, number):
    """Fails where the warden does not watch the lifeline; hanging modules do not notice either."""
    process, found = host(LEAVE + "time.sleep(600)")
    pids += found.values()
    process.send_signal(number)
    process.wait(60)
    assert gone(found.values())


@on_linux
def test_nothing_is_left_when_a_plugin_kills_its_warden(start, pids):
    """Fails where the host is no subreaper, or `end` does not call `end_children`."""
    process = start(LEAVE + "os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)")
    found = left(process, pids)
    assert process.wait(60) == process.end() == -signal.SIGKILL
    assert present(found.values()) == []


@on_linux
def test_a_module_does_not_outlive_its_warden(start, pids, gone):
    """Fails without PR_SET_PDEATHSIG; the host is not watching."""
    process = start(
        "say(module=os.getpid()); os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)"
    )
    assert gone(left(process, pids).values())


@on_linux
def test_a_module_that_wants_to_outlive_its_warden_is_ended_by_the_host(start, pids):
    code = """
import ctypes
ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # PR_SET_PDEATHSIG
os.kill(os.getppid(), signal.SIGKILL)
"""
    process = start(code + LEAVE + "time.sleep(600)")
    found = left(process, pids)
    process.end()
    assert present(found.values()) == []


@on_linux
def test_a_warden_is_neither_asked_to_leave_nor_stopped(start, pids):
    """Fails where the warden does not ignore signals, or `stop` does not send SIGCONT."""
    code = """
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGALRM):
    os.kill(os.getppid(), number)
os.kill(os.getppid(), signal.SIGSTOP)
"""
    process = start(code + LEAVE + "time.sleep(600)")
    found = left(process, pids)
    assert process.poll() is None
    assert process.end() == -signal.SIGKILL
    assert present(found.values()) == []


@on_linux
def test_a_warden_that_does_not_end_is_killed(start, pids, monkeypatch):
    monkeypatch.setattr(launch_module, "_GRACE_SECONDS", 0.0)
    process = start(LEAVE + "time.sleep(600)")
    found = left(process, pids)
    assert process.end() == -signal.SIGKILL
    assert present(found.values()) == []


@on_linux
def test_others_are_left_alone_when_a_killed_warden_is_cleaned_up(start):
    """Another launched process, and one that the host started in a session of its own."""
    if "NoNewPrivs:\t1" in Path("/proc/self/status").read_text():
        pytest.skip("this process carries the mark by which the host knows orphans")
    other = start("say(); sys.stdin.read()")
    other.stdout.readline()
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as bystander:
        try:
            process = start("os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)")
            assert process.end() == -signal.SIGKILL
            assert bystander.poll() is None and other.poll() is None
        finally:
            bystander.kill()
    other.stdin.close()
    assert other.wait(60) == 0
