"""Runs of `pe generate` with a generator that attacks, and on kernels that confine less.

A kernel without Landlock is one in which the tests leave it out.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from pe_host.isolation import landlock

pytestmark = pytest.mark.skipif(landlock.version() < 1, reason="the kernel has no Landlock")

NAME = f"private-{uuid4().hex}.npz"
"""Of the private data; no other process on this machine has it in its command line."""

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
                found = {name!r} in (place / name).read_bytes()
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

RUN = """
import sys
from pe_host.isolation import launch, wall
launch.left_out = frozenset(wall.LANDLOCK if sys.argv.pop(1) == "none" else ())
from pe_host.cli import main
sys.exit(main())
"""

SMALL = ("--embedding", "pixels", "--iterations", "1", "--candidates", "60", "--samples", "20")
SMALL += ("--epsilon", "9", "--workers", "1", "--out", "run")


@pytest.fixture
def generate(tmp_path, digits, environment):
    """generate(kernel, plugin, *words) -> how `pe generate` ends, in a folder with private data."""
    private = digits.rename(tmp_path / NAME)
    modules = tmp_path / "modules"
    modules.mkdir()
    code = PLUGIN.format(private=str(private), name=NAME.encode())
    (modules / "thief_plugin.py").write_text(code)
    environment = {
        **environment,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(modules), os.environ.get("PYTHONPATH")))),
        "PE_DEV_PLUGIN": "thief=thief_plugin:spec",
    }

    def run(kernel, plugin, *words, **more):
        command = [sys.executable, "-P", "-c", RUN, kernel, "generate", "--plugin", plugin, *SMALL]
        return subprocess.run(
            [*command, *words],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
        )

    return run


def test_a_generator_cannot_read_the_private_file(generate, tmp_path):
    done = generate("all", "thief", "--data", NAME)
    assert done.returncode == 0, done.stderr
    card = (tmp_path / "run/release/README.md").read_text()
    assert "keeps their processes from the private data" in card
    manifest = json.loads((tmp_path / "run/manifest.json").read_text())
    assert not {"network", "unconfined"} & {*manifest["plan"]}


SPY = {"PE_DEV_PLUGIN": "spy=thief_plugin:spying"}


def test_a_generator_cannot_read_where_the_private_data_are(generate):
    """On a command line: its own, the host's or any other. It can without Landlock."""
    done = generate("all", "spy", "--data", NAME, **SPY)
    assert done.returncode == 0, done.stderr
    words = ("--data", NAME, "--allow-unconfined", "--out", "other")
    done = generate("none", "spy", *words, **SPY)
    assert done.returncode == 3 and "a cmdline names the private data" in done.stderr


@pytest.mark.parametrize("kernel", ["all", "none"])
def test_a_generator_cannot_read_where_pe_data_says_they_are(generate, kernel):
    """In no environment. Without Landlock, that the host protects its memory is enough for this."""
    words = ("--allow-unconfined", "--out", kernel)
    done = generate(kernel, "spy", *words, **SPY, PE_DATA=f"npz:{NAME}")
    assert done.returncode == 0, done.stderr


def test_private_data_are_refused_where_the_kernel_does_not_confine(generate, tmp_path):
    done = generate("none", "thief", "--data", NAME)
    assert done.returncode == 4 and "--allow-unconfined" in done.stderr
    assert not (tmp_path / "run").exists()


def test_without_landlock_the_generator_reads_the_private_file(generate):
    """So it is Landlock that stops it above, and the operator has to allow it by name."""
    done = generate("none", "thief", "--data", NAME, "--allow-unconfined")
    assert done.returncode == 3 and "the private data were read" in done.stderr


def test_an_unconfined_run_says_so(generate, tmp_path):
    done = generate("none", "echo", "--data", NAME, "--allow-unconfined")
    assert done.returncode == 0, done.stderr
    assert "the kernel of this machine cannot keep plugins from your files" in done.stderr
    assert "did not confine them" in (tmp_path / "run/release/README.md").read_text()
    assert json.loads((tmp_path / "run/manifest.json").read_text())["plan"]["unconfined"] is True


def test_on_public_data_an_unconfined_run_is_only_a_warning(generate):
    done = generate("none", "echo", "--candidates", "200", "--data", "sklearn:digits")
    assert done.returncode == 0, done.stderr
    assert "the kernel of this machine cannot keep plugins from your files" in done.stderr


def test_the_network_is_for_generators_that_can_use_it(generate):
    done = generate("all", "echo", "--data", NAME, "--allow-network", "echo", "--dry-run")
    assert done.returncode == 2 and "does not use the network" in done.stderr
    done = generate("all", "echo", "--data", NAME, "--allow-network", "other", "--dry-run")
    assert done.returncode == 2 and "no generator 'other'" in done.stderr
    words = ("--allow-network", "online", "--dry-run", "--candidates", "200")
    online = {"PE_DEV_PLUGIN": "online=thief_plugin:online"}
    done = generate("all", "online", "--data", "sklearn:digits", *words, **online)
    assert done.returncode == 0, done.stderr
    assert "The operator let online use the network" in done.stdout


def test_private_data_in_a_folder_that_the_generator_may_read_are_refused(generate, tmp_path):
    words = ("--set", f"fonts={tmp_path}", "--data", NAME)
    done = generate("all", "text-render", *words)
    assert done.returncode in (3, 4)  # there are no fonts
    Path(tmp_path / "modules/private.py").write_bytes((tmp_path / NAME).read_bytes())
    done = generate("all", "echo", "--data", "npz:modules/private.py")
    assert done.returncode == 4 and "the generator may read" in done.stderr
