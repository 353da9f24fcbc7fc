"""What a finished run is good for afterwards: more samples at no cost, and a start for another."""

import json
import secrets
import shutil
from dataclasses import replace

import numpy as np
import pytest

from pe_host import DataError, open_run


def load(path):
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def draw(pe, n, out, *words):
    return pe("samples", "run", "--n", str(n), "--out", out, *words)


def test_as_many_samples_as_the_run_released_are_its_release(pe, finished):
    done = draw(pe, 40, "again.npz")
    assert done.returncode == 0, done.stderr
    again, released = load(pe.folder / "again.npz"), load(finished.run / "release/samples.npz")
    assert again.keys() == released.keys()
    for name, array in released.items():
        np.testing.assert_array_equal(again[name], array)


def test_more_samples_cost_nothing_and_need_no_private_data(pe, finished, digits):
    digits.unlink()
    before = (finished.run / "ledger.jsonl").read_bytes()
    files = {path: path.stat().st_mtime_ns for path in finished.run.rglob("*") if path.is_file()}
    first, second = draw(pe, 300, "more.npz"), draw(pe, 300, "same.npz")
    assert first.returncode == 0 and second.returncode == 0, first.stderr + second.stderr
    assert "nothing was spent" in first.stdout
    more = load(pe.folder / "more.npz")
    np.testing.assert_array_equal(more["images"], load(pe.folder / "same.npz")["images"])
    assert len(more["labels"]) == 300
    assert len(np.unique(more["images"].reshape(300, -1), axis=0)) > 200
    assert (finished.run / "ledger.jsonl").read_bytes() == before
    after = {path: path.stat().st_mtime_ns for path in finished.run.rglob("*") if path.is_file()}
    assert after == files


def test_samples_are_written_in_every_format(pe, finished):
    done = draw(pe, 60, "pictures", "--to", "imagefolder", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["samples"] == 60
    assert len(list((pe.folder / "pictures").rglob("*.png"))) == 60
    done = draw(pe, 60, "x", "--to", "tiff")
    assert done.returncode == 2 and "unknown format 'tiff'" in done.stderr


def test_what_cannot_be_written_is_refused_before_anything_is_made(pe, finished):
    """Fails if it is found at the end: hours of rendering are then lost. Here they cannot begin."""
    shutil.rmtree(finished.run / "iterations")
    (pe.folder / "used.npz").write_text("mine")
    small = replace(pe, returns={"pe_host.commands.memory.most_bytes": 128 * 300 - 1})
    cases = [
        (pe, 300, "used.npz", "npz", 5, "already exists"),
        (pe, 300, "used.npz/x", "npz", 5, "used.npz is a file, not a folder"),
        (pe, 300, "x", "csv", 5, "csv files cannot contain records of kind image"),
        (small, 300, "x", "npz", 2, "--n: 300 samples take more than half"),
        (small, 299, "x", "npz", 5, "are missing"),
        (pe, 300, "x", "npz", 5, "are missing"),  # all is well, so the run is gone through
    ]
    for run, n, out, to, code, message in cases:
        done = draw(run, n, out, "--to", to)
        assert done.returncode == code and message in done.stderr, done.stderr
    assert (pe.folder / "used.npz").read_text() == "mine" and not (pe.folder / "x").exists()


def test_nothing_is_written_into_a_run_folder(pe, finished):
    """Fails if it is: what lies in `release` is published with it."""
    before = sorted(finished.run.rglob("*"))
    (pe.folder / "link").symlink_to("run/release")
    cases = [
        ("export", "run", "--to", "npz", "--out", "run/release/sub"),
        ("export", "run", "--to", "imagefolder", "--out", "link/a/b"),
        ("samples", "run", "--n", "300", "--out", "run/more.npz"),
        ("continue", "run", "--epsilon", "2", "--out", "run/sub"),
        ("generate", *pe.small, "--data", finished.data, "--out", "run/sub"),
        ("generate", *pe.small, "--data", finished.data, "--out", "run/sub", "--dry-run"),
    ]
    for words in cases:
        done = pe(*words)
        assert done.returncode == 5, words
        assert "the destination lies in the folder of a run" in done.stderr, done.stderr
    assert sorted(finished.run.rglob("*")) == before


def test_a_name_that_is_too_long_is_refused_before_anything_is_made(pe, finished):
    shutil.rmtree(finished.run / "iterations")  # rendering cannot begin
    for out in ("x" * 256, f"{'y' * 256}/a", "/".join(["z" * 200] * 30)):
        done = draw(pe, 300, out)
        assert done.returncode == 5 and "this name is too long" in done.stderr, done.stderr
        assert (
            out in done.stderr and ".part" not in done.stderr and "are missing" not in done.stderr
        )


def test_an_export_looks_at_the_destination_before_it_loads_the_samples(pe, finished):
    (finished.run / "release/samples.npz").write_bytes(b"damaged")
    (pe.folder / "used").write_text("mine")
    for out, to, message in (
        ("used", "npz", "already exists"),
        ("x", "csv", "csv files cannot contain records of kind image"),
    ):
        done = pe("export", "run", "--to", to, "--out", out)
        assert done.returncode == 5 and message in done.stderr, done.stderr


def test_samples_need_a_finished_run(pe, finished):
    manifest = finished.run / "manifest.json"
    document = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**document, "finished": False}))
    done = draw(pe, 60, "more.npz")
    assert done.returncode == 5 and "this run is not finished" in done.stderr
    assert draw(pe, 0, "more.npz").returncode == 2


