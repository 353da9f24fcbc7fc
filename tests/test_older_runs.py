"""An interrupted run of an older version goes on, with the guarantee that it had.

`older_run` was made by commit 63aa6d5, when nothing was confined, counted in a budget or declared
public by the operator. It was killed after the ledger line of its class counts: their noise is
lost. The path of its data is made up; here it is that of a file with records of the same spec.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pe_host.isolation import landlock

pytestmark = pytest.mark.skipif(landlock.version() < 1, reason="the kernel has no Landlock")

HERE = Path(__file__).parent
PLUGIN = """
import numpy as np
from pe_sdk import Feature, Float, GeneratorSpec, OutputSpec, ParameterSpace, Simulator
from pe_sdk import hookimpl, random


class Waves(Simulator):
    space = ParameterSpace({"period": Float(4, 20), "height": Float(0.2, 3)})

    def __init__(self, output, labels, options):
        self.output = output

    def render(self, params, labels, seeds):
        time = np.arange(self.output.shape[0]) + 40 * random.uniforms(seeds, "start")[:, None]
        wave = params["height"][:, None] * np.sin(2 * np.pi * time / params["period"][:, None])
        return np.stack([wave, wave], axis=2).astype(np.float32)


@hookimpl
def pe_generators():
    output = OutputSpec.series(8, [Feature("level"), Feature("count")])
    return [
        GeneratorSpec(
            "waves", "waves", Waves, labels=("low", "high"), output=output, network=True
        )
    ]
"""


@pytest.fixture
def resume(tmp_path, pe):
    """resume(kernel, *words) -> how `pe generate --resume` of the older run ends.

    The host is a fork where the kernel has all.
    """
    data = tmp_path / "private.npz"
    np.savez(
        data,
        series=np.random.default_rng(5).normal(0, 1, (300, 8, 2)).astype(np.float32),
        labels=np.arange(300) % 2,
        label_names=np.array(["low", "high"]),
        feature_names=np.array(["a", "b"]),
        feature_ranges=np.array([[-4.0, 4.0], [-4.0, 4.0]]),
        step=np.float64(10),
        step_unit=np.array("ms"),
    )
    shutil.copytree(HERE / "older_run", tmp_path / "run")
    for name in ("manifest.json", "config.toml"):
        file = tmp_path / "run" / name
        file.write_text(file.read_text().replace("npz:/data/series.npz", f"npz:{data}"))
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "older_waves.py").write_text(PLUGIN)
    environment = {
        **pe.environment,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(modules), os.environ.get("PYTHONPATH")))),
        "PE_DEV_PLUGIN": "waves=older_waves",
        "PE_BUDGET": str(tmp_path / "budget"),
    }
    without = [sys.executable, str(HERE / "without_landlock.py")]

    def run(kernel, *words):
        words = ("generate", "--config", "run/config.toml", "--out", "run", "--resume", *words)
        if kernel == "all":
            return replace(pe.fresh, environment=environment)(*words)
        return subprocess.run(
            [*without, sys.executable, "-P", "-m", "pe_host", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )

    return run


def files(run):
    return {path: path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}


def check_that_it_went_on(run):
    """To the end, with the plan and the ledger that it had."""
    before = json.loads((HERE / "older_run/manifest.json").read_text())
    after = json.loads((run / "manifest.json").read_text())
    assert after["finished"]
    for key in ("plan", "plan_digest"):
        assert after[key] == before[key]
    ledger = (HERE / "older_run/ledger.jsonl").read_bytes()
    assert (run / "ledger.jsonl").read_bytes().startswith(ledger)
    assert after["iterations"] == 1  # one of two: the lost class counts are spent
    card = (run / "release/README.md").read_text()
    assert "They ran unconfined, as in all versions before" in card
    assert "none is copied" not in card


def test_it_asks_for_what_this_version_demands_and_goes_on(resume, tmp_path):
    before = files(tmp_path / "run")
    done = resume("all")
    assert done.returncode == 4 and "Traceback" not in done.stderr
    assert "add --public-ranges" in done.stderr
    assert files(tmp_path / "run") == before
    done = resume("all", "--public-ranges")
    assert done.returncode == 0, done.stderr
    check_that_it_went_on(tmp_path / "run")


@pytest.mark.slow
def test_it_goes_on_with_a_network_that_every_generator_had(resume, tmp_path):
    done = resume("all", "--public-ranges", "--allow-network", "waves")
    assert done.returncode == 0, done.stderr
    check_that_it_went_on(tmp_path / "run")


@pytest.mark.slow
def test_it_goes_on_without_landlock_if_the_operator_allows_that(resume, tmp_path):
    before = files(tmp_path / "run")
    done = resume("none", "--public-ranges")
    assert done.returncode == 4 and "give --allow-unconfined" in done.stderr
    assert files(tmp_path / "run") == before
    done = resume("none", "--public-ranges", "--allow-unconfined")
    assert done.returncode == 0, done.stderr
    check_that_it_went_on(tmp_path / "run")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--public-ranges", "--bad-records", "drop"), "bad_records"),
        (("--no-public-ranges",), "output"),
        (("--public-ranges", "--iterations", "3"), "rounds"),
    ],
)
def test_it_does_not_go_on_with_another_guarantee(resume, tmp_path, words, field):
    done = resume("all", *words)
    assert done.returncode == 4 and "the privacy plan differs" in done.stderr
    assert field in done.stderr
    ledger = (tmp_path / "run/ledger.jsonl").read_bytes()
    assert ledger == (HERE / "older_run/ledger.jsonl").read_bytes()
