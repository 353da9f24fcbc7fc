import json
import math
import sys

import numpy as np
import pytest

from pe_host.cli import main
from pe_host.plugins import PluginRef
from pe_host.privacy.accountant import NoisyRelease, epsilon_of
from pe_host.privacy.ledger import Ledger
from pe_host.privacy.plan import make_plan
from pe_host.privacy.store import FileStore
from pe_host.run.folder import RunFolder
from pe_host.run.manifest import Manifest
from pe_sdk import OutputSpec


@pytest.fixture
def account(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pe", "account", *map(str, arguments)])
        code = main()
        return code, *capsys.readouterr()

    return run


def document(result):
    code, out, err = result
    assert (code, err) == (0, "")
    return json.loads(out)


def test_the_noise_for_a_budget_costs_that_budget(account):
    asked = document(account("--epsilon", 1, "--rounds", 4, "--votes", 2, "--json"))
    assert 0.98 < asked["epsilon"] <= 1
    scales = ["--vote-scale", asked["vote_scale"], "--count-scale", asked["count_scale"]]
    assert document(account(*scales, "--rounds", 4, "--votes", 2, "--json")) == asked


def test_without_class_counts_the_votes_get_all_of_the_budget(account):
    with_counts = document(account("--epsilon", 1, "--json"))
    without = document(account("--epsilon", 1, "--no-class-counts", "--json"))
    assert without["count_scale"] is None
    assert without["vote_scale"] < with_counts["vote_scale"]


def test_the_cost_of_noise_is_that_of_the_accountant(account):
    asked = document(account("--vote-scale", 9, "--rounds", 3, "--delta", 1e-5, "--json"))
    assert asked["epsilon"] == epsilon_of([NoisyRelease(1, 9.0)] * 3, 1e-5)


def test_text_says_what_neighbours_are(account):
    _, out, _ = account("--vote-scale", 9)
    assert "add or remove one record" in out
    assert "1 histogram, 1 vote per record in each" in out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["--epsilon", "1", "--vote-scale", "2"], 2),
        (["--epsilon", "1", "--count-scale", "2"], 2),
        (["--epsilon", "1", "--rounds", "0"], 2),
        (["--epsilon", "nan"], 2),
        (["--epsilon", "inf"], 2),
        (["--epsilon", "-1"], 2),
        (["--epsilon", "much"], 2),
        (["--epsilon", "1e9"], 2),
        (["--epsilon", "1", "--rounds", "100000", "--votes", "1000"], 4),
        (["--epsilon", "1", "--votes", "1.5"], 2),
        (["--vote-scale", "1", "--rounds", "100000", "--votes", "1000"], 4),
        (["--vote-scale", "0.001", "--rounds", "1000"], 4),
        (["--vote-scale", "nan"], 2),
        (["--vote-scale", "0"], 2),
        (["--vote-scale", "1e-300"], 2),
        (["--vote-scale", "1", "--count-scale", "1e-300"], 2),
        (["--vote-scale", "1", "--delta", "0"], 2),
        (["--vote-scale", "1", "--delta", "nan"], 2),
        (["no/such/run"], 5),
    ],
)
def test_what_has_no_meaning_is_refused(account, arguments, code):
    got, out, err = account(*arguments)
    assert (got, out) == (code, "")
    assert err.startswith("error: ") and "  next: " in err and "bug" not in err


def plan(epsilon):
    names = ("a", "b")
    output = OutputSpec.image(8, 8)
    return make_plan(
        epsilon=epsilon,
        rounds=2,
        votes=1,
        class_names=names,
        output=output,
        reader="npz",
        embeddings=("pixels",),
    )


def write_manifest(folder, made):
    generator = PluginRef("generator", "x", "m", "pe-plugin-x", "1.0")
    embedding = PluginRef("embedding", "pixels", "m", "pe-host", "1.0")
    Manifest(made, generator, embedding, {}, {}, {}, None, {}).write(RunFolder(folder))


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"plan": 3}', '{"schema": 2}', "\xff"])
def test_what_is_no_manifest_is_one_clear_error(account, tmp_path, content):
    (tmp_path / "manifest.json").write_text(content, encoding="latin-1")
    got, out, err = account(tmp_path)
    assert (got, out) == (5, "") and str(tmp_path) in err and "  next: " in err


def test_a_run_tells_what_it_has_spent(account, tmp_path):
    made = plan(1.0)
    write_manifest(tmp_path, made)
    Ledger.create(tmp_path / "ledger.jsonl", made, "0" * 32)
    ledger = Ledger.open(tmp_path / "ledger.jsonl", made)
    ledger.spend("class-counts", 0)
    ledger.spend("votes", 1)
    asked = document(account(tmp_path, "--json"))
    assert asked["epsilon"] == epsilon_of([made.count_release, made.vote_release], made.delta)
    assert (asked["target"], asked["paid"], asked["rounds"], asked["affords"]) == (1.0, 2, 2, True)
    ledger.spend("votes", 2)
    asked = document(account(tmp_path, "--json"))
    assert asked["epsilon"] <= 1
    assert asked["affords"] is False
    assert "another round does not fit in" in account(tmp_path)[1]


def test_a_run_without_noise_is_called_not_private(account, tmp_path):
    made = plan(math.inf)
    write_manifest(tmp_path, made)
    Ledger.create(tmp_path / "ledger.jsonl", made, "0" * 32)
    assert "NOT PRIVATE" in account(tmp_path)[1]
    assert document(account(tmp_path, "--json"))["epsilon"] == "inf"


def test_asking_begins_no_ledger(account, tmp_path):
    write_manifest(tmp_path, plan(1.0))
    assert account(tmp_path)[0] == 5
    assert not (tmp_path / "ledger.jsonl").exists()


def test_a_histogram_that_no_line_pays_for_is_refused(account, tmp_path):
    """The ledger was set back, or is another's."""
    made = plan(1.0)
    write_manifest(tmp_path, made)
    Ledger.create(tmp_path / "ledger.jsonl", made, "0" * 32)
    assert account(tmp_path)[0] == 0
    FileStore(tmp_path).save("iterations/001/votes", np.zeros(8, np.int64), {})
    code, _, err = account(tmp_path)
    assert code == 4 and "no line that pays for this stored histogram" in err
