"""What the wall keeps a confined process from: attack by attack.

Each attack is refused, whether the host has the capabilities of whoever runs the tests or none; and
each succeeds where the parts of the wall that are named beside it are left out, so that it is those
which stop it.
"""

import json
import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from pe_host.isolation import landlock
from pe_host.isolation import launch as launch_module
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.confine import Limits
from pe_host.isolation.files import find_open
from pe_host.isolation.wall import ABSTRACT, CALLS, FILES, LANDLOCK, SIGNALS, TCP

pytestmark = [
    pytest.mark.skipif(landlock.version() < 6, reason="needs all parts of the wall"),
]

ATTACKS = {
    "read the private file": ("Path({private!r}).read_bytes()", {FILES}),
    "list the folder of the private file": ("os.listdir({folder!r})", {FILES}),
    "read the ledger": ("Path({ledger!r}).read_text()", {FILES}),
    "write to the ledger": ("Path({ledger!r}).open('a').write('x')", {FILES}),
    "truncate the ledger": ("os.truncate({ledger!r}, 0)", {FILES}),
    "write to home": ("Path({home!r}, '.profile').write_text('x')", {FILES}),
    "link the private file to a place of its own": (
        "os.link({private!r}, os.environ['TMPDIR'] + '/copy')",
        {FILES},
    ),
    "write to the code of the host": ("Path({code!r}).open('a').write('#')", {FILES}),
    "write to another plugin's cache": ("Path({home!r}, 'x.nbi').write_bytes(b'')", {FILES}),
    "run a program of the user": ("subprocess.run([{program!r}], check=True)", {FILES}),
    "read the command line of another process": (
        "Path('/proc/{pid}/cmdline').read_bytes()",
        {FILES},
    ),
    "list the processes": ("os.listdir('/proc')", {FILES}),
    "read the environment of another process": (
        "Path('/proc/{pid}/environ').read_bytes()",
        {*LANDLOCK},
    ),
    "open the memory of another process": ("open('/proc/{pid}/mem', 'rb')", {*LANDLOCK}),
    "list the files of another process": ("os.listdir('/proc/{pid}/fd')", {*LANDLOCK}),
    "trace another process": ("call(libc.ptrace(16, {pid}, None, None))", {*LANDLOCK, CALLS}),
    "stop another process": ("os.kill({pid}, signal.SIGSTOP)", {SIGNALS}),
    "limit another process": ("resource.prlimit({pid}, resource.RLIMIT_CPU, (9, 9))", {CALLS}),
    "connect by TCP": ("socket.create_connection(('127.0.0.1', {port}))", {TCP, CALLS}),
    "send by UDP": (
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
        {CALLS},
    ),
    "ask the kernel by netlink": ("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", {CALLS}),
    "connect to a service by a Unix socket": (
        "socket.socket(socket.AF_UNIX).connect({service!r})",
        {CALLS},
    ),
    "connect to an abstract Unix socket": (
        "socket.socket(socket.AF_UNIX).connect({abstract!r})",
        {ABSTRACT, CALLS},
    ),
    "send from half a pair": (
        "socket.socketpair(type=socket.SOCK_DGRAM)[0].connect({datagrams!r})",
        {CALLS},
    ),
    "open the private file to everybody": ("os.chmod({private!r}, 0o777)", {CALLS}),
    "watch who uses the private file": (
        "call(libc.inotify_add_watch(call(libc.inotify_init()), {folder!r}.encode(), 4095))",
        {CALLS},
    ),
    "share memory by number": ("call(libc.shmget(0, 4096, 0o1600))", {CALLS}),
    "share memory by name": ("Path('/dev/shm/pe-{pid}').write_bytes(b'')", {FILES}),
    "enter a new namespace": ("call(libc.unshare(0x00000400))", {CALLS}),  # CLONE_FILES
    "pass the filter by with io_uring": (
        "call(libc.syscall(425, 1, ctypes.create_string_buffer(120)))",
        {CALLS},
    ),
    "handle page faults itself": ("call(libc.syscall(number('userfaultfd'), 1))", {CALLS}),
    "use keys of the session": ("call(libc.syscall(number('keyctl'), 0, -3, 1))", {CALLS}),
    "take a descriptor of another process": (
        "call(libc.syscall(438, os.pidfd_open({pid}), 0, 0))",
        {*LANDLOCK, CALLS},
    ),
    "send a message by number": (
        "call(libc.msgsnd({queue}, (ctypes.c_long * 2)(1, 1), 8, 0o4000))",
        {CALLS},
    ),
    "look at a message queue by number": (
        "call(libc.msgctl({queue}, 2, ctypes.create_string_buffer(200)))",
        {CALLS},
    ),
    "slow another process down": ("os.setpriority(os.PRIO_PROCESS, {pid}, 19)", {CALLS}),
    "schedule another process": (
        "os.sched_setscheduler({pid}, os.SCHED_IDLE, os.sched_param(0))",
        {CALLS},
    ),
    "slow the disk of another process down": (
        "call(libc.syscall(number('ioprio_set'), 1, {pid}, 3 << 13))",
        {CALLS},
    ),
    "set the times of the private file": ("os.utime({private!r}, (1, 1))", {CALLS}),
    "set flags of a file that it may read": ("ioctl({code!r}, 0x40086602, bytes(8))", {CALLS}),
    "set the project of a file that it may read": (
        "ioctl({code!r}, 0x401C5820, bytes(28))",
        {CALLS},
    ),
    "take a lease of a file that it may read": (
        "fcntl.fcntl(os.open({code!r}, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)",
        {CALLS},
    ),
    "watch a folder that it may list": (
        "fcntl.fcntl(os.open(os.path.dirname({code!r}), os.O_RDONLY), fcntl.F_NOTIFY, 1 << 31)",
        {CALLS},
    ),
}
"""Attack -> its code, and the parts of the wall without which it succeeds."""

