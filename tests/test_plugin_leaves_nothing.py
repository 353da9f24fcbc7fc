"""A hostile plugin, under each command that runs its code: what remains when the command ends.

When it is loaded, the plugin forks a daemon, starts a child, and opens the memory of the host to
keep it open. The files and processes that Landlock closes are left open here, to see what the rest
of the confinement is good for; `test_confinement.py` is about both. The host runs with the
privileges of whoever runs the tests, and "without" capabilities, which makes the superuser as weak
as an ordinary user.

What fails without each guard: the daemon stays where the warden does not end its descendants
(`end_children` in `isolation/__main__.py`); the memory is open without capabilities where `launch`
does not protect it, and, for the superuser, where `confine` does not drop capabilities.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

PLUGIN = """
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from pe_echo import pe_generators

spec = replace(pe_generators()[0], name="hostile")


def daemon():
    reader, writer = os.pipe()
    first = os.fork()
    if first == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writer, str(os.getpid()).encode())
            os.closerange(0, 100)
            time.sleep(600)
        os._exit(0)
    os.waitpid(first, 0)
    return int(os.read(reader, 20))


def memory_of(pid):
    try:
        os.open(f"/proc/{pid}/mem", os.O_RDONLY)  # and keep it open
    except OSError as error:
        return type(error).__name__
    return "opened"


host = int(Path(f"/proc/{os.getppid()}/stat").read_bytes().rpartition(b")")[2].split()[1])
child = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
seen = {"host": host, "memory": memory_of(host), "child": child.pid, "daemon": daemon()}
seen["program"] = sys.argv[0]
with Path(__file__).with_name("seen.jsonl").open("a") as file:
    file.write(json.dumps(seen) + "\\n")
"""

RUN = """
import sys
from pe_host.isolation import confine, launch, wall
launch.left_out = frozenset(wall.LANDLOCK)
if sys.argv.pop(1) == "without":
    confine.drop_capabilities()
from pe_host.cli import main
sys.exit(main())
"""

SEEN = "seen.jsonl"

GENERATE = (
    *("generate", "--plugin", "hostile", "--embedding", "pixels", "--iterations", "1"),
    *("--candidates", "60", "--samples", "20", "--epsilon", "9", "--workers", "2"),
    *("--data", "private.npz", "--out", "run", "--allow-unconfined"),
)

COMMANDS = {
    "describe": {("describe", "hostile"): {"child"}},
    "check": {("list-plugins", "--check"): {"child"}},
    "check-plugin": {
        ("check-plugin", "hostile", "--level", "static"): {"__main__", "child", "fresh"}
    },
    "generate and replay": {
        GENERATE: {"child", "__main__"},
        ("replay", "run"): {"child", "__main__"},
    },
    "doctor": {("doctor",): {"child"}},
}
"""Words of each command, and the programs of pe in whose processes the plugin is loaded."""


@pytest.fixture
def hostile(tmp_path, light_torch):
    """Installs the plugin, and ends what a failing test leaves."""
    (tmp_path / "hostile_plugin.py").write_text(PLUGIN)
    light_torch(tmp_path)
    yield tmp_path
    with suppress(FileNotFoundError):
        for seen in map(json.loads, (tmp_path / SEEN).read_text().splitlines()):
            for pid in (seen["child"], seen["daemon"]):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("capabilities", ["with", "without"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_child_no_daemon_and_no_memory_of_the_host_is_left(
    hostile, digits, environment, command, capabilities
):
    path = os.pathsep.join(filter(None, (str(hostile), os.environ.get("PYTHONPATH"))))
    environment = {
        **environment,
        "PYTHONPATH": path,
        "PE_DEV_PLUGIN": "hostile=hostile_plugin:spec",
        "PE_PLUGINS": "hostile",
    }
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}

    def run(words):
        arguments = [sys.executable, "-P", "-c", RUN, capabilities, *words]
        with subprocess.Popen(arguments, cwd=hostile, env=environment, **pipes) as host:
            output, errors = host.communicate(timeout=300)
        assert host.returncode == 0, output + errors
        return host

    for words, programs in COMMANDS[command].items():
        host = run(words)
        every = [json.loads(line) for line in (hostile / SEEN).read_text().splitlines()]
        assert {Path(seen["program"]).stem for seen in every} == programs
        for seen in every:
            nested = Path(seen["program"]).stem == "fresh"  # it is started in a confined process
            assert nested or seen["host"] == host.pid
            assert seen["memory"] == "PermissionError"
            # Not even for a moment: the command ends after them.
            assert not Path(f"/proc/{seen['child']}").exists()
            assert not Path(f"/proc/{seen['daemon']}").exists()
        (hostile / SEEN).unlink()
