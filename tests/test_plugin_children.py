"""The commands that use child processes, run as a user runs them, with installed distributions."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

HEALTHY = """
from dataclasses import dataclass
from pe_sdk import *
from pe_sdk import hookimpl
print("noise at import")

@dataclass(frozen=True)
class Options:
    depth: int = option(3, "how deep")
    wide: bool = option(False, "whether wide")

class Made(Simulator):
    def __init__(self, output, options):
        self.space = ParameterSpace(
            {
                "angle": Float(0, 360, wrap=True),
                "size": Int(1, options.depth),
                "part": Categorical(tuple("abcdefg")),
            }
        )

    def render(self, params, labels, seeds): ...

def make(output, labels, options):
    print("noise in the factory")
    if output.shape[2] != 1:
        raise CannotMake("grey pictures only")
    return Made(output, options)

@hookimpl
def pe_generators():
    summary = "a summary\\x1b[31m of its own"
    return [GeneratorSpec("healthy", summary, make, Options, labels=("a", "b"))]
"""

BROKEN = {
    "exits": ("raise SystemExit('no licence')", "no licence"),
    "ends": ("import os; os._exit(7)", "ended with code 7"),
    "crashes": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "killed by signal 11"),
    "fails": ("import module_that_is_nowhere", "module_that_is_nowhere"),
    "options": (
        HEALTHY.replace('"healthy"', '"options"').replace('"how deep"', "[]")
        + "\nOptions.__annotations__['depth'] = 'x'",
        "NameError",
    ),
}


@pytest.fixture
def at(pe):
    """at(site, **environment) -> `pe` with the distributions of a folder.

    Processes of plugins are fresh interpreters: they are what these tests are about.
    """

    def changed(site, **more):
        path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))
        environment = {**pe.environment, "PYTHONPATH": path, **more}
        return replace(pe.fresh, environment=environment)

    return changed


def listed(pe, *arguments):
    done = pe("list-plugins", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return {
        p["name"]: p for p in json.loads(done.stdout)["plugins"] if p["distribution"] != "pe-host"
    }


@pytest.fixture
def site(install):
    for name, (source, _) in BROKEN.items():
        install(f"pe-plugin-{name}", {name: f"iso_{name}"}, modules={f"iso_{name}": source})
    return install(
        "pe-plugin-healthy", {"healthy": "iso_healthy"}, modules={"iso_healthy": HEALTHY}
    )


@pytest.mark.slow
def test_broken_plugins_are_found_then_broken_with_the_reason_and_all_else_works(site, at):
    plugins = listed(at(site))
    assert {plugins[name]["state"] for name in [*BROKEN, "healthy"]} == {"found"}
    names = ",".join([*BROKEN, "healthy", "echo"])
    plugins = listed(at(site, PE_PLUGINS=names), "--check")
    assert plugins["healthy"]["state"] == plugins["echo"]["state"] == "ok"
    assert plugins["healthy"]["summary"] == "a summary[31m of its own"
    assert {name: plugins[name]["state"] for name in BROKEN} == dict.fromkeys(BROKEN, "broken")
    for name, (_, reason) in BROKEN.items():
        assert reason in plugins[name]["reason"]
    assert at(site)("describe", "healthy").returncode == 0


HANGS = """
import os, subprocess, sys, time, pathlib
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(os.environ["XDG_CACHE_HOME"], "pid").write_text(str(child.pid))
time.sleep(600)
"""


def test_an_import_that_hangs_is_killed_with_its_children_at_the_time_limit(install, at, tmp_path):
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    pid = tmp_path / "cache/pe/plugins/pe-plugin-hangs/pid"
    site = install("pe-plugin-hangs", {"hangs": "iso_hangs"}, modules={"iso_hangs": HANGS})
    plugins = listed(at(site, PE_CHECK_SECONDS="4", PE_PLUGINS="hangs", **cache), "--check")
    assert plugins["hangs"]["state"] == "broken"
    assert plugins["hangs"]["reason"] == "gave no answer within 4 s"
    _wait_for(lambda: not _alive(int(pid.read_text())))


def test_an_interrupted_check_leaves_no_child_behind(install, at, tmp_path):
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    pid = tmp_path / "cache/pe/plugins/pe-plugin-hangs/pid"
    site = install("pe-plugin-hangs", {"hangs": "iso_hangs"}, modules={"iso_hangs": HANGS})
    code = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # the shell may ignore it
from pe_host.cli import main
sys.exit(main())
"""
    command = [sys.executable, "-P", "-c", code, "list-plugins", "--check", "--timeout", "300"]
    settings = {"env": at(site, PE_PLUGINS="hangs", **cache).environment, "text": True}
    with subprocess.Popen(
        command, **settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as check:
        _wait_for(lambda: pid.exists() and pid.read_text())
        check.send_signal(signal.SIGINT)
        out, err = check.communicate(timeout=30)
    assert (check.returncode, out, err) == (130, "", "interrupted\n")
    _wait_for(lambda: not _alive(int(pid.read_text())))


def _wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def _alive(pid):
    """True if the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_a_plugin_that_is_not_used_cannot_be_checked_into_life(install, at):
    site = install(
        "pe-plugin-old",
        {"old": "iso_old"},
        requires=("pe-sdk>=2",),
        modules={"iso_old": "raise SystemExit"},
    )
    plugins = listed(at(site, PE_PLUGINS="old"), "--check")
    assert plugins["old"]["state"] == "incompatible"


def test_nothing_is_loaded_from_the_working_directory(install, at, site):
    shadow = install(
        "pe-plugin-shadow",
        {"shadow": "iso_shadow"},
        place="work",
        modules={"iso_healthy": "raise SystemExit"},
    )
    (shadow / "pe_sdk.py").write_text("raise SystemExit")
    code = "import sys; sys.path.insert(0, ''); from pe_host.cli import main; sys.exit(main())"
    for arguments in (["list-plugins", "--json", "--check"], ["describe", "healthy", "--json"]):
        done = subprocess.run(
            [sys.executable, "-P", "-c", code, *arguments],
            env=at(site, PE_PLUGINS="healthy").environment,
            cwd=shadow,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert "shadow" not in done.stdout
    assert json.loads(done.stdout)["name"] == "healthy"


def test_describe_shows_options_flags_and_parameters(site, at):
    done = at(site)("describe", "healthy", "--json", "--set", "depth=9")
    document = json.loads(done.stdout)
    assert (document["kind"], document["distribution"]) == ("generator", "pe-plugin-healthy")
    assert document["options"][0] == {
        "name": "depth",
        "type": "int",
        "default": "3",
        "help": "how deep",
    }
    assert document["labels"] == ["a", "b"]
    assert document["makes"]["space"]["parameters"]["size"] == {"kind": "int", "low": 1, "high": 9}
    text = at(site)("describe", "Healthy").stdout
    for part in (
        "how deep",
        "labels: a, b",
        "0 to 360 wrap",
        "7 choices: a, b, c, d, e, …",
        "default data: none",
    ):
        assert part in text
    assert "noise" not in text
    assert "\x1b" not in text


def test_describe_says_what_cannot_be_made(site, at):
    done = at(site)("describe", "healthy", "--shape", "32x32x3")
    assert done.returncode == 0
    assert "cannot make 32x32x3: grey pictures only" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["healthy", "--set", "dept=3"], 2, "did you mean 'depth'"),
        (["healthy", "--set", "depth=many"], 2, "'many'"),
        (["healthy", "--set", "depth"], 2, "got 'depth', expected name=value"),
        (["healthy", "--timeout", "0"], 2, "seconds > 0"),
        (["healthy", "--shape", "28"], 2, "HxW"),
        (["healthy", "--kind", "thing"], 2, "unknown kind of plugin 'thing'"),
        (["helthy"], 3, "did you mean 'healthy'"),
        (["exits"], 3, "no licence"),
        (["idx", "--set", "a=b"], 2, "no options"),
    ],
)
def test_describe_fails_with_one_line_and_the_right_code(site, at, arguments, code, message):
    done = at(site)("describe", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_development_plugin_is_described_from_the_source_tree(install, at):
    root = install("unrelated", {}, modules={"iso_dev": HEALTHY.replace("@hookimpl", "")})
    (root / "iso_dev.py").write_text(
        HEALTHY + "\ndef one():\n    return pe_generators()[0]\n\nnone = 3\n"
    )
    for target in ("iso_dev:pe_generators", "iso_dev:one"):
        done = at(root, PE_DEV_PLUGIN=f"healthy={target}")("describe", "healthy")
        assert done.returncode == 0, done.stderr
        assert "generator of dev dev" in done.stdout
    done = at(root, PE_DEV_PLUGIN="healthy=iso_dev")("describe", "healthy")
    assert done.returncode == 0 and "generator of dev dev" in done.stdout, done.stderr
    (root / "iso_wrong.py").write_text("\nwrong = 1 / 0\n")
    done = at(root, PE_DEV_PLUGIN="healthy=iso_wrong")("describe", "healthy")
    assert (
        f"at {root / 'iso_wrong.py'}:2" in done.stderr
        and "fix it" in done.stderr
        and "authors" not in done.stderr
    )
    done = at(root, PE_DEV_PLUGIN="healthy=iso_dev:none")("describe", "healthy")
    assert (done.returncode, "returned int, not GeneratorSpec" in done.stderr) == (3, True)


HOSTILE = """
import os
from pe_sdk import GeneratorSpec, OutputSpec, hookimpl

def make(output, labels, options):
    raise AssertionError("not reached")

class Spec:
    pass

@hookimpl
def pe_generators():
    answer = {answer}
    for descriptor in range(3, 20):  # the one that the child keeps for its answer
        try:
            if os.get_inheritable(descriptor) is False and os.isatty(descriptor) is False:
                os.write(descriptor, answer)
        except OSError:
            pass
    os._exit(0)
"""


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("b'[' * 100_000", "nested too deeply"),
        ('b\'{"result": {"summary": NaN}}\'', "holds NaN"),
        ('b\'{"result": {"summary": 3}}\'', "summary is not text"),
        ('b\'{"result": {"summary": "x", "options": []}}\'', "labels is not a list"),
        ("b' ' * (1 << 23)", "longer than 4 MiB"),
        ('b\'{"error": {"kind": 3}}\'', "what is not text"),
        ("b'[]'", "not a JSON object"),
    ],
)
def test_a_plugin_that_writes_its_own_answer_is_one_clear_failure(install, at, answer, says):
    """Each was a traceback, or a run that went on until it failed."""
    place = install(
        "pe-plugin-hostile",
        {"hostile": "iso_hostile"},
        modules={"iso_hostile": HOSTILE.replace("{answer}", answer)},
    )
    pe = replace(at(place), folder=place)
    for words in (["describe", "hostile"], ["generate", "--plugin", "hostile", "--epsilon", "1"]):
        done = pe(*words)
        assert done.returncode == 3 and "invalid answer" in done.stderr, done.stderr
        assert says in done.stderr and "Traceback" not in done.stderr
        assert "this is a bug" not in done.stderr and "pe-plugin-hostile" in done.stderr
    assert not (place / "runs").exists()