TRY_ALL = """
import ctypes, errno, fcntl, platform, resource, socket
from pe_host.isolation import calls
libc = ctypes.CDLL(None, use_errno=True)

def number(name):
    column = list(calls._AUDIT).index(platform.machine())
    return (calls.REFUSED | calls._BY_ARGUMENT)[name][column]

def ioctl(path, request, argument):
    try:
        fcntl.ioctl(os.open(path, os.O_RDONLY), request, argument)
    except OSError as error:  # not every file system has attributes
        if error.errno not in (errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL):
            raise

def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

say(**{{name: outcome(code, globals()) for name, code in {codes!r}.items()}})
"""

REFUSED = {"Permission denied", "Operation not permitted", "Invalid cross-device link"}


@pytest.fixture(scope="module")
def attack(attacked, module_hosts):
    """attack(name, capabilities, left_out) -> what comes of it.

    One process is confined for all attacks that the same parts stop, and one for all that the
    whole wall stops. A fork of it tries each.
    """
    outside, modules = attacked

    @cache
    def outcomes(capabilities, left_out):
        codes = {
            name: code.format(**outside)
            for name, (code, parts) in ATTACKS.items()
            if left_out in (parts, frozenset())
        }
        return module_hosts(modules, TRY_ALL.format(codes=codes), capabilities, left_out)[1]

    return lambda name, capabilities="with", left_out=(): outcomes(
        capabilities, frozenset(left_out)
    )[name]


@pytest.mark.parametrize("capabilities", ["with", "without"])
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(attack, name, capabilities):
    assert attack(name, capabilities) in REFUSED


@pytest.mark.parametrize("name", ATTACKS)
def test_the_attack_succeeds_without_these_parts(attack, name):
    assert attack(name, left_out=ATTACKS[name][1]) == "done"


@pytest.mark.parametrize("part", [{TCP}, {CALLS}])
def test_tcp_is_closed_twice(host, outside, part, monkeypatch):
    monkeypatch.setattr(launch_module, "left_out", frozenset(part))
    code = ATTACKS["connect by TCP"][0].format(**outside)
    code = TRY_ALL.format(codes={"it": code})
    assert host(code)[1]["it"] in REFUSED


def test_a_descendant_is_confined_too(said, outside):
    code = f"subprocess.run(['cat', {outside['private']!r}], capture_output=True).returncode"
    assert said(f"say(it={code})")["it"] != 0


def test_what_a_plugin_needs_of_itself_is_there(said):
    """Its own entries of /proc, threads, children, a scratch folder, a pair of sockets."""
    code = """
import socket, tempfile, threading
threading.Thread(target=status).start()
left, right = socket.socketpair()
left.send(b"x")
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x")
subprocess.run(["true"], check=True)
os.kill(child(), signal.SIGTERM)
say(it=status()["Pid"], pid=os.getpid(), scratch=os.environ["TMPDIR"])
"""
    seen = said(code)
    assert seen["it"] == str(seen["pid"])
    assert not Path(seen["scratch"]).exists()


def test_scratch_is_removed_with_all_that_is_in_it_and_no_link_is_followed(said, tmp_path):
    (tmp_path / "kept").write_text("x")
    code = f"""
scratch = Path(os.environ["TMPDIR"])
(scratch / "folder").mkdir()
(scratch / "folder/link").symlink_to({str(tmp_path)!r})
say(it=str(scratch))
"""
    assert not Path(said(code)["it"]).exists()
    assert (tmp_path / "kept").exists()


