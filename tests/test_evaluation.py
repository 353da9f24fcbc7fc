"""Measurements against private data at the end of a run.

They are made only if the data are public, stand in only one place, and never hinder a run.
"""

import json
import re
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pe_host.commands.generate import generate as run_generate
from pe_host.digest import digest_arrays
from pe_host.embeddings.simulator_features import FeatureOptions, SimulatorFeatures
from pe_host.job.config import RunConfig
from pe_host.metrics import frechet_distance
from pe_host.privacy import evaluation
from pe_host.privacy.evaluation import EVALUATION, some_rows
from pe_host.privacy.readers import sklearn as sklearn_reader
from pe_host.reporting import Silent
from pe_host.run.folder import EVALUATING, read_weights
from pe_sdk import OutputSpec

READER = '''
import numpy as np
from pe_sdk import OutputSpec, ReaderSpec, SourceInfo, Table, hookimpl

OUTPUT = OutputSpec.image(8, 8)


def describe(location):
    return SourceInfo(OUTPUT, ("a", "b"), public=location == "public")


def read(location, output, names):
    """Pictures of `echo` for levels around 200 and slopes around -60; the first is half black."""
    rng = np.random.default_rng(3)
    level, slope = rng.normal(200, 10, 400), rng.normal(-60, 5, 400)
    rows = np.rint(level[:, None] + slope[:, None] * np.linspace(-0.5, 0.5, 8))
    rows = np.clip(rows, 0, 255).astype(np.uint8)
    images = np.repeat(rows[:, None, :, None], 8, axis=1)
    images[0, :4] = 0
    return Table(images, np.arange(400) % 2, parameters={"level": level, "slope": slope})


@hookimpl
def pe_readers():
    return [ReaderSpec("ramps", "pictures of echo with known parameters", describe, read)]
'''


@pytest.fixture(scope="module")
def ramps(tmp_path_factory, pe_in):
    """Runs `pe` with a reader of synthetic data that knows the parameters of `echo`.

    `ramps:public` is declared public.
    """
    folder = tmp_path_factory.mktemp("ramps")
    (folder / "ramps_reader.py").write_text(READER)
    return pe_in(folder).with_plugin("reader/ramps=ramps_reader")


def generate(ramps, data: str, out: str, *more: object):
    settings = [
        "--plugin",
        "echo",
        "--embedding",
        "pixels",
        "--iterations",
        3,
        "--candidates",
        200,
        "--votes",
        2,
    ]
    return ramps(
        "generate",
        *settings,
        "--samples",
        100,
        "--epsilon",
        20,
        "--data",
        data,
        "--out",
        out,
        *more,
    )


@pytest.fixture(scope="module")
def measured(ramps):
    """A run on public data, what it printed, and its evaluation."""
    done = generate(ramps, "ramps:public", "run")
    assert done.returncode == 0, done.stderr
    run = ramps.folder / "run"
    return run, done, json.loads((run / EVALUATION).read_text())


def test_a_run_on_public_data_is_measured_and_shows_that_it_got_nearer(measured):
    _, _, found = measured
    assert (
        found["samples"] == 100
        and found["records"] == 300
        and found["embedding"]["weights"] == "fixed"
    )
    distances = found["frechet"]["populations"]
    assert len(distances) == 4, "iterations 0, 1, 2, and the release"
    assert distances[-1] < distances[0] / 3 and found["frechet"]["perfect"] < distances[-1]
    # Distances of levels, in parts of their range: 0.3 at first, when they are uniform over 0..255,
    # and little at the end, when they are about 200. Slopes: 0.3 at first, then less.
    level, slope = found["marginals"]["level"], found["marginals"]["slope"]
    assert (
        level["populations"][0] == pytest.approx(0.32, abs=0.08) and level["populations"][-1] < 0.1
    )
    assert slope["populations"][0] > 0.2 and slope["populations"][-1] < slope["populations"][0]
    assert np.argmax(level["shares"]["private"]) in (14, 15, 16) and sum(
        level["shares"]["first"]
    ) == pytest.approx(1)


def test_no_result_leaves_for_another_place(measured):
    run, done, found = measured
    text = (run / EVALUATION).read_text()
    values = {value for value in re.findall(r"\d\.\d+", text) if len(value) > 6}
    assert len(values) > 8
    others = [path for path in run.rglob("*") if path.is_file() and path.parent != run / "internal"]
    others.append(run / "internal/log.txt")
    assert len(others) > 10
    for content in [*(path.read_bytes() for path in others), (done.stdout + done.stderr).encode()]:
        assert not [value for value in values if value.encode() in content]
        assert b"chet" not in content and b"marginal" not in content
    assert (
        f"{found['marginals']['level']['populations'][-1]:.3f}"
        in (run / "internal/report.html").read_text()
    )


def test_no_record_and_no_parameter_of_one_is_written(measured, ramps):
    run, _, _ = measured
    scope: dict = {}
    exec(READER, scope)
    table = scope["read"]("public", scope["OUTPUT"], ("a", "b"))
    secrets = [
        table.data[0].tobytes(),
        *(column[row].tobytes() for column in table.parameters.values() for row in (0, 7)),
    ]
    secrets += [repr(float(column[0]))[:10].encode() for column in table.parameters.values()]
    for path in run.rglob("*"):
        if path.is_file():
            assert not [secret for secret in secrets if secret in path.read_bytes()], path


