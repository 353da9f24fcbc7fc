"""What the wall around the host keeps readers and embeddings from, attack by attack.

As in `test_wall`, each attack is refused, with capabilities and without, and succeeds where the
parts of the wall that are named beside it are left out.
"""

import json
import os
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path

import pytest

from pe_host.isolation import landlock
from pe_host.isolation.host import DESCRIPTORS
from pe_host.isolation.wall import ABSTRACT, CALLS, FILES, LANDLOCK, SIGNALS, TCP

pytestmark = [
    pytest.mark.skipif(landlock.version() < 6, reason="needs all parts of the wall"),
]

ATTACKS = {
    "write to home": ("Path({home!r}, 'records').write_bytes(b'x')", {FILES}),
    "write to the folder of all temporary files": (
        "Path('/tmp/pe-{pid}').write_bytes(b'x')",
        {FILES},
    ),
    "write to the folder of the private data": (
        "Path({folder!r}, 'x').write_bytes(b'x')",
        {FILES},
    ),
    "change the private data": ("Path({private!r}).write_bytes(b'x')", {FILES}),
    "share memory by name": ("Path('/dev/shm/pe-{pid}').write_bytes(b'x')", {FILES}),
    "move a file of the run to home": (
        "Path({run!r}, 'x').write_bytes(b'x'); os.rename({run!r} + '/x', {home!r} + '/x')",
        {FILES},
    ),
    "link the private data to home": ("os.link({private!r}, {home!r} + '/private')", {FILES}),
    "write to the code of the host": ("Path({code!r}).open('a').write('#')", {FILES}),
    "leave a name in home": ("os.mkdir({home!r} + '/record')", {FILES}),
    "run a program of the user": ("run({program!r})", {FILES}),
    "run a program that it wrote itself": (
        "os.close(os.open({run!r} + '/x', os.O_CREAT | os.O_WRONLY, 0o755)); "
        "Path({run!r}, 'x').write_text('#!/bin/sh'); run({run!r} + '/x')",
        {FILES},
    ),
    "write to home from a program": ("run('sh', '-c', 'echo x > {home}/x')", {FILES}),
    "connect by TCP": ("socket.create_connection(('127.0.0.1', {port}))", {TCP, CALLS}),
    "wait for somebody by TCP": ("socket.socket().bind(('127.0.0.1', 0))", {TCP, CALLS}),
    "connect by TCP from a program": (
        "run('bash', '-c', 'echo x > /dev/tcp/127.0.0.1/{port}')",
        {TCP, CALLS},
    ),
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
    "connect by TCP from a thread": (
        "in_thread(lambda: socket.create_connection(('127.0.0.1', {port})))",
        {TCP, CALLS},
    ),
    "have a worker connect by TCP": (
        "worker('import socket; socket.create_connection((\"127.0.0.1\", {port}))')",
        {TCP, CALLS},
    ),
    "have a worker write to home": (
        'worker(\'import pathlib; pathlib.Path("{home}", "x").write_bytes(b"")\')',
        {FILES},
    ),
    "stop another process": ("os.kill({pid}, signal.SIGSTOP)", {SIGNALS}),
    "open the memory of another process": ("open('/proc/{pid}/mem', 'r+b')", {*LANDLOCK}),
    "trace another process": ("call(libc.ptrace(16, {pid}, None, None))", {*LANDLOCK, CALLS}),
    "limit another process": ("resource.prlimit({pid}, resource.RLIMIT_CPU, (9, 9))", {CALLS}),
    "open the private data to everybody": ("os.chmod({private!r}, 0o777)", {CALLS}),
    "open them to everybody, by descriptor": (
        "os.fchmod(os.open({private!r}, os.O_RDONLY), 0o666)",
        {CALLS},
    ),
    "write into the attributes of a file": (
        "os.setxattr(os.open({private!r}, os.O_RDONLY), 'user.x', b'record')",
        {CALLS},
    ),
    "share memory by number": ("call(libc.shmget(0, 4096, 0o1600))", {CALLS}),
    "type into the terminal": ("type_into_terminal()", {CALLS}),
    "write to a socket that somebody left open": (
        "os.write({inherited}, b'record')",
        {DESCRIPTORS},
    ),
    "write to a file without a name that somebody left open": (
        "os.write({nameless}, b'record')",
        {DESCRIPTORS},
    ),
    "send a message by number": (
        "call(libc.msgsnd({queue}, (ctypes.c_long * 2)(1, 1), 8, 0o4000))",
        {CALLS},
    ),
    "write into the times of a file": ("os.utime({private!r}, (1, 1))", {CALLS}),
    "write into the flags of a file": ("ioctl({private!r}, 0x40086602, bytes(8))", {CALLS}),
    "write into the project of a file": ("ioctl({private!r}, 0x401C5820, bytes(28))", {CALLS}),
    "write into the priority of another process": (
        "os.setpriority(os.PRIO_PROCESS, {pid}, 19)",
        {CALLS},
    ),
    "pass the filter by with io_uring": (
        "call(libc.syscall(425, 1, ctypes.create_string_buffer(120)))",
        {CALLS},
    ),
    "leave a key in the session": (
        "call(libc.syscall(calls.REFUSED['keyctl'][platform.machine() == 'aarch64'], 0, -3, 1))",
        {CALLS},
    ),
}
"""Attack -> its code, and the parts of the wall without which it succeeds."""

