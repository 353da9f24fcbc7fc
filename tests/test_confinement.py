"""Runs of `pe generate` with a generator that attacks, and on kernels that confine less.

A kernel without Landlock is one whose system calls for it fail; see `without_landlock.py`.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pe_host.isolation import landlock

pytestmark = pytest.mark.skipif(landlock.version() < 1, reason="the kernel has no Landlock")

PLUGIN = """
from dataclasses import replace
from pathlib import Path

from pe_echo import pe_generators
from pe_sdk import CannotMake

spec = replace(pe_generators()[0], name="thief")
make = spec.factory


def steal(output, labels, options):
    try:
        Path({private!r}).read_bytes()
    except OSError:
        return make(output, labels, options)
    raise CannotMake("the private data were read")


def spy(output, labels, options):
    for place in (Path("/proc/self"), *look("/proc")):
        for name in ("cmdline", "environ"):
            try:
                found = {secret!r} in (place / name).read_bytes()
            except OSError:
                continue
            if found:
                raise CannotMake(f"a {{name}} names the private data")
    return make(output, labels, options)


def look(folder):
    try:
        return [place for place in Path(folder).iterdir() if place.name.isdigit()]
    except OSError:
        return []


spying = replace(spec, name="spy", factory=spy)
online = replace(spec, name="online", network=True)
spec = replace(spec, factory=steal)
"""

WITHOUT_LANDLOCK = (sys.executable, str(Path(__file__).with_name("without_landlock.py")))

SMALL = ("--embedding", "pixels", "--iterations", "1", "--candidates", "60", "--samples", "20")
SMALL += ("--epsilon", "9", "--workers", "1", "--out", "run")


@pytest.fixture
def there(tmp_path, digits, environment):
    """The environment of `pe` in a folder with private data and with plugins that attack."""
    private = tmp_path / "private.npz"
    modules = tmp_path / "modules"
    modules.mkdir()
    # Command lines of other runs on this machine name a `private.npz` too.
    secret = tmp_path / f"secret-{secrets.token_hex(8)}.npz"
    shutil.copy(private, secret)
    code = PLUGIN.format(private=str(private), secret=secret.name.encode())
    (modules / "thief_plugin.py").write_text(code)
    return {
        **environment,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(modules), os.environ.get("PYTHONPATH")))),
        "PE_DEV_PLUGIN": "thief=thief_plugin:spec",
    }


@pytest.fixture
def pe_on(there, tmp_path):
    """pe_on(kernel, *words) -> how `pe` ends that starts as a user's does."""

    def run(kernel, *words, program=("-m", "pe_host"), **more):
        pe = (sys.executable, "-P", *program)
        start = (*WITHOUT_LANDLOCK, *pe) if kernel == "none" else pe
        return subprocess.run(
            [*start, *words],
            cwd=tmp_path,
            env={**there, **more},
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture
def started(pe_on):
    """started(kernel, plugin, *words) -> how `pe generate` ends that starts as a user's does.

    It has a command line, and begins with what Python runs at its start.
    """

    def run(kernel, plugin, *words, **more):
        return pe_on(kernel, "generate", "--plugin", plugin, *SMALL, *words, **more)

    return run


@pytest.fixture
def generate(started, pe, there):
    """generate(kernel, plugin, *words) -> how `pe generate` ends.

    The host is a fork where the kernel has all. Processes of plugins are a user's.
    """

    def run(kernel, plugin, *words, **more):
        if kernel == "none":
            return started(kernel, plugin, *words, **more)
        forked = replace(pe.fresh, environment={**there, **more})
        return forked("generate", "--plugin", plugin, *SMALL, *words)

    return run


def test_a_generator_cannot_read_the_private_file(generate, tmp_path):
    done = generate("all", "thief", "--data", "private.npz")
    assert done.returncode == 0, done.stderr
    card = (tmp_path / "run/release/README.md").read_text()
    assert "keeps their processes from the private data" in card and "none is copied" in card
    manifest = json.loads((tmp_path / "run/manifest.json").read_text())
    assert not {"network", "unconfined"} & {*manifest["plan"]}


SPY = {"PE_DEV_PLUGIN": "spy=thief_plugin:spying"}


@pytest.fixture
def secret(tmp_path, there):
    """Name of private data that no other run on this machine has."""
    return next(tmp_path.glob("secret-*.npz")).name


def test_a_generator_cannot_read_where_the_private_data_are(started, secret):
    """On a command line: its own, the host's or any other. It can without Landlock."""
    done = started("all", "spy", "--data", secret, **SPY)
    assert done.returncode == 0, done.stderr
    words = ("--data", secret, "--allow-unconfined", "--out", "other")
    done = started("none", "spy", *words, **SPY)
    assert done.returncode == 3 and "a cmdline names the private data" in done.stderr


@pytest.mark.parametrize("kernel", ["all", "none"])
def test_a_generator_cannot_read_where_pe_data_says_they_are(started, secret, kernel):
    """In no environment. Without Landlock, that the host protects its memory is enough for this."""
    words = ("--allow-unconfined", "--out", kernel)
    done = started(kernel, "spy", *words, **SPY, PE_DATA=f"npz:{secret}")
    assert done.returncode == 0, done.stderr


def test_private_data_are_refused_where_the_kernel_does_not_confine(generate, tmp_path):
    done = generate("none", "thief", "--data", "private.npz")
    assert done.returncode == 4 and "--allow-unconfined" in done.stderr
    assert not (tmp_path / "run").exists()


def test_without_landlock_the_generator_reads_the_private_file(generate):
    """So it is Landlock that stops it above, and the operator has to allow it by name."""
    done = generate("none", "thief", "--data", "private.npz", "--allow-unconfined")
    assert done.returncode == 3 and "the private data were read" in done.stderr


def test_an_unconfined_run_says_so(generate, tmp_path):
    done = generate("none", "echo", "--data", "private.npz", "--allow-unconfined")
    assert done.returncode == 0, done.stderr
    assert "the kernel of this machine cannot keep plugins from your files" in done.stderr
    check_that_it_says_so(tmp_path / "run")


def test_on_public_data_an_unconfined_run_is_only_a_warning(generate, tmp_path):
    done = generate("none", "echo", "--candidates", "200", "--data", "sklearn:digits")
    assert done.returncode == 0, done.stderr
    assert "the kernel of this machine cannot keep plugins from your files" in done.stderr
    check_that_it_says_so(tmp_path / "run")


def check_that_it_says_so(run):
    """Plan, card and report; and no sentence of the card contradicts it."""
    assert json.loads((run / "manifest.json").read_text())["plan"]["unconfined"] is True
    card = (run / "release/README.md").read_text()
    assert "did not confine them" in card and "none is copied" not in card
    assert "did not confine them" in (run / "release/report.html").read_text()


def test_the_plan_says_so_before_the_run(generate, tmp_path):
    words = ("--data", "private.npz", "--allow-unconfined", "--dry-run")
    done = generate("none", "echo", *words)
    assert done.returncode == 0 and "did not confine them" in done.stdout
    left = [path for path in tmp_path.rglob("*") if path.is_dir() and not any(path.iterdir())]
    assert left == [] and not (tmp_path / "budget").exists()


DOCTOR = """
import sys
from pe_host.cli import main
from pe_host.commands import doctor
doctor._plugin_findings = lambda *_: ()  # it would try all of them, one by one
sys.exit(main())
"""


def test_the_doctor_says_what_is_not_closed(pe_on, tmp_path, light_torch):
    light_torch(tmp_path / "modules")
    done = pe_on("none", "doctor", "--json", program=("-c", DOCTOR), PE_PLUGINS="none")
    found = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert found["confinement"]["level"] == "warning"
    assert "no Landlock" in found["confinement"]["detail"]


@pytest.mark.slow
def test_a_run_goes_on_where_more_is_confined_but_not_where_less_is(generate):
    """Its plan stays what it was. The runs are finished, which is found after the plan."""
    words = ("--data", "private.npz", "--allow-unconfined")
    assert generate("none", "echo", *words, "--out", "open").returncode == 0
    done = generate("all", "echo", *words, "--out", "open", "--resume")
    assert done.returncode == 0 and "already finished" in done.stderr
    assert generate("all", "echo", *words, "--out", "closed").returncode == 0
    done = generate("none", "echo", *words, "--out", "closed", "--resume")
    assert done.returncode == 4 and "(unconfined)" in done.stderr
    assert "continue it where the kernel confines plugins" in done.stderr


def test_the_network_is_for_generators_that_can_use_it(generate):
    done = generate("all", "echo", "--data", "private.npz", "--allow-network", "echo", "--dry-run")
    assert done.returncode == 2 and "does not use the network" in done.stderr
    done = generate("all", "echo", "--data", "private.npz", "--allow-network", "other", "--dry-run")
    assert done.returncode == 2 and "no generator 'other'" in done.stderr
    words = ("--allow-network", "online", "--dry-run", "--candidates", "200")
    online = {"PE_DEV_PLUGIN": "online=thief_plugin:online"}
    done = generate("all", "online", "--data", "sklearn:digits", *words, **online)
    assert done.returncode == 0, done.stderr
    assert "The operator let online use the network" in done.stdout


def test_private_data_in_a_folder_that_the_generator_may_read_are_refused(generate, tmp_path):
    words = ("--set", f"fonts={tmp_path}", "--data", "private.npz")
    done = generate("all", "text-render", *words)
    assert done.returncode in (3, 4)  # there are no fonts
    Path(tmp_path / "modules/private.py").write_bytes((tmp_path / "private.npz").read_bytes())
    done = generate("all", "echo", "--data", "npz:modules/private.py")
    assert done.returncode == 4 and "the generator may read" in done.stderr


THREAD = """
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


@pytest.fixture
def thread_at_start(tmp_path, there):
    """Something on the import path starts a thread when Python starts, as a `.pth` file can."""
    (tmp_path / "modules/sitecustomize.py").write_text(THREAD)


def test_a_process_with_threads_reads_no_private_data(started, thread_at_start, tmp_path):
    """Landlock would hold one of them only."""
    done = started("all", "echo", "--data", "private.npz")
    assert done.returncode == 4 and "this process has threads" in done.stderr
    assert "run pe from an environment where nothing starts a thread" in done.stderr
    done = started("all", "echo", "--data", "private.npz", "--allow-unconfined")
    assert done.returncode == 4  # that is for what the kernel lacks
    assert not (tmp_path / "run").exists()


def test_a_process_with_threads_asks_no_reader_of_others(started, thread_at_start, tmp_path):
    """It would see the data before it says whether they are public."""
    done = started("all", "echo", "--data", "demo:faces")
    assert done.returncode == 4 and "this process has threads" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_process_with_threads_goes_on_with_public_data(started, thread_at_start, tmp_path):
    done = started("all", "echo", "--candidates", "200", "--data", "sklearn:digits")
    assert done.returncode == 0, done.stderr
    assert "warning: this process has threads" in done.stderr
    card = (tmp_path / "run/release/README.md").read_text()
    assert "keeps their processes from the private data" in card  # generators are confined
    done = started("all", "thief", "--candidates", "200", "--data", "sklearn:digits", "--out", "b")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [("budget", "show"), ("inspect",), ("inspect", "--private")])
def test_a_process_with_threads_does_not_open_private_data_for_less(pe_on, thread_at_start, words):
    """Fails for `inspect` when the answer of the wall is not looked at."""
    done = pe_on("all", *words, "private.npz")
    assert done.returncode == 4 and "this process has threads" in done.stderr