def test_data_that_are_not_declared_public_are_not_measured(ramps):
    done = generate(ramps, "ramps:secret", "secret")
    assert done.returncode == 0, done.stderr
    run = ramps.folder / "secret"
    assert not (run / EVALUATION).exists() and "measured" not in done.stderr
    page = (run / "internal/report.html").read_text()
    assert "Fréchet" not in page and "Recovered parameters" not in page


def test_the_page_is_written_anew_from_the_file(measured, ramps):
    run, _, _ = measured
    page = run / "internal/report.html"
    before = page.read_text()
    assert "Recovered parameters" in before and before.count('<figure class="histogram">') == 2
    public = (run / "release/report.html").read_text()
    assert "Recovered parameters" not in public and 'histogram"' not in public
    page.unlink()
    assert ramps("report", "run").returncode == 0
    assert page.read_text() == before and (run / "release/report.html").read_text() == public


def test_a_finished_run_keeps_its_evaluation(measured, ramps):
    run, _, _ = measured
    before = (run / EVALUATION).read_bytes()
    done = generate(ramps, "ramps:public", "run", "--resume")
    assert done.returncode == 0 and "already finished" in done.stderr
    assert (run / EVALUATION).read_bytes() == before


@pytest.mark.slow
def test_a_file_that_cannot_be_read_is_said_and_no_reason_to_go_without_a_page(measured, ramps):
    run = ramps.folder / "damaged"
    shutil.copytree(measured[0], run)
    page = run / "internal/report.html"
    assert "cannot be read" not in page.read_text()
    for content in ("{", "[]", '{"schema": 2}', '{"schema": 1, "marginals": {}}'):
        (run / EVALUATION).write_text(content)
        done = ramps("report", "damaged")
        assert (
            done.returncode == 0
            and f"evaluation cannot be read: damaged/{EVALUATION}" in done.stdout
        ), done.stderr
        assert "evaluation cannot be read" in page.read_text() and "Fréchet" not in page.read_text()
        assert "cannot be read" not in (run / "release/report.html").read_text()


@pytest.mark.parametrize("left", ["{", '{"schema": 2}'])
def test_an_evaluation_that_was_left_there_is_not_taken_for_this_one(pe, finished, left):
    """Any old evaluation is removed, even if the data are not public and nothing is measured.

    A damaged one stops no release.
    """
    run = finished.run
    unfinish(run)
    (run / "internal").mkdir()
    (run / EVALUATION).write_text(left)
    done = pe("generate", *pe.small, "--data", finished.data, "--out", "run", "--resume")
    assert done.returncode == 0 and not (run / EVALUATION).exists(), done.stderr
    assert "cannot be read" not in (run / "internal/report.html").read_text()


def public(pe) -> list[str]:
    """The words of a run on public data."""
    return ["generate", *pe.small, "--data", "sklearn:digits", "--out", "run"]


@pytest.fixture(scope="session")
def _public_run(once, pe_in):
    def fill(folder):
        done = pe_in(folder)(*public(pe_in(folder)))
        assert done.returncode == 0, done.stderr

    return once("public-run", fill) / "run"


@pytest.fixture
def public_run(_public_run, pe):
    """A copy of a finished run on public data."""
    return shutil.copytree(_public_run, pe.folder / "run")


def test_a_session_that_died_while_it_measured_is_not_followed_by_another_that_does(pe, public_run):
    run, words = public_run, public(pe)
    unfinish(run)
    (run / "internal").mkdir()
    (run / EVALUATING).touch()
    done = pe(*words, "--resume")
    assert done.returncode == 0 and "died while measuring" in done.stderr, done.stderr
    assert (
        (run / "release/samples.npz").exists()
        and not (run / EVALUATION).exists()
        and not (run / EVALUATING).exists()
    )


