"""A run that is killed and resumed, at any moment: nothing is lost but what the ledger says, and nothing is spent unseen.

After each, a folder that holds the noisy histograms alone, which is what an uninterrupted run would have drawn, is evolved
from the start by `pe replay`: the samples must be the same bit for bit.
"""

import json
import random
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from pe_host.privacy.accountant import delta_of
from pe_host.privacy.ledger import Ledger
from pe_host.privacy.plan import PrivacyPlan

ROUNDS = 3
MOMENTS = 20


def check(pe, run: Path) -> int:
    """What must hold after any sequence of crashes and a resume to the end; returns the iterations that were left."""
    plan = PrivacyPlan.from_json(json.loads((run / "manifest.json").read_text())["plan"])
    ledger = Ledger.open(run / "ledger.jsonl", plan)
    assert delta_of(ledger.releases, plan.epsilon) <= plan.delta, "the target is a hard cap"
    # Noise that was drawn has a line: there are at least as many lines as histograms, for each release.
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


def resume(pe, digits) -> None:
    begun = (pe.folder / "run").exists()
    done = pe(
        "generate", *pe.small, "--data", digits, "--out", "run", *(["--resume"] if begun else [])
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_kill_at_twenty_random_moments(pe, digits):
    # The moments are random in each run of the tests, and spread over the whole of the run.
    run = pe.folder / "run"
    started = time.monotonic()
    pe("generate", *pe.small, "--data", digits, "--out", "whole")
    whole = time.monotonic() - started
    for moment in range(MOMENTS):
        after = whole * (moment + random.random()) / MOMENTS
        pe("generate", *pe.small, "--data", digits, "--out", "run", kill_after=after)
        resume(pe, digits)
        check(pe, run)
        run.rename(pe.folder / f"run-{moment}")


@pytest.mark.slow
def test_kill_at_every_write(pe, digits):
    """Fails when noise is drawn before its line is on disk, used before it is, or a file is written in place."""
    run, lost = pe.folder / "run", set()
    for write in range(1, 200):
        killed = pe("generate", *pe.small, "--data", digits, "--out", "run", kill_at_write=write)
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        resume(pe, digits)
        lost.add(ROUNDS - check(pe, run))
        run.rename(pe.folder / f"run-{write}")
    else:
        pytest.fail("the run writes without end")
    # Some kills fall between a line and its histogram and cost a round; most cost nothing.
    assert lost == {0, 1}


def test_a_torn_line_is_paid_for_and_the_run_ends_well(pe, digits):
    """A power cut in the middle of a line: it counts as a round, the report shows it, and the release says what it rests on."""
    pe("generate", *pe.small, "--data", digits, "--out", "run")
    run = pe.folder / "run"
    ledger = (run / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (run / "ledger.jsonl").write_bytes(b"".join(ledger[:3]) + ledger[3][:25])
    unfinish(run, rounds=(2, 3))
    resume(pe, digits)
    assert check(pe, run) == ROUNDS - 1
    page = (run / "release/report.html").read_text()
    assert "torn" in page and "lost, counted as spent" in page
    assert "in 2 of 3 planned rounds (3 were paid for)" in (run / "release/README.md").read_text()


def test_a_lost_last_round_is_told_as_lost(pe, digits):
    pe("generate", *pe.small, "--data", digits, "--out", "run")
    run = pe.folder / "run"
    unfinish(run, rounds=(3,))
    resume(pe, digits)
    assert check(pe, run) == ROUNDS - 1
    assert (run / "release/report.html").read_text().count("lost, counted as spent") == 1


def test_votes_are_not_used_on_other_candidates(pe, digits):
    """Fails without the digest of the candidates: the run ends well then, with the pictures of the two classes exchanged."""
    pe("generate", *pe.small, "--data", digits, "--out", "run")
    run = pe.folder / "run"
    unfinish(run, rounds=())
    path = run / "iterations/001/population.npz"
    with np.load(path) as stored:
        arrays = {
            name: stored[name][::-1] if name.startswith("state/") else stored[name]
            for name in stored.files
        }
    np.savez(path, **arrays)
    done = pe("generate", *pe.small, "--data", digits, "--out", "run", "--resume")
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
