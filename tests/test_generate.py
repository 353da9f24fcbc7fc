"""`pe generate` from end to end, through the command line, with real worker processes.

Runs that end well have workers as a user's are in `finished` and where `pe.fresh` stands, else
forks.
"""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pe_host.privacy.plan import PrivacyPlan


def released(run: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(run / "release" / "samples.npz", allow_pickle=False) as stored:
        return stored["images"], stored["labels"]


def test_a_run_writes_what_the_architecture_says(pe, digits):
    done = pe.fresh("generate", *pe.small, "--data", digits, "--out", "run", "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    run = pe.folder / "run"
    assert {
        "manifest.json",
        "config.toml",
        "ledger.jsonl",
        "iterations",
        "release",
        "internal",
    } <= {path.name for path in run.iterdir()}
    assert {path.name for path in (run / "release").iterdir()} == {
        "samples.npz",
        "README.md",
        "report.html",
    }
    assert shown["spent_epsilon"] <= 4 and shown["iterations"] == 3
    images, labels = released(run)
    assert images.shape == (40, 8, 8) and images.dtype == np.uint8
    # The two classes are where the private ones are. Fails when votes are ignored: both means would
    # be about 127.
    means = [images[labels == label].mean() for label in (0, 1)]
    assert means == pytest.approx([60, 180], abs=25)


def test_iterations_are_told_one_line_each_and_results_alone_are_on_stdout(finished):
    assert finished.done.stderr.count("\niteration ") == 3
    assert "release/samples.npz" in finished.done.stdout and "iteration" not in finished.done.stdout


def test_replay_rebuilds_the_release_without_the_private_data(pe, digits):
    pe("generate", *pe.small, "--data", digits, "--out", "run")
    digits.unlink()
    done = pe("replay", "run")
    assert done.returncode == 0, done.stderr
    assert "the same 40 samples" in done.stdout


def test_replay_notices_another_histogram(pe, finished):
    path = finished.run / "iterations/002/votes.npy"
    np.save(path, np.load(path)[::-1])
    done = pe("replay", "run")
    assert done.returncode == 5 and "other candidates" in done.stderr


def test_the_saved_configuration_runs_as_it_is(pe, digits):
    first = pe("generate", *pe.small, "--data", digits.name, "--out", "run")
    assert first.returncode == 0, first.stderr
    again = pe("generate", "--config", "run/config.toml", "--out", "again")
    assert again.returncode == 0, again.stderr
    configs = [(pe.folder / name / "config.toml").read_text() for name in ("run", "again")]
    assert configs[0] == configs[1]


def test_the_result_does_not_depend_on_the_number_of_workers(pe, digits):
    # ε = inf has no noise, so that two runs can be compared.
    samples = []
    for workers in (1, 3):
        out = f"run{workers}"
        arguments = [
            *pe.small,
            "--data",
            digits,
            "--epsilon",
            "inf",
            "--workers",
            workers,
            "--lookahead",
            2,
            "--out",
            out,
        ]
        done = pe.fresh("generate", *arguments)
        assert done.returncode == 0, done.stderr
        with np.load(pe.folder / out / "internal/samples.npz") as stored:
            samples.append(stored["images"])
    assert np.array_equal(*samples)


def test_without_noise_a_run_is_labelled_not_private_and_releases_nothing(pe, digits):
    done = pe("generate", *pe.small, "--data", digits, "--epsilon", "inf", "--out", "run")
    run = pe.folder / "run"
    assert done.returncode == 0 and "NOT PRIVATE" in done.stdout
    assert not (run / "release").exists()
    assert "NOT PRIVATE" in (run / "internal/report.html").read_text()
    assert not PrivacyPlan.from_json(
        json.loads((run / "manifest.json").read_text())["plan"]
    ).private
    assert all(
        '"private": false' in line or '"private":false' in line for line in ledger_lines(run)
    )
    assert pe("export", "run", "--to", "npz", "--out", "x.npz").returncode == 4


def ledger_lines(run: Path) -> list[str]:
    return (run / "ledger.jsonl").read_text().splitlines()


def test_declared_shares_release_no_counts(pe, digits):
    shares = ["--class-shares", "public:1,3", "--public-size", "400"]
    done = pe("generate", *pe.small, "--data", digits, *shares, "--out", "run")
    assert done.returncode == 0, done.stderr
    assert len(ledger_lines(pe.folder / "run")) == 1 + 3
    assert np.bincount(released(pe.folder / "run")[1]).tolist() == [10, 30]


def test_noisy_counts_are_the_first_line_of_the_ledger(finished):
    kinds = [json.loads(line).get("kind") for line in ledger_lines(finished.run)]
    assert kinds == [None, "class-counts", "votes", "votes", "votes"]


def test_dry_run_prints_the_plan_and_writes_nothing(pe, digits):
    done = pe("generate", *pe.small, "--data", digits, "--out", "run", "--dry-run")
    assert done.returncode == 0 and "differentially private" in done.stdout
    assert not (pe.folder / "run").exists()


def test_a_dry_run_makes_neither_cache_nor_budget(pe, digits):
    places = {"XDG_CACHE_HOME": "cache", "PE_BUDGET": "budget"}
    new = {name: str(pe.folder / "new" / folder) for name, folder in places.items()}
    pe = replace(pe, environment={**pe.environment, **new})
    for words in ([], ["--out", "new/run"], ["--set", "nothing=1"]):
        done = pe("generate", *pe.small, "--data", digits, "--dry-run", *words)
        assert done.returncode == (2 if "--set" in words else 0), done.stderr
        assert not (pe.folder / "new").exists() and not (pe.folder / "runs").exists()


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (["--epsilon", "5"], 4, "privacy plan differs"),
        (["--iterations", "4"], 4, "privacy plan differs"),
        (["--seed", "9"], 5, "other settings: seed"),
        (["--samples", "41"], 5, "other settings: samples"),
    ],
)
def test_fault_5_and_16_a_changed_run_is_not_resumed(pe, finished, change, code, says):
    """The reference resumes with a longer schedule.

    It then reports ε = 1.0 where 10.08 was spent, or returns old data.
    """
    before = ledger_lines(finished.run)
    done = pe("generate", *pe.small, *change, "--data", finished.data, "--out", "run", "--resume")
    assert done.returncode == code and says in done.stderr, done.stderr
    assert ledger_lines(finished.run) == before