@pytest.mark.slow
def test_measuring_changes_nothing_else(tmp_path, monkeypatch):
    """The same votes give the same release, bit for bit, and the same ledger.

    It does not matter whether measuring works or fails.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = {"embedding": "pixels", "votes": 2, "candidates": 120, "samples": 40, "workers": 2}
    config = RunConfig(plugin="echo", data="sklearn:digits", epsilon=4.0, iterations=2, **settings)
    run, kept = tmp_path / "run", tmp_path / "kept"
    run_generate(config, out=run, resume=False, dry_run=False, reporter=Silent())
    shutil.copytree(run, kept)
    unfinish(run)
    reached = []

    def fail(*_):
        reached.append((run / "release/samples.npz").exists())
        raise RuntimeError

    monkeypatch.setattr(evaluation, "frechet_distance", fail)
    run_generate(config, out=run, resume=True, dry_run=False, reporter=Silent())
    assert reached == [True], "the release is on the disk before anything is measured"
    assert (kept / EVALUATION).exists() and not (run / EVALUATION).exists()
    assert "not measured" in (run / "internal/log.txt").read_text()
    digests = {
        json.loads((folder / "manifest.json").read_text())["release_digest"]
        for folder in (run, kept)
    }
    assert len(digests) == 1 and None not in digests
    assert content(run) == {
        name: bytes for name, bytes in content(kept).items() if name != EVALUATION
    }


@pytest.mark.slow
def test_all_populations_are_measured_by_the_embedding_of_the_first_iteration(pe, torch_server):
    """Both sides use its weights, although the last iteration's are at hand.

    They are computed again from what the run left.
    """
    options = FeatureOptions(width=4, dim=8, steps=40, again=40)
    words = [
        word
        for name in ("width", "dim", "steps", "again")
        for word in ("--embedding-options", f"{name}={getattr(options, name)}")
    ]
    at = pe.small.index("--embedding")
    small = [*pe.small[:at], *pe.small[at + 2 :]]
    words = [*small, "--iterations", "2", *words, "--data", "sklearn:digits", "--out", "run"]
    done = replace(pe, server=torch_server)("generate", *words)
    assert done.returncode == 0, done.stderr
    run = pe.folder / "run"
    found = json.loads((run / EVALUATION).read_text())
    first, last = (read_weights(run / f"iterations/{t:03d}/features.safetensors") for t in (1, 2))
    assert found["embedding"]["weights"] == f"1/{digest_arrays(first)}" and digest_arrays(
        last
    ) != digest_arrays(first)
    output = OutputSpec.image(8, 8)
    private = sklearn_reader.read("digits", output, tuple("0123456789")).data[
        some_rows(1797, 10_000)[40:]
    ]
    with np.load(run / "release/samples.npz") as stored:
        images = stored["images"].reshape(-1, 8, 8, 1)
    embedding = SimulatorFeatures(output, options, first)
    expected = frechet_distance(embedding.embed(images), embedding.embed(private))
    assert found["frechet"]["populations"][-1] == pytest.approx(expected, rel=0.01)


def test_a_run_that_cannot_be_measured_is_as_good_as_any(pe):
    done = pe("generate", *pe.small, "--data", "sklearn:digits", "--samples", "1", "--out", "run")
    assert done.returncode == 0 and "not measured" in done.stderr and "too few" in done.stderr, (
        done.stderr
    )
    run = pe.folder / "run"
    assert not (run / EVALUATION).exists() and (run / "release/samples.npz").exists()
    assert "too few" in (run / "internal/log.txt").read_text()


def test_a_run_that_ends_early_is_measured_as_far_as_it_came(pe, public_run):
    run = public_run
    whole = json.loads((run / EVALUATION).read_text())["frechet"]["populations"]
    unfinish(run)
    (run / "iterations/003/votes.npy").unlink()
    done = pe(*public(pe), "--resume")
    assert done.returncode == 0 and "2 of 3 iterations" in done.stderr, done.stderr
    found = json.loads((run / EVALUATION).read_text())["frechet"]["populations"]
    assert len(whole) == 4 and len(found) == 3 and found[:2] == whole[:2] and found[2] != whole[3]


@pytest.mark.slow
def test_killed_at_every_write_after_the_last_noise_a_run_ends_alike(pe, public_run):
    """Fails when a resume measures differently, or stumbles over what a killed run left.

    It also fails when anything is measured before the release exists. A run that was killed while
    it measured ends without measurements.
    """
    words = [*public(pe), "--workers", "1"]  # cheaper; the result is that of two
    run, voted = public_run, pe.folder / "voted"
    whole = content(run)
    unfinish(run)
    run.rename(voted)
    measured = []
    for write in range(1, 100):
        shutil.copytree(voted, run)
        killed = pe(*words, "--resume", kill_at_write=write)
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        measuring = (run / EVALUATING).exists()
        assert (run / "release/samples.npz").exists() or not (
            measuring or (run / EVALUATION).exists()
        )
        measured.append(
            "meanwhile" if measuring else "after" if (run / EVALUATION).exists() else "before"
        )
        done = pe(*words, "--resume")
        assert done.returncode == 0, done.stderr
        assert ("died while measuring" in done.stderr) is measuring
        assert content(run) == {
            name: bytes for name, bytes in whole.items() if not measuring or name != EVALUATION
        }
        shutil.rmtree(run)
    assert content(run) == whole and list(dict.fromkeys(measured)) == [
        "before",
        "meanwhile",
        "after",
    ]


def content(run: Path) -> dict[str, bytes]:
    """Every file of a run but those that hold times."""
    files = {
        str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()
    }
    return {
        name: bytes
        for name, bytes in files.items()
        if name not in ("internal/log.txt", "internal/report.html")
    }


def unfinish(run: Path) -> None:
    """Take a finished run back to after its last noise."""
    manifest = json.loads((run / "manifest.json").read_text())
    for name in ("iterations", "spent_epsilon", "release_digest"):
        manifest[name] = None
    (run / "manifest.json").write_text(json.dumps({**manifest, "finished": False}))
    for name in ("release", "internal"):
        shutil.rmtree(run / name)
    for name in ("release.npz", "release_grid.npz"):
        (run / "iterations" / name).unlink()
