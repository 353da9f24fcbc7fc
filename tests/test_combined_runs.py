"""Whole runs of `combined` over installed generators: handed over, killed and replayed."""

import json
import shutil
import signal

import numpy as np
import pytest

from pe_host.compute.pool import Workers
from pe_host.plugins import resolve
from pe_sdk import OutputSpec, Released, random

STAGES = "stages=echo:0-1,image-pool:2-"
POOL = ("--set", "image-pool.generator=echo", "--set", "image-pool.count=300")


def generate(pe, digits, *more, **how):
    settings = [word if word != "echo" else "combined" for word in pe.small]
    return pe(
        "generate",
        *settings,
        "--set",
        STAGES,
        *POOL,
        "--data",
        digits,
        "--out",
        "run",
        *more,
        **how,
    )


def makers(pe, name):
    with np.load(pe.folder / "run/iterations" / name, allow_pickle=False) as stored:
        return set(stored["state/maker"].tolist())


@pytest.fixture(scope="session")
def _run(once, pe_in, write_digits, bring_compiled):
    def fill(folder):
        bring_compiled()
        done = generate(pe_in(folder), write_digits(folder / "private.npz"))
        assert done.returncode == 0, done.stderr

    return once("combined-run", fill) / "run"


@pytest.fixture
def run(_run, pe):
    """A copy of a finished run."""
    return shutil.copytree(_run, pe.folder / "run")


@pytest.mark.slow
def test_stages_follow_each_other_and_a_replay_gives_the_same_pictures(pe, run):
    # Fails when replaying does not let the generator adapt: the first stage then makes the release.
    assert [makers(pe, f"00{t}/population.npz") for t in range(3)] == [
        {"echo"},
        {"echo"},
        {"image-pool"},
    ]
    assert makers(pe, "release.npz") == {"image-pool"}
    replayed = pe("replay", "run", "--json")
    assert replayed.returncode == 0, replayed.stderr
    parts = json.loads((run / "manifest.json").read_text())["parts"]
    assert parts.keys() == {"pe-plugin-echo/echo", "pe-plugin-image-pool/image-pool"}


@pytest.mark.slow
@pytest.mark.usefixtures("_run")  # with its cache, write 26 is the same in each session
@pytest.mark.parametrize("write", [26, 32, 38])
def test_a_run_that_is_killed_goes_on_as_it_would_have(pe, digits, write):
    # Fails when a session begins with the generator as its factory made it, regardless of earlier
    # releases.
    one = ("--workers", "1")  # cheaper; the result is that of two
    killed = generate(pe, digits, *one, kill_at_write=write)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = generate(pe, digits, *one, "--resume")
    assert done.returncode == 0, done.stderr
    assert makers(pe, "001/population.npz") == {"echo"} and makers(pe, "release.npz") == {
        "image-pool"
    }
    replayed = pe("replay", "run", "--json")
    assert replayed.returncode == 0, replayed.stderr


def test_other_versions_of_a_part_are_refused(pe, run):
    path = run / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["parts"]["pe-plugin-echo/echo"] = "0.9"
    path.write_text(json.dumps(manifest))
    replayed = pe("replay", "run")
    assert replayed.returncode == 3 and "other versions of pe-plugin-echo/echo" in replayed.stderr


@pytest.mark.slow
def test_stages_that_do_not_fit_the_iterations_are_refused_before_anything_is_spent(pe, digits):
    done = generate(pe, digits, "--iterations", "6", "--set", "stages=echo:0-9,image-pool:10-")
    assert (
        done.returncode == 3
        and "image-pool begins at 10" in done.stderr
        and "Traceback" not in done.stderr
    )
    assert len((pe.folder / "run/ledger.jsonl").read_text().splitlines()) == 1, (
        "only its first line, which says what is spent on"
    )


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
def test_the_default_works_with_the_generators_it_names(environment, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", environment["XDG_CACHE_HOME"])
    labels, seeds = np.arange(20) % 10, random.derive(0, "default", 20)
    with Workers.start(1) as workers:
        workers.load(
            resolve("generator", "combined"), {}, OutputSpec.image(28, 28), tuple("0123456789")
        )
        made = workers.random(labels, seeds)
        workers.adapt(Released(5, 5, labels, labels, 1.0, made.state))
        varied = workers.vary(made, 0.03, seeds)
    assert set(made.state["maker"]) == {"text-render"} and set(varied.state["maker"]) == {
        "diffusion"
    }
    assert 0 < np.abs(varied.data.astype(int) - made.data).mean() < 60
