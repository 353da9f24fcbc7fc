"""A run that is killed and resumed, at each of its writes.

It loses only what the ledger says, and spends nothing that the ledger does not show. After each
run, `pe replay` evolves a folder from the start that holds only the noisy histograms, as an
uninterrupted run would have drawn them: the samples must be the same bit for bit.
"""

import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pe_host.privacy.accountant import delta_of
from pe_host.privacy.ledger import Ledger
from pe_host.privacy.plan import PrivacyPlan

ROUNDS = 3
CACHE = "/cache/pe/accounting"
SHARES = 16
"""Number of tests that the kills at every write are divided into, for two processes to share."""


def check(pe, run: Path) -> int:
    """Check what must hold after any sequence of crashes and a resume to the end.

    Returns the number of iterations that were left.
    """
    plan = PrivacyPlan.from_json(json.loads((run / "manifest.json").read_text())["plan"])
    ledger = Ledger.open(run / "ledger.jsonl", plan)
    assert delta_of(ledger.releases, plan.epsilon) <= plan.delta, "the target is a hard cap"
    # Noise that was drawn has a line: for each release there are at least as many lines as
    # histograms.
    for votes in run.glob("iterations/*/votes.npy"):
        assert ledger.has_line("votes", int(votes.parent.name))
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["finished"]
    with np.load(run / "release/samples.npz", allow_pickle=False) as stored:
        assert len(stored["images"]) == 40
    assert not list(run.rglob("*.part*")), "nothing half-written is left"
    replayed = pe("replay", "run", "--json")
    assert replayed.returncode == 0, replayed.stderr
    assert json.loads(replayed.stdout)["digest"] == manifest["release_digest"]
    return int(manifest["iterations"])


def resume(pe, data, *words) -> None:
    begun = ["--resume", *words] if (pe.folder / "run").exists() else []
    done = pe("generate", *pe.small, "--data", data, "--out", "run", *begun)
    assert done.returncode == 0, done.stderr


def killed(pe, finished, write: int) -> tuple[Path, set[int]]:
    """A run that was killed at a write, and its rounds that have a ledger line but no answer.

    Round 0 stands for the class counts. The finished run kept numbers in an empty cache. Where they
    are there already, as for most kills here, a run writes the rest in the same order.
    """
    kept = [CACHE in path for path in finished.done.writes]
    if kept[write - 1]:
        pe = pe.cold()
    else:
        write -= sum(kept[:write])
    words = ("generate", *pe.small, "--data", finished.data, "--out", "run")
    done = pe(*words, kill_at_write=write)
    assert done.returncode == -signal.SIGKILL and len(done.writes) == write, done.stderr
    run = pe.folder / "run"
    if not (run / "manifest.json").exists():
        return run, set()
    plan = PrivacyPlan.from_json(json.loads((run / "manifest.json").read_text())["plan"])
    ledger = Ledger.open(run / "ledger.jsonl", plan)
    answers = {0: "class_counts", **dict.fromkeys(range(1, ROUNDS + 1), "votes")}
    return run, {
        t
        for t, name in answers.items()
        if ledger.has_line(name.replace("_", "-"), t)
        and not (run / f"iterations/{t:03d}/{name}.npy").exists()
    }


@pytest.mark.parametrize("lost", [True, False])
def test_kill_before_and_after_a_histogram_is_kept(pe, finished, lost):
    """Fails when a histogram is used before it is kept, or drawn twice from one line."""
    # That of the second round: at the write after its line, and at the one after it was renamed to
    # its place.
    lines = [n for n, path in enumerate(finished.done.writes, 1) if path.endswith("/ledger.jsonl")]
    kept = [n for n, path in enumerate(finished.done.writes, 1) if "/002/.votes.npy." in path]
    shutil.rmtree(finished.run)
    run, without = killed(pe, finished, lines[2] + 1 if lost else kept[-1] + 1)
    assert without == ({2} if lost else set())
    assert (run / "iterations/002/votes.npy").exists() is not lost
    resume(pe, finished.data)
    assert check(pe, run) == ROUNDS - lost


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, SHARES + 1))
def test_kill_at_every_write(pe, finished, first):
    """Fails when noise is drawn or used before its line is kept, or a file is written in place."""
    writes = len(finished.done.writes)
    # Cheaper; the other tests have two workers, and all of theirs are fresh interpreters.
    pe = replace(pe if first % 8 else pe.fresh, small=(*pe.small, "--workers", "1"))
    for write in range(first, writes + 1, SHARES):
        shutil.rmtree(pe.folder / "run")
        run, without = killed(pe, finished, write)
        resume(pe, finished.data)
        # A kill between a line and its answer costs a round; most cost nothing.
        assert check(pe, run) == ROUNDS - len(without)
    if first == SHARES:
        shutil.rmtree(pe.folder / "run")
        words = ("--data", finished.data, "--out", "run")
        done = pe.cold()("generate", *pe.small, *words, kill_at_write=writes + 1)
        assert done.returncode == 0, "every write of the run is among those above"


def test_a_torn_line_is_paid_for_and_the_run_ends_well(pe, finished):
    """A power cut in the middle of a line counts as a round.

    The report shows it, and the release says what it rests on.
    """
    run = finished.run
    ledger = (run / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (run / "ledger.jsonl").write_bytes(b"".join(ledger[:3]) + ledger[3][:25])
    unfinish(run, rounds=(2, 3))
    # The budget saw the whole line and would refuse this one; the budget of another user did not.
    pe = replace(pe, environment={**pe.environment, "PE_BUDGET": str(pe.folder / "budget")})
    resume(pe, finished.data, "--adopt")
    assert check(pe, run) == ROUNDS - 1
    page = (run / "release/report.html").read_text()
    assert "torn" in page and "lost, counted as spent" in page
    assert "in 2 of 3 planned rounds (3 were paid for)" in (run / "release/README.md").read_text()


def test_a_lost_last_round_is_told_as_lost(pe, finished):
    run = finished.run
    unfinish(run, rounds=(3,))
    resume(pe, finished.data)
    assert check(pe, run) == ROUNDS - 1
    assert (run / "release/report.html").read_text().count("lost, counted as spent") == 1


def test_votes_are_not_used_on_other_candidates(pe, finished):
    """Fails without the digest of the candidates: the run ends with the two classes exchanged."""
    run = finished.run
    unfinish(run, rounds=())
    path = run / "iterations/001/population.npz"
    with np.load(path) as stored:
        arrays = {
            name: stored[name][::-1] if name.startswith("state/") else stored[name]
            for name in stored.files
        }
    np.savez(path, **arrays)
    done = pe("generate", *pe.small, "--data", finished.data, "--out", "run", "--resume")
    assert done.returncode == 5 and "other candidates" in done.stderr


def unfinish(run: Path, rounds: tuple[int, ...]) -> None:
    """Take a finished run back to before its release, without the histograms of some rounds."""
    manifest = json.loads((run / "manifest.json").read_text())
    for name in ("iterations", "spent_epsilon", "release_digest"):
        manifest[name] = None
    (run / "manifest.json").write_text(json.dumps({**manifest, "finished": False}))
    shutil.rmtree(run / "release")
    for t in rounds:
        (run / f"iterations/{t:03d}/votes.npy").unlink()