CLOSED_FOLDERS = """
os.makedirs("a/b/c")
Path("a/b/c/file").touch()
os.mkfifo("a/b/fifo")
os.symlink({elsewhere!r}, "a/link")
for folder, mode in (("a/b/c", 0), ("a/b", 0o500), ("a", 0)):
    os.fchmod(os.open(folder, os.O_RDONLY), mode)
"""
DEEP = """
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", [CLOSED_FOLDERS, DEEP])
def test_scratch_is_removed_whatever_is_made_of_it(start, tmp_path, code):
    """And the warden, which does it, ends as the process did."""
    (tmp_path / "kept").touch()
    told = "say(it=os.environ['TMPDIR'])\nos._exit(7)"
    code = f"os.chdir(os.environ['TMPDIR'])\n{code.format(elsewhere=str(tmp_path))}\n{told}"
    process = start(code)
    scratch = json.loads(process.stdout.readline())["it"]
    assert process.wait(60) == 7
    assert not Path(scratch).exists() and (tmp_path / "kept").exists()


def test_a_cache_that_cannot_be_made_is_in_scratch(said, tmp_path):
    """In a dry run, or where home is read-only."""
    (tmp_path / "home").touch()
    allowed = Allowed(cache=str(tmp_path / "home/cache"))
    code = "say(cache=os.environ['XDG_CACHE_HOME'], scratch=os.environ['TMPDIR'])"
    seen = said(code, allowed=allowed)
    assert Path(seen["cache"]).is_relative_to(seen["scratch"])


def is_open(path, allowed):
    return bool(find_open([str(path)], allowed))


def test_a_home_with_an_interpreter_in_it_is_not_opened(tmp_path, monkeypatch):
    program = tmp_path / "home/python"
    program.parent.mkdir()
    program.touch()
    monkeypatch.setattr(sys, "executable", str(program))
    assert is_open(program, Allowed())
    (tmp_path / "home/records").touch()
    assert not is_open(tmp_path / "home/records", Allowed())


def test_what_the_user_allows_is_open_and_no_more(said, outside):
    """A folder to read, one to write, and the plugin's own cache."""
    code = f"""
def tried(function):
    try:
        function()
    except OSError as error:
        return error.strerror
    return "done"

say(
    read=tried(Path({outside["private"]!r}).read_bytes),
    change=tried(lambda: Path({outside["private"]!r}).write_bytes(b"")),
    write=tried(lambda: Path({outside["home"]!r}, "x").write_bytes(b"")),
    cache=tried(lambda: Path(os.environ["XDG_CACHE_HOME"], "x").write_bytes(b"")),
    other=tried(Path({outside["ledger"]!r}).read_bytes),
)
"""
    cache = Path(outside["home"]).parent / "cache"
    allowed = Allowed(read=(outside["folder"],), write=(outside["home"],), cache=str(cache))
    refused = "Permission denied"
    seen = said(code, allowed=allowed)
    assert seen == {
        "read": "done",
        "change": refused,
        "write": "done",
        "cache": "done",
        "other": refused,
    }
    assert (cache / "x").exists()


def test_a_network_that_is_allowed_is_there(said, outside):
    code = f"""
import socket
connection = socket.create_connection(("127.0.0.1", {outside["port"]}))
socket.socket(type=socket.SOCK_DGRAM)
for family in (socket.AF_UNIX, socket.AF_NETLINK):
    try:
        socket.socket(family, socket.SOCK_RAW)
    except PermissionError:
        continue
    raise AssertionError(family)
say(it="done")
"""
    assert said(code, allowed=Allowed(network=True)) == {"it": "done"}


def test_a_large_allocation_fails_and_not_the_machine(said):
    code = """
try:
    bytearray(1 << 30)
except MemoryError:
    say(it="refused")
else:
    say(it="done")
"""
    limits = Limits(memory_bytes=256 << 20)
    assert said(code, limits=limits) == {"it": "refused"}


def test_a_large_allocation_succeeds_without_limits(said, monkeypatch):
    monkeypatch.setattr(launch_module, "left_out", frozenset({"limits"}))
    code = "bytearray(1 << 30); say(it='done')"
    assert said(code, limits=Limits(memory_bytes=256 << 20)) == {"it": "done"}


def test_three_hundred_children_end_with_their_parent(start):
    code = """
for _ in range(300):
    if os.fork() == 0:
        time.sleep(600)
say(it=os.getpid())
time.sleep(600)
"""
    process = start(code)
    process.stdout.readline()
    process.end()
    names = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if read(path)]
    assert not [name for name in names if b"code_of_test" in name and b"range(300)" in name]