@pytest.fixture
def continued(pe, finished):
    done = pe("continue", "run", "--epsilon", "2", "--out", "next", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_continued_run_starts_from_the_release_of_the_other(pe, finished, continued):
    first = load(pe.folder / "next/iterations/000/population.npz")
    released = load(finished.run / "iterations/release.npz")
    for c in range(2):
        rows, there = first["labels"] == c, released["labels"] == c
        for name in released.keys() - {"labels", "origin"}:
            start = min(rows.sum(), there.sum())
            np.testing.assert_array_equal(first[name][rows][:start], released[name][there][:start])
    assert len(first["labels"]) == 120 > len(released["labels"]) == 40


def test_a_continued_run_states_the_cost_of_both(pe, finished, continued):
    """Fails if `before` is left out of the total: it is then the ε of the second run only."""
    own, total = continued["epsilon"], continued["total_epsilon"]
    both = json.loads(pe("account", "run", "next", "--json").stdout)
    assert own == 2 < total < own + 4
    assert both["epsilon"] <= total <= both["epsilon"] * 1.00001
    card = (pe.folder / "next/release/README.md").read_text()
    assert f"ε = {total:g}" in card and "this run by itself adds ε = 2" in " ".join(card.split())
    plan = json.loads((pe.folder / "next/manifest.json").read_text())["plan"]
    assert sum(count for _, _, count in plan["before"]) == 4  # class counts and three histograms


def test_the_account_of_a_continued_run_shows_the_cost_of_both(pe, finished, continued):
    """Fails if its own ledger is all that is counted: the release costs more than its draws."""
    alone = json.loads(pe("account", "next", "--json").stdout)
    assert alone["epsilon"] <= 2 < alone["total_epsilon"]
    both = json.loads(pe("account", "run", "next", "--json").stdout)
    assert alone["total_epsilon"] == both["epsilon"] and both["with_earlier"] == []
    assert [run["before"] for run in both["runs"]] == [0, 4]
    assert both["runs"][0]["total_epsilon"] == both["runs"][0]["epsilon"]
    text = " ".join(pe("account", "next").stdout.split())
    total = f"{alone['total_epsilon']:.6g}"
    assert f"4 noise draws of the earlier runs that it starts from: ε = {total}" in text
    assert "earlier runs" not in pe("account", "run").stdout


def test_the_noise_of_an_earlier_run_that_is_not_given_counts_too(pe, finished, continued):
    """Fails if a run with the same noise is taken for the earlier one: `other` is none."""
    settings = (*pe.small, "--seed", "8", "--data", finished.data, "--out", "other")
    done = pe("generate", *settings)
    assert done.returncode == 0, done.stderr
    right = json.loads(pe("account", "run", "next", "--json").stdout)
    wrong = json.loads(pe("account", "other", "next", "--json").stdout)
    assert wrong["with_earlier"] == ["next"]
    all_three = json.loads(pe("account", "run", "other", "next", "--json").stdout)
    assert wrong["epsilon"] == all_three["epsilon"] > right["epsilon"]
    assert "earlier runs that next starts from is counted" in pe("account", "other", "next").stdout


def _twin(pe, name):
    """A run with the noise scales and the release of `run`, and draws of its own."""
    shutil.copytree(pe.folder / "run", pe.folder / name)
    ledger, manifest = pe.folder / name / "ledger.jsonl", pe.folder / name / "manifest.json"
    header, *lines = ledger.read_text().splitlines()
    id, draws = secrets.token_hex(16), [json.loads(line) for line in lines]
    named = {**json.loads(header), "run": id}
    fresh = [{**draw, "draw": secrets.token_hex(8)} for draw in draws]
    ledger.write_text("".join(f"{json.dumps(line)}\n" for line in [named, *fresh]))
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "run_id": id}))