HOST = """
import ctypes, errno, fcntl, json, os, platform, resource
import signal, socket, subprocess, sys, threading
from pathlib import Path
from pe_host.isolation import calls, confine, host
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.launch import launch
from pe_host.isolation.scratch import make_scratch
from helpers import outcome

libc = ctypes.CDLL(None, use_errno=True)

def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def run(*words):
    if subprocess.run(words, stderr=subprocess.DEVNULL).returncode:
        raise PermissionError(13, "Permission denied")

def in_thread(function):
    failed = []
    def body():
        try:
            function()
        except OSError as error:
            failed.append(error)
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]

def worker(code):
    allowed = Allowed(write=(sys.argv[3],), network=True)
    process = launch(
        "code_of_test", [code], stdin=None, stdout=None, stderr=subprocess.DEVNULL, allowed=allowed
    )
    if process.wait(60):
        raise PermissionError(13, "Permission denied")

def type_into_terminal():
    try:
        fcntl.ioctl(0, 0x5412, b"x")  # TIOCSTI; the null device does not know it
    except OSError as error:
        if error.errno == 1:
            raise

def ioctl(path, request, argument):
    try:
        fcntl.ioctl(os.open(path, os.O_RDONLY), request, argument)
    except OSError as error:  # not every file system has attributes
        if error.errno not in (errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL):
            raise

capabilities, left_out, home, folder, codes = sys.argv[1:]
if capabilities == "without":
    confine.drop_capabilities()
host.left_out = frozenset(left_out.split())
host.close_inherited()
host.confine_host([folder], make_scratch(), network=False)
print(json.dumps({name: outcome(each, globals()) for name, each in json.loads(codes).items()}))
"""

REFUSED = {"Permission denied", "Operation not permitted", "Invalid cross-device link"}
CLOSED = "Bad file descriptor"


def confined(attacked, codes, capabilities="with", left_out=()):
    """What comes of each code in a host that is confined to the folder `run`."""
    outside, modules = attacked
    words = [capabilities, " ".join(left_out), outside["home"], outside["run"]]
    done = subprocess.run(
        [sys.executable, "-P", "-c", HOST, *words, json.dumps(codes)],
        env={**os.environ, **modules, "TMPDIR": str(Path(outside["run"]).parent)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        pass_fds=(outside["inherited"], outside["nameless"]),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def attack(attacked):
    """attack(name, capabilities, left_out) -> what comes of it.

    One process is confined for all attacks that the same parts stop, and one for all that the
    whole wall stops. A fork of it tries each.
    """

    @cache
    def outcomes(capabilities, left_out):
        codes = {
            name: code.format(**attacked[0])
            for name, (code, parts) in ATTACKS.items()
            if left_out in (parts, frozenset())
        }
        return confined(attacked, codes, capabilities, left_out)

    return lambda name, capabilities="with", left_out=(): outcomes(
        capabilities, frozenset(left_out)
    )[name]


@pytest.mark.parametrize("capabilities", ["with", "without"])
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_of_an_embedding_is_refused(attack, name, capabilities):
    refused = {CLOSED} if DESCRIPTORS in ATTACKS[name][1] else REFUSED
    assert attack(name, capabilities) in refused


@pytest.mark.parametrize("name", ATTACKS)
def test_it_succeeds_without_these_parts(attack, name):
    assert attack(name, left_out=ATTACKS[name][1]) == "done"


def test_what_a_run_needs_is_there(outside, python_path, tmp_path):
    """Private data to read; its folder, temporary files, threads, children that it can end."""
    code = f"""
    import tempfile
    Path({outside["private"]!r}).read_bytes()
    Path({outside["run"]!r}, "folder").mkdir()
    Path({outside["run"]!r}, "folder/part").write_bytes(b"x")
    os.rename({outside["run"]!r} + "/folder/part", {outside["run"]!r} + "/whole")
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
    with open({outside["run"]!r} + "/lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
    in_thread(lambda: subprocess.run(["true"], check=True))
    worker("import tempfile; tempfile.NamedTemporaryFile()")
    hanging = launch("code_of_test", ["time.sleep(600)"], stdin=None, stdout=None)
    os.kill(hanging.pid, 0)
    assert hanging.end()
    """
    found = confined((outside, python_path), {"it": textwrap.dedent(code)})
    assert found == {"it": "done"}
    assert (tmp_path / "run/whole").exists()


def test_a_process_with_threads_is_not_taken_for_confined():
    code = """
import threading, time
from pe_host.isolation.host import ConfinementError, confine_host
threading.Thread(target=time.sleep, args=[9], daemon=True).start()
try:
    confine_host([], "", network=False)
except ConfinementError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "has threads" in done.stdout