def read(path):
    with suppress(OSError):
        return path.read_bytes()
    return b""


@pytest.mark.parametrize("abi", range(1, 8))
def test_files_are_closed_by_every_version_of_landlock(abi, tmp_path):
    """As on the kernels that had it; what they cannot restrict stays open."""
    if abi > landlock.version():
        pytest.skip("the kernel does not have it")
    (tmp_path / "private").write_text("x")
    code = """
import ctypes, sys
from pathlib import Path
from pe_host.isolation.confine import prctl
from pe_host.isolation.landlock import RUN, restrict
prctl(38, 1)
restrict({"/usr": RUN, "/nowhere": RUN}, abi=int(sys.argv[2]))
try:
    Path(sys.argv[1]).read_text()
except PermissionError:
    print("refused")
"""
    words = [sys.executable, "-c", code, str(tmp_path / "private"), str(abi)]
    assert subprocess.run(words, capture_output=True, text=True).stdout == "refused\n"


def test_a_folder_of_modules_is_opened_by_module(said, tmp_path):
    """So that data in the folder of a project is not open because its plugin is developed there."""
    modules = tmp_path / "modules"
    (modules / "private.npz").write_text("x")
    places = {"it": modules / "private.npz", "code": modules / "helpers.py"}
    tried = ", ".join(f"{name}=attempt({str(path)!r})" for name, path in places.items())
    assert said(f"say({tried})") == {"it": "PermissionError", "code": "opened"}


def test_private_data_that_a_plugin_could_read_are_noticed(tmp_path):
    place = tmp_path / "data"
    place.mkdir()
    assert not is_open(place, Allowed())
    assert is_open(place, Allowed(read=(str(tmp_path),)))
    assert is_open(tmp_path, Allowed(read=(str(place),)))
    assert is_open(Path("/usr/share"), Allowed())
    assert is_open("/", Allowed())
    (tmp_path / "data-2").mkdir()  # a name that begins alike is another folder
    (tmp_path / "link").symlink_to(place)
    allowed = Allowed(read=(str(place),))
    assert not is_open(tmp_path / "data-2", allowed)
    assert is_open(tmp_path / "link/x", allowed) and is_open(f"{place}/", allowed)
    assert find_open([str(tmp_path / "data-2"), str(place)], allowed) == [str(place)]


@pytest.mark.parametrize("end", ["pass", "os.abort()", "time.sleep(600)"])
def test_nothing_is_left(start, pids, end):
    """Fails where the warden does not call `_end_all`."""
    process = start(f"say(child=child(), daemon=daemon(deaf=True), module=os.getpid()); {end}")
    found = json.loads(process.stdout.readline()).values()
    pids += found
    process.end() if "sleep" in end else process.wait(60)
    assert [pid for pid in found if Path(f"/proc/{pid}").exists()] == []


def test_a_warden_reaches_nothing_but_what_is_below_it(start, outside):
    """It ends that with `kill(-1)`, which must not reach a bystander of the same user."""
    for _ in range(3):
        assert start("child()").wait(60) == 0
    assert Path(f"/proc/{outside['pid']}").exists()


HIDING = """
import ctypes
if os.fork() == 0:
    os.setsid()
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    say(it=os.getpid())
    time.sleep(600)
sys.stdin.read()
"""

HIDEPID = """
import json, os, subprocess, sys
from pe_host.isolation import confine, launch
confine.drop_capabilities()
pipe = subprocess.PIPE
process = launch.launch("code_of_test", [sys.argv[1]], stdin=pipe, stdout=pipe)
pid = json.loads(process.stdout.readline())["it"]
hidden = not os.path.exists(f"/proc/{pid}")
process.stdin.close()
process.wait(60)
try:
    os.kill(pid, 0)
except ProcessLookupError:
    print("it hid, and is gone" if hidden else "it did not hide")
"""


def test_nothing_is_left_that_hides_in_proc(python_path):
    """Fails where the warden does not call `_end_all`."""
    mount = ("unshare", "-m", "sh", "-c")
    hidepid = "mount -t proc -o hidepid=2 proc /proc"
    if os.geteuid() or subprocess.run([*mount, hidepid], capture_output=True).returncode:
        pytest.skip("this user may not mount /proc")
    no_group = 'exec setpriv --regid 65534 --clear-groups "$@"'  # group 0 sees everything
    words = [*mount, f"{hidepid} && {no_group}", "sh", sys.executable, "-P", "-c", HIDEPID, HIDING]
    done = subprocess.run(
        words, env={**os.environ, **python_path}, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "it hid, and is gone\n", done.stderr