def test_a_finished_run_says_so(pe, finished):
    done = pe("generate", *pe.small, "--data", finished.data, "--out", "run", "--resume")
    assert done.returncode == 0 and "already finished" in done.stderr
    assert "release/samples.npz" in done.stdout


def test_fault_12_a_folder_in_use_is_refused_before_anything_is_spent(pe, digits):
    (pe.folder / "run").mkdir()
    (pe.folder / "run" / "mine.txt").write_text("keep")
    done = pe("generate", *pe.small, "--data", digits, "--out", "run")
    assert done.returncode == 5 and "in use" in done.stderr
    assert [path.name for path in (pe.folder / "run").iterdir()] == ["mine.txt"]


def test_fault_12_a_path_that_cannot_be_made_is_refused_before_anything_is_spent(pe, digits):
    (pe.folder / "file").write_text("")
    done = pe("generate", *pe.small, "--data", digits, "--out", "file/run")
    assert done.returncode == 5 and "run folder" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--plugin", "nothing-like-it"], 3, "installed"),
        (["--set", "colour=red"], 2, "unknown option 'colour'"),
        (["--data", "missing.npz"], 5, "missing.npz"),
        (["--epsilon", "nan"], 2, "--epsilon"),
        (["--epsilon", "0"], 2, "--epsilon"),
        (["--candidates", "3"], 5, "--candidates"),
        (["--embedding", "nothing"], 3, "installed"),
        (["--class-shares", "uniform"], 4, "--public-size"),
        (["--classes", "only-one"], 5, "missing: dark, light"),
    ],
)
def test_bad_input_is_one_clear_error(pe, digits, words, code, says):
    arguments = ["--out", "run", "--data", digits, *words]
    done = pe("generate", *pe.small, *arguments)
    assert done.returncode == code and says in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and not done.stdout


def test_a_missing_epsilon_is_refused_unless_the_data_is_public(pe, digits):
    at = pe.small.index("--epsilon")
    without = pe.small[:at] + pe.small[at + 2 :]
    done = pe("generate", *without, "--data", digits, "--out", "run")
    assert done.returncode == 4 and "--epsilon" in done.stderr
    public = pe("generate", *without, "--data", "sklearn:digits", "--out", "public", "--json")
    assert public.returncode == 0, public.stderr
    assert json.loads(public.stdout)["epsilon"] == 1


