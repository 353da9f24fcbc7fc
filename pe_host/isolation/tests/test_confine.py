"""What the kernel holds a launched process to.

Each test names the line without which it fails; "with" and "without" capabilities, the host is as
strong as the user who runs the tests, or as weak as an ordinary user.
"""

import resource
import signal
import sys
from pathlib import Path

import pytest

from pe_host.isolation.confine import Limits

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
pytestmark = [linux, pytest.mark.usefixtures("no_wall")]

SPY = """
warden = os.getppid()
host = parent(warden)
say(
    host=attempt(f"/proc/{host}/mem"),
    warden=attempt(f"/proc/{warden}/mem"),
    lifeline=[attempt(f"/proc/{warden}/fd/{n}", os.O_WRONLY) for n in range(3, 20)],
    environ=attempt(f"/proc/{host}/environ"),
    pid=host,
)
time.sleep(600)
"""


@pytest.mark.parametrize("capabilities", ["with", "without"])
def test_a_plugin_cannot_open_the_memory_of_host_and_warden(host, capabilities):
    """Fails without capabilities where `launch` or `main` does not call `protect_memory`.

    Fails with them, as root, where `confine` does not call `drop_capabilities`.
    """
    process, seen = host(SPY, capabilities)
    assert seen["pid"] == process.pid
    assert seen["host"] == seen["environ"] == seen["warden"] == "PermissionError"
    assert set(seen["lifeline"]) <= {"PermissionError", "FileNotFoundError"}


def test_privileges_are_neither_held_nor_gained(said):
    """Fails without PR_SET_NO_NEW_PRIVS; as root also without `capset` or PR_CAPBSET_DROP."""
    seen = said("say(**status())")
    assert seen["NoNewPrivs"] == "1"
    none = {f"Cap{kind}": "0" * 16 for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")}
    if int(seen["Uid"].split()[0]) != 0:
        del none["CapBnd"]  # of no use to one who may not gain privileges
    assert {name: seen[name] for name in none} == none


def test_a_program_of_the_superuser_does_not_get_its_capabilities_back(said):
    """Fails, as root, without both PR_SET_NO_NEW_PRIVS and PR_CAPBSET_DROP."""
    code = "print(next(line for line in open('/proc/self/status') if line.startswith('CapEff')))"
    run = f"subprocess.run([sys.executable, '-c', {code!r}], capture_output=True, text=True)"
    assert said(f"say(it={run}.stdout)")["it"].split() == ["CapEff:", "0" * 16]


def test_limits_hold(said):
    """Fails without each `_limit`."""
    code = """
names = ("CORE", "FSIZE", "NPROC")
say(**{name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in names})
"""
    assert said(code)["FSIZE"] == [Limits().file_bytes] * 2
    seen = said(code, limits=Limits(tasks=2000, file_bytes=4096))
    assert seen["CORE"] == [0, 0]
    assert seen["FSIZE"] == [4096, 4096]
    running = int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
    assert seen["NPROC"][0] == seen["NPROC"][1]
    most = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    if most == resource.RLIM_INFINITY or most > running + 4000:  # else the system is stricter
        assert 2000 < seen["NPROC"][0] < running + 3000


def test_a_file_grows_no_larger_than_the_limit(said, tmp_path):
    code = f"""
try:
    Path({str(tmp_path / "file")!r}).write_bytes(bytes(5000))
except OSError as error:
    say(error=error.strerror)
"""
    assert said(code, limits=Limits(file_bytes=4096)) == {"error": "File too large"}
    assert (tmp_path / "file").stat().st_size == 4096


def test_a_stricter_limit_of_the_host_stays(host):
    code = "say(it=resource.getrlimit(resource.RLIMIT_FSIZE))"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        _, seen = host(f"{code}; time.sleep(600)")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert seen["it"][0] == 1 << 20


def test_a_plugin_may_look_at_itself(said):
    """Fails where the confined process stays as undumpable as its warden."""
    code = """
import ctypes
say(memory=attempt("/proc/self/mem"), dumpable=ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
    assert said(code) == {"memory": "opened", "dumpable": 1}


def test_a_crash_leaves_no_core(start, tmp_path):
    """Means something only where the system writes one into the working directory."""
    process = start(f"os.chdir({str(tmp_path)!r}); signal.raise_signal(signal.SIGSEGV)")
    assert process.wait(60) == -signal.SIGSEGV
    assert not list(tmp_path.glob("core*"))