def test_a_run_with_the_release_and_the_noise_of_the_earlier_one_is_not_it(pe, finished, continued):
    """Fails if the earlier run is known by what it released: two can release the same."""
    _twin(pe, "twin")
    right, wrong, all_three = (
        json.loads(pe("account", *runs, "next", "--json").stdout)
        for runs in (["run"], ["twin"], ["run", "twin"])
    )
    assert (right["with_earlier"], wrong["with_earlier"]) == ([], ["next"])
    assert wrong["epsilon"] == all_three["epsilon"] > right["epsilon"]

    done = pe("continue", "twin", "--epsilon", "2", "--out", "other")
    assert done.returncode == 0, done.stderr
    everything = json.loads(pe("account", "run", "twin", "next", "other", "--json").stdout)
    both = json.loads(pe("account", "next", "other", "--json").stdout)
    assert both["epsilon"] == everything["epsilon"] and both["with_earlier"] == ["next", "other"]


def test_a_run_that_does_not_name_its_earlier_one_counts_it_each_time(pe, finished, continued):
    """Fails if a run of an older version is taken to start from a run that may be another."""
    path = pe.folder / "next/manifest.json"
    manifest = json.loads(path.read_text())
    assert (
        manifest.pop("earlier_run")["run"]
        == json.loads((pe.folder / "run/manifest.json").read_text())["run_id"]
    )
    named = json.loads(pe("account", "run", "next", "--json").stdout)
    path.write_text(json.dumps(manifest))
    unnamed = json.loads(pe("account", "run", "next", "--json").stdout)
    assert unnamed["with_earlier"] == ["next"] and unnamed["epsilon"] > named["epsilon"]


def test_samples_that_a_killed_start_left_are_not_those_of_another_run(pe, finished, continued):
    """Fails if a run that starts from nothing finds them: its ε would not cover them."""
    (pe.folder / "left").mkdir()
    (pe.folder / "next/first.npz").rename(pe.folder / "left/first.npz")
    done = pe("generate", *pe.small, "--data", finished.data, "--out", "left", "--resume")
    assert done.returncode == 0, done.stderr
    assert not (pe.folder / "left/first.npz").exists()


def test_a_continued_run_needs_the_other_no_more(pe, finished, continued):
    shutil.rmtree(finished.run)
    done = pe("replay", "next")
    assert done.returncode == 0, done.stderr
    done = pe("samples", "next", "--n", "40", "--out", "same.npz")
    assert done.returncode == 0, done.stderr
    same, released = load(pe.folder / "same.npz"), load(pe.folder / "next/release/samples.npz")
    np.testing.assert_array_equal(same["images"], released["images"])


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["run"], 4, "no privacy budget was given"),
        (["nothing", "--epsilon", "1"], 5, "this folder is not a run"),
        (["run", "--epsilon", "1", "--plugin", "procedural-2d"], 3, "cannot vary its samples"),
        (["run", "--epsilon", "1", "--classes", "light,dark"], 5, "other classes"),
    ],
)
def test_what_cannot_be_continued_is_one_clear_error(pe, finished, words, code, message):
    done = pe("continue", *words, "--out", "next")
    assert done.returncode == code and message in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and not (pe.folder / "next").exists()


def test_a_finished_run_without_its_ledger_is_not_to_be_resumed(pe, finished):
    """Fails if the advice is --resume, which shows the result of a finished run and no ledger."""
    (finished.run / "ledger.jsonl").unlink()
    done = pe("account", "run")
    assert done.returncode == 5 and "the ledger of this finished run is missing" in done.stderr
    assert "restore ledger.jsonl from a backup" in done.stderr and "--resume" not in done.stderr


@pytest.mark.parametrize("what", ["lost", "set back"])
def test_a_run_whose_ledger_says_less_than_it_spent_is_not_continued(pe, finished, what):
    """The new run would state less than both have cost."""
    ledger = finished.run / "ledger.jsonl"
    if what == "lost":
        ledger.unlink()
    else:
        ledger.write_bytes(ledger.read_bytes().splitlines(keepends=True)[0])
    done = pe("continue", "run", "--epsilon", "2", "--out", "next")
    assert done.returncode in (4, 5) and not (pe.folder / "next").exists(), done.stderr
    assert "ledger" in done.stderr