def test_export_writes_both_forms(pe, finished):
    assert pe("export", "run", "--to", "npz", "--out", "x.npz").returncode == 0
    assert pe("export", "run", "--to", "imagefolder", "--out", "pictures").returncode == 0
    assert len(list((pe.folder / "pictures").glob("*/*.png"))) == 40
    again = pe("export", "run", "--to", "npz", "--out", "x.npz")
    assert again.returncode == 5 and "x.npz" in again.stderr


def test_report_is_written_anew(pe, finished):
    pages = [finished.run / name / "report.html" for name in ("release", "internal")]
    before = [page.read_text() for page in pages]
    for page in pages:
        page.unlink()
    assert pe("report", "run").returncode == 0
    assert [page.read_text() for page in pages] == before
    assert before[0].count("data:image/png") == 4  # three populations and the release
    assert str(finished.data) in before[1] and str(finished.data) not in before[0]


def test_what_leaves_the_private_side_holds_no_private_record(finished):
    """Every file of the run, unpacked: no private picture is anywhere in it."""
    with np.load(finished.data) as private:
        rows = [image.tobytes()[:16] for image in private["images"]]
    seen = 0
    for path in finished.run.rglob("*"):
        contents = [path.read_bytes()] if path.is_file() else []
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as stored:
                contents += [stored[name].tobytes() for name in stored.files]
        seen += len(contents)
        assert not any(row in content for content in contents for row in rows), path
    assert seen > 20


def test_the_class_counts_are_noisy(pe, digits):
    """Exact counts would be 200 and 200 in every run; at this ε the noise scale is about 2."""
    found = set()
    for attempt in range(3):
        run = f"run{attempt}"
        pe("generate", *pe.small, "--data", digits, "--out", run, "--epsilon", "0.5")
        found.add(
            tuple(
                json.loads((pe.folder / run / "manifest.json").read_text())["class_counts"][
                    "counts"
                ]
            )
        )
    assert len(found) > 1
    assert all(math.dist(counts, (200, 200)) < 600 for counts in found)


def test_a_run_inside_the_data_is_refused(pe, finished):
    done = pe("export", "nothing", "--to", "npz", "--out", "x.npz")
    assert done.returncode == 5
    pe("export", "run", "--to", "imagefolder", "--out", "pictures")
    before = sorted((pe.folder / "pictures").rglob("*"))
    for out in ("pictures/run", "pictures"):
        done = pe("generate", *pe.small, "--data", "pictures", "--out", out)
        assert done.returncode == 5 and "within each other" in done.stderr
    assert sorted((pe.folder / "pictures").rglob("*")) == before


def test_bad_data_leaves_the_folder_free(pe, digits):
    with np.load(digits) as stored:
        arrays = dict(stored)
    np.savez(pe.folder / "bad.npz", **{**arrays, "labels": np.full(400, 7)})
    done = pe("generate", *pe.small, "--data", "bad.npz", "--out", "run")
    assert (done.returncode == 5 and "bad.npz" in done.stderr) or "row" in done.stderr
    assert pe("generate", *pe.small, "--data", digits, "--out", "run").returncode == 0


def test_candidates_too_few_for_the_votes_are_refused_before_anything_is_spent(pe, digits):
    """Fault 12 again: what is known before any noise is reported before it, also by a dry run."""
    for words in (["--out", "run"], ["--dry-run"]):
        done = pe("generate", *pe.small, "--data", digits, "--candidates", "3", *words)
        assert done.returncode in (2, 5) and "--candidates" in done.stderr
    assert not (pe.folder / "run").exists()


def test_replay_looks_at_the_released_samples(pe, finished):
    path = finished.run / "release/samples.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    arrays["images"][0] ^= 1
    np.savez(path, **arrays)
    done = pe("replay", "run")
    assert done.returncode == 5 and "samples.npz" in done.stderr


def test_paths_of_the_operator_are_in_no_released_file(finished):
    for path in (finished.run / "release").iterdir():
        assert str(finished.data.parent).encode() not in path.read_bytes()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema": 1}'])
def test_a_damaged_manifest_is_one_clear_error(pe, finished, content):
    (finished.run / "manifest.json").write_text(content)
    for words in (
        ["replay", "run"],
        ["report", "run"],
        ["generate", *pe.small, "--data", finished.data, "--out", "run", "--resume"],
    ):
        done = pe(*words)
        assert done.returncode == 5 and "manifest" in done.stderr, done.stderr


def test_a_finished_manifest_without_a_schedule_is_one_clear_error(pe, finished):
    path = finished.run / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schedule": None}))
    done = pe("replay", "run")
    assert done.returncode == 5 and "error:" in done.stderr and "Traceback" not in done.stderr
