"""A short form of `benchmarks/kills.py`: random disturbances, each run resumed to its end.

Its processes are killed, interrupted and short of disk at random. What each run must show is held
against the noise that was really drawn. Mistakes that only a crash can show must be caught.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = Path(__file__).parents[1] / "benchmarks" / "kills.py"
OPERATION = "SIGKILL at an operation"


def kills(*words: object) -> dict:
    """The result, whether or not there are faults."""
    command = [sys.executable, str(KILLS), "--json", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1) and done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert (done.returncode == 1) is bool(found["faults"])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 10])
def test_random_sequences_lose_no_run_and_no_noise(first):
    """Fails when a disturbed run cannot be finished, or its ledger says less than was drawn."""
    found = kills("--seed", 3, "--first", first, "--sequences", 5)
    assert found["faults"] == []
    assert found["sequences"] == 5 <= found["disturbances"]
    assert found["replayed"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mistake", "phase", "caught"),
    [
        ("line-after-noise", "noise", "ledger < truth"),
        ("paid-once", "noise", "ledger < truth"),
        ("target-ignored", "noise", "over the target"),
        ("budget-behind", "noise", "budget < truth"),
        ("answer-stored-late", "candidates", "used before it was stored"),
        ("answer-in-place", "noise", "run lost"),
    ],
)
def test_a_mistake_that_only_a_crash_shows_is_caught(mistake, phase, caught):
    only = ("--scenario", "private", "--kind", OPERATION, "--phase", phase)
    found = kills("--mistake", mistake, *only, "--sequences", 60, "--until", caught)
    assert caught in {fault["what"] for fault in found["faults"]}