def test_a_changed_release_is_not_continued(pe, finished):
    """Fails if it is not looked at: what somebody put there would get a card with a guarantee."""
    path = finished.run / "iterations/release.npz"
    stored = load(path)
    name = next(name for name, array in stored.items() if array.dtype.kind == "f")
    np.savez(path, **{**stored, name: np.full_like(stored[name], stored[name].flat[0])})
    done = pe("continue", "run", "--epsilon", "2", "--out", "next")
    assert done.returncode == 5 and "not those that the run released" in done.stderr
    assert not (pe.folder / "next").exists()


@pytest.mark.parametrize("name", ["images", "labels"])
def test_changed_samples_are_not_used(pe, finished, name):
    """Fails if they are not compared with the digest: the guarantee covers what was released."""
    path = finished.run / "release/samples.npz"
    stored = load(path)
    stored[name].flat[0] ^= 1
    np.savez(path, **stored)
    for words in (["export", "run", "--to", "npz"], ["continue", "run", "--epsilon", "2"]):
        done = pe(*words, "--out", "next")
        assert done.returncode == 5 and "not those that the run released" in done.stderr
        assert not (pe.folder / "next").exists()
    with pytest.raises(DataError, match="not those that the run released"):
        open_run(finished.run).samples()


def test_a_continued_run_is_resumed_without_the_other(pe, finished, continued):
    shutil.rmtree(finished.run)
    done = pe("generate", "--config", "next/config.toml", "--out", "next", "--resume")
    assert done.returncode == 0 and "already finished" in done.stderr, done.stderr


def test_a_start_that_fails_leaves_nothing(pe, finished, digits):
    """The samples of the earlier run are in the folder by then, and no manifest."""
    data = load(digits)
    labels = data["labels"].copy()
    labels[0] = -1
    np.savez(pe.folder / "bad.npz", **{**data, "labels": labels})
    done = pe("continue", "run", "--epsilon", "2", "--data", "bad.npz", "--out", "next")
    assert done.returncode == 5 and "label in row 0" in done.stderr, done.stderr
    assert not (pe.folder / "next").exists()


def test_samples_follow_the_class_counts_that_were_released(pe, finished):
    """Fails if those of the manifest are believed: the guarantee covers what was paid for."""
    manifest = finished.run / "manifest.json"
    document = json.loads(manifest.read_text())
    document["class_counts"]["counts"] = [1000, 0]
    manifest.write_text(json.dumps(document))
    done = draw(pe, 10, "more.npz")
    assert done.returncode == 5 and "class counts" in done.stderr, done.stderr


@pytest.fixture
def of_clients(pe):
    """A run whose unit is a user, on data that name households too."""
    rng = np.random.default_rng(1)
    users = np.arange(300) // 2
    np.savez(
        pe.folder / "homes.npz",
        images=rng.integers(0, 256, (300, 8, 8), dtype=np.uint8),
        labels=users % 2,
        label_names=np.array(["dark", "light"]),
        user=users,
        household=users // 15,
    )
    words = ("--plugin", "echo", "--data", "homes.npz", "--embedding", "pixels", "--workers", "1")
    sizes = ("--candidates", "120", "--samples", "40", "--iterations", "1", "--votes", "2")
    done = pe("generate", *words, *sizes, "--epsilon", "2", "--client", "user", "--out", "users")
    assert done.returncode == 0, done.stderr


def test_costs_for_other_clients_do_not_add_up(pe, of_clients):
    """A household is fifteen users: adding one changes more than the first run accounts for."""
    done = pe("continue", "users", "--client", "household", "--epsilon", "2", "--out", "next")
    assert done.returncode == 5 and "other unit of privacy" in done.stderr, done.stderr
    shown = json.loads(pe("budget", "show", "homes.npz", "--json").stdout)
    assert [total["unit"] for total in shown["totals"]] == ["client by user"]
    cap = pe("budget", "cap", "homes.npz", "--epsilon", "9", "--unit", "client by user")
    assert cap.returncode == 0, cap.stderr
    again = pe("continue", "users", "--client", "user", "--epsilon", "2", "--out", "next")
    assert again.returncode == 0, again.stderr
