"""The budget of a data set, as a person uses it: caps, copies, lost ledgers and databases."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pe_host.privacy.accountant import delta_of, epsilon_of
from pe_host.privacy.ledger import Ledger
from pe_host.run.folder import RunFolder
from pe_host.run.manifest import Manifest


@pytest.fixture
def own(pe):
    """`pe` with a budget database of its own."""
    return replace(pe, environment={**pe.environment, "PE_BUDGET": str(pe.folder / "budget")})


@pytest.fixture
def data(own, finished, write_digits):
    """Private data in the folder of the test, so that each test begins with a budget unused."""
    shutil.rmtree(finished.run)
    return write_digits(own.folder / "private.npz")


def generate(pe, data, out, *words):
    return pe("generate", *pe.small, "--data", data, "--out", out, *words)


def stopped(pe, data, out="run"):
    """A run that was killed after its second votes; returns the ledger lines it has."""
    done = generate(pe.cold(), data, out)
    assert done.returncode == 0, done.stderr
    kept = [n for n, path in enumerate(done.writes, 1) if "/002/.votes.npy." in path][-1]
    shutil.rmtree(pe.folder / out)
    pe.cold()("generate", *pe.small, "--data", data, "--out", out, kill_at_write=kept + 1)
    lines = (pe.folder / out / "ledger.jsonl").read_bytes().splitlines()
    assert len(lines) == 4, "of the header, the class counts and two rounds"
    return lines


def budget(pe, *words):
    done = pe("budget", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_all_runs_on_a_data_set_are_composed_and_a_cap_holds(own, data):
    assert generate(own, data, "a").returncode == 0
    second = generate(own, data, "b")
    assert "the budget of this data set knows 1 earlier run" in second.stderr
    (total,) = budget(own, "show", data)["totals"]
    ledgers = [
        Ledger.open(own.folder / run / "ledger.jsonl", _plan(own.folder / run)) for run in "ab"
    ]
    composed = [release for ledger in ledgers for release in ledger.releases]
    assert total["spent"] == epsilon_of(composed, 1e-6) < 6.5
    both = json.loads(own("account", "a", "b", "--json").stdout)
    assert both["epsilon"] == total["spent"] and both["sum"] == pytest.approx(8, 1e-3)

    assert budget(own, "cap", data, "--epsilon", "7")["cap"]["epsilon"] == 7
    refused = generate(own, data, "c")
    assert refused.returncode == 4 and "its cap is ε = 7" in refused.stderr
    assert not (own.folder / "c").exists(), "nothing is left"
    third = generate(own, data, "d", "--epsilon", "1")
    assert third.returncode == 0, third.stderr
    runs = budget(own, "history", data)["runs"]
    assert [Path(run["folder"]).name for run in runs] == ["a", "b", "d"]
    assert [run["state"] for run in runs] == ["finished"] * 3
    assert delta_of([*composed, *_releases(own.folder / "d")], 7.0) <= 1e-6


def test_a_copy_of_the_data_shares_the_budget(own, data):
    budget(own, "cap", data, "--epsilon", "5")
    assert generate(own, data, "a").returncode == 0
    copy = shutil.copy(data, own.folder / "elsewhere.npz")
    refused = generate(own, copy, "b")
    assert refused.returncode == 4 and "its cap is ε = 5" in refused.stderr
    assert not (own.folder / "b").exists(), "nothing is left"
    assert len(budget(own, "history", copy)["runs"]) == 1


def test_three_copies_of_a_run_do_not_draw_three_times(own, data):
    stopped(own, data)
    for name in ("one", "two"):
        shutil.copytree(own.folder / "run", own.folder / name)
    assert generate(own, data, "one", "--resume").returncode == 0
    for name in ("run", "two"):
        refused = generate(own, data, name, "--resume")
        assert refused.returncode == 4 and "copied and went on elsewhere" in refused.stderr
    both = json.loads(own("account", "one", "run", "two", "--json").stdout)
    assert both["copies"] == ["run", "two"] and both["epsilon"] <= 4


def test_a_run_that_is_moved_goes_on(own, data):
    stopped(own, data)
    (own.folder / "run").rename(own.folder / "moved")
    assert generate(own, data, "moved", "--resume").returncode == 0
    history = budget(own, "history", data)["runs"]
    assert history[-1]["folder"] == str(own.folder / "moved")


@pytest.mark.parametrize("lost", ["line", "ledger"])
def test_a_ledger_that_is_set_back_or_deleted_is_refused(own, data, lost):
    lines = stopped(own, data)
    path = own.folder / "run/ledger.jsonl"
    if lost == "ledger":
        path.unlink()
    else:
        path.write_bytes(b"\n".join(lines[:-1]) + b"\n")
        shutil.rmtree(own.folder / f"run/iterations/{len(lines) - 2:03d}", ignore_errors=True)
        # The histogram is gone too, so only the database knows.
        priced = own("account", "run")
        assert priced.returncode == 4 and "has seen a longer ledger" in priced.stderr
    refused = generate(own, data, "run", "--resume")
    words = {"line": "its ledger was set back", "ledger": "the ledger is missing"}
    assert refused.returncode == 4 and words[lost] in refused.stderr
    assert path.exists() is (lost == "line"), "none was begun"


def test_a_deleted_database_is_noticed_and_the_run_can_be_adopted(own, data):
    stopped(own, data)
    shutil.rmtree(own.folder / "budget")
    refused = generate(own, data, "run", "--resume")
    assert refused.returncode == 4 and "another budget database" in refused.stderr
    adopted = generate(own, data, "run", "--resume", "--adopt")
    assert adopted.returncode == 0 and "from now on the budget" in adopted.stderr
    (run,) = budget(own, "history", data)["runs"]
    assert run["spent_epsilon"] == epsilon_of(_releases(own.folder / "run"), 1e-6)


def test_a_finished_run_is_adopted_too(own, data):
    """Fails when a finished run is not counted: most of what was spent would be forgotten."""
    assert generate(own, data, "run").returncode == 0
    shutil.rmtree(own.folder / "budget")
    assert budget(own, "history", data)["runs"] == []
    assert generate(own, data, "run", "--resume", "--adopt").returncode == 0
    (run,) = budget(own, "history", data)["runs"]
    assert run["state"] == "finished" and run["draws"] == 4


def test_a_run_that_will_not_go_on_is_closed_and_frees_the_rest(own, data, finished):
    begun = next(n for n, path in enumerate(finished.done.writes, 1) if "/000/" in path)
    budget(own, "cap", data, "--epsilon", "5")
    stopped_run = budget(own, "history", data)["runs"]
    assert stopped_run == []
    own.cold()("generate", *own.small, "--data", data, "--out", "run", kill_at_write=begun)
    (run,) = budget(own, "history", data)["runs"]
    assert run["state"] == "open"
    assert generate(own, data, "next").returncode == 4
    assert own("budget", "close", run["id"][:8]).returncode == 0
    assert generate(own, data, "next").returncode == 0
    refused = generate(own, data, "run", "--resume")
    assert refused.returncode == 4 and "was closed" in refused.stderr
    assert own("budget", "close", run["id"][:8]).returncode == 5
    assert own("budget", "close", "zz").returncode == 2


def test_a_cap_that_is_lowered_ends_a_run_and_is_said_to_have(own, data):
    """Fails when the message blames interruptions, which have lost nothing."""
    stopped(own, data)
    budget(own, "cap", data, "--epsilon", "3.5")
    done = generate(own, data, "run", "--resume")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stderr.split())
    assert "rests on 2 of 3 iterations: the cap of the data set" in said
    assert "interruptions" not in said


def test_a_cap_that_is_lowered_before_the_class_counts_stops_the_run_until_it_is_raised(own, data):
    done = generate(own.cold(), data, "run")
    paid = [n for n, path in enumerate(done.writes, 1) if path.endswith("/ledger.jsonl")]
    shutil.rmtree(own.folder / "run")
    own.cold()("generate", *own.small, "--data", data, "--out", "run", kill_at_write=paid[0] - 1)
    budget(own, "cap", data, "--epsilon", "0.01")
    refused = generate(own, data, "run", "--resume")
    assert refused.returncode == 4 and "there are no class counts: the cap" in refused.stderr
    assert "interruptions" not in refused.stderr and "raise the cap" in refused.stderr
    budget(own, "cap", data, "--epsilon", "20")
    assert generate(own, data, "run", "--resume").returncode == 0


def test_public_data_have_no_budget(own):
    refused = own("budget", "show", "tiny:")
    assert refused.returncode in (2, 3, 4), refused.stdout
    shown = own("budget", "cap", "private.npz", "--epsilon", "1")
    assert shown.returncode == 5
    (own.folder / "digits").write_text("a file whose name is that of a public data set")
    refused = own("budget", "cap", "sklearn:digits", "--epsilon", "1")
    assert refused.returncode == 4 and "declares the data public" in refused.stderr


@pytest.mark.parametrize("name", ["empty.npz", "folder"])
def test_where_no_data_are_there_is_no_budget(own, name):
    """Fails if a cap is set on an empty file or folder: no run would be held to it."""
    (own.folder / "empty.npz").touch()
    (own.folder / "folder").mkdir()
    for words in (["show"], ["cap", "--epsilon", "1"], ["history"]):
        refused = own("budget", *words, name)
        assert refused.returncode == 5 and "it is empty" in refused.stderr, refused.stderr


def test_a_run_that_went_on_under_another_database_counts_in_full(own, data):
    """Fails if the first database takes what it saw for everything that the run spent."""
    stopped(own, data)
    there = replace(own, environment={**own.environment, "PE_BUDGET": str(own.folder / "there")})
    assert generate(there, data, "run", "--resume", "--adopt").returncode == 0
    budget(own, "cap", data, "--epsilon", "6")
    # A run like it, which `stopped` makes first, has spent the same.
    spent = epsilon_of([*_releases(own.folder / "run")] * 2, 1e-6)
    start = ("continue", "run", "--epsilon", "2", "--out", "next")
    for words in ([*start, "--dry-run"], start):
        refused = own(*words)
        said = f"2 other runs count for ε = {spent:.4g} (0 unfinished)"
        assert refused.returncode == 4 and said in refused.stderr, refused.stderr


def test_a_run_that_starts_from_one_on_other_data_counts_both(own, data):
    assert generate(own, data, "a").returncode == 0
    budget(own, "cap", data, "--epsilon", "4.2")
    other = own.folder / "other.npz"
    images = dict(np.load(data))
    np.savez(other, **{**images, "images": images["images"][::-1]})
    start = ("continue", "a", "--data", other, "--epsilon", "2", "--out", "b")
    for words in ([*start, "--dry-run"], start):
        refused = own(*words)
        assert refused.returncode == 4 and "its cap is ε = 4.2" in refused.stderr, refused.stderr
    budget(own, "cap", data, "--epsilon", "9")
    done = own(*start)
    assert done.returncode == 0, done.stderr
    (total,) = budget(own, "show", other)["totals"]
    both = json.loads(own("account", "a", "b", "--json").stdout)
    assert total["spent"] == both["epsilon"] and total["runs"] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "expected either --epsilon or --none"),
        (("--epsilon", "1", "--none"), "expected either --epsilon or --none"),
        (("--epsilon", "1", "--unit", "person"), "say record or client"),
        (("--epsilon", "-1"), "--epsilon"),
        (("--epsilon", "1", "--delta", "2"), "--delta"),
    ],
)
def test_a_cap_that_means_nothing_is_one_clear_error(own, data, words, said):
    done = own("budget", "cap", data, *words)
    assert done.returncode in (2, 4) and said in done.stderr and "Traceback" not in done.stderr


def _plan(run: Path):
    return Manifest.read(RunFolder(run)).plan


def _releases(run: Path):
    return Ledger.open(run / "ledger.jsonl", _plan(run)).releases


def test_a_run_that_starts_from_one_of_another_database_counts_both(own, data):
    """Fails if what the earlier run spent is counted in the database of its machine only."""
    there = replace(own, environment={**own.environment, "PE_BUDGET": str(own.folder / "there")})
    assert generate(there, data, "a", "--epsilon", "2").returncode == 0
    budget(own, "cap", data, "--epsilon", "2.2")
    start = ("continue", "a", "--epsilon", "2", "--out", "b")
    refused = own(*start, "--dry-run")
    assert refused.returncode == 4 and "its cap is ε = 2.2" in refused.stderr
    assert budget(own, "show", data)["runs"] == 0, "nothing is counted without a run"
    refused = own(*start)
    assert refused.returncode == 4 and "one other run counts for ε = 2 " in refused.stderr
    assert not (own.folder / "b").exists()
    budget(own, "cap", data, "--epsilon", "4")
    assert own(*start, "--dry-run").returncode == 0
    done = own(*start)
    assert done.returncode == 0, done.stderr
    (total,) = budget(own, "show", data)["totals"]
    both = json.loads(own("account", "a", "b", "--json").stdout)
    assert total["spent"] == both["epsilon"] > 2.5 and total["runs"] == 2

    third = replace(own, environment={**own.environment, "PE_BUDGET": str(own.folder / "third")})
    done = third("generate", "--config", "b/config.toml", "--out", "b", "--resume", "--adopt")
    assert done.returncode == 0, done.stderr
    (total,) = budget(third, "show", data)["totals"]
    assert total["spent"] == both["epsilon"]


def test_a_source_that_must_be_explained_to_be_read_has_a_budget_all_the_same(own, data):
    rows = [f"{i},{t},{i % 7},{t}" for i in range(9) for t in range(5)]
    (own.folder / "table.csv").write_text("\n".join(["id,time,load,heat", *rows]))
    assert own("inspect", "table.csv", "--values", "load").returncode == 0
    assert budget(own, "cap", "table.csv", "--epsilon", "3")["cap"]["epsilon"] == 3
    shutil.copy(own.folder / "table.csv", own.folder / "copy.csv")
    assert budget(own, "show", "copy.csv")["cap"]["epsilon"] == 3


def test_a_continued_run_rests_on_what_the_first_rested_on(own, data):
    """Fails if the plan names the embedding of the second run only: it covers both runs."""
    assert generate(own, data, "a", "--embedding", "pixels").returncode == 0
    start = ("continue", "a", "--epsilon", "1", "--dry-run")
    plan = json.loads(own(*start, "--embedding", "values", "--json").stdout)["plan"]
    assert [name.split("'")[1] for name in plan["embeddings"]] == ["values", "pixels"]
    refused = own(*start, "--bad-records", "drop")
    assert refused.returncode == 5 and "made with --bad-records refuse" in refused.stderr
