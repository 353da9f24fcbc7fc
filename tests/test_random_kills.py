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
SLOW = pytest.mark.slow
OPERATION, FULL = "SIGKILL at an operation", "disk full"


def kills(*words: object) -> dict:
    """The result, whether or not there are faults."""
    command = [sys.executable, str(KILLS), "--json", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1) and done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert (done.returncode == 1) is bool(found["faults"])
    return found


@pytest.mark.parametrize("first", [0, *(pytest.param(n, marks=SLOW) for n in range(5, 25, 5))])
def test_random_sequences_lose_no_run_and_no_noise(first):
    """Fails when a disturbed run cannot be finished, or its ledger says less than was drawn."""
    found = kills("--seed", 3, "--first", first, "--sequences", 5)
    assert found["faults"] == []
    assert found["sequences"] == 5 <= found["disturbances"]
    assert found["replayed"] == int(first % 10 == 0)


@SLOW
@pytest.mark.parametrize(
    ("mistake", "kind", "phase", "caught"),
    [
        ("line-after-noise", OPERATION, "noise", "ledger < truth"),
        ("paid-once", OPERATION, "noise", "ledger < truth"),
        ("target-ignored", OPERATION, "noise", "over the target"),
        ("budget-behind", OPERATION, "noise", "budget < truth"),
        ("answer-stored-late", OPERATION, "candidates", "used before it was stored"),
        ("answer-in-place", OPERATION, "noise", "run lost"),
    ],
)
def test_a_mistake_that_only_a_crash_shows_is_caught(mistake, kind, phase, caught):
    only = ("--scenario", "private", "--kind", kind, "--phase", phase)
    found = kills("--mistake", mistake, *only, "--sequences", 12)
    assert caught in {fault["what"] for fault in found["faults"]}
