"""Faults of the reference implementation that only a whole run can show.

The others are tested beside the code; see docs/privacy.md.
"""

import json
import pickle
import signal

import numpy as np


def test_fault_10_what_is_made_before_the_first_iteration_ends_is_kept(pe, finished):
    """The reference saves nothing before iteration 1 ends."""
    writes = finished.done.writes
    made = next(n for n, path in enumerate(writes, 1) if "/000/.population.npz." in path)
    words = ("generate", *pe.small, "--data", finished.data, "--out", "killed")
    assert pe.cold()(*words, kill_at_write=made + 1).returncode == -signal.SIGKILL
    run = pe.folder / "killed"
    assert (run / "iterations/000/class_counts.npy").exists()
    assert not (run / "iterations/001/votes.npy").exists()
    with np.load(run / "iterations/000/population.npz") as kept:
        assert len(kept["labels"]) == 120


def test_fault_14_the_log_neither_loses_nor_repeats_iterations_on_resume(pe, digits):
    done = pe("generate", *pe.small, "--data", digits, "--out", "run", kill_at_write=26)
    assert done.returncode == -signal.SIGKILL
    begun = sum(path.exists() for path in (pe.folder / "run").glob("iterations/*/votes.npy"))
    assert begun in (1, 2), "the kill is meant to fall in the middle of the run"
    assert pe("generate", *pe.small, "--data", digits, "--out", "run", "--resume").returncode == 0
    log = (pe.folder / "run/internal/log.txt").read_text().splitlines()
    told = [
        line.split("iteration ")[1].split(":")[0]
        for line in log
        if "iteration " in line and "/3:" in line
    ]
    assert len(told) == len(set(told)) and told[-1] == "3/3"


def test_fault_14_loading_what_was_stored_runs_no_code(pe, digits):
    class Trap:
        def __reduce__(self):
            return (open, (str(pe.folder / "sprung"), "w"))

    pe("generate", *pe.small, "--data", digits, "--out", "run", kill_at_write=26)
    population = pe.folder / "run/iterations/000/population.npz"
    np.savez(population, labels=np.array([Trap()], dtype=object))
    assert pickle.dumps(Trap())  # the trap is a working one
    done = pe("generate", *pe.small, "--data", digits, "--out", "run", "--resume")
    assert done.returncode == 5 and "population.npz" in done.stderr
    assert not (pe.folder / "sprung").exists()


def test_fault_18_two_processes_make_the_same_samples(pe, digits):
    """Two runs without noise agree bit for bit; those of the reference do not."""
    digests = []
    for out in ("a", "b"):
        pe("generate", *pe.small, "--epsilon", "inf", "--data", digits, "--out", out)
        digests.append(
            json.loads((pe.folder / out / "manifest.json").read_text())["release_digest"]
        )
    assert digests[0] == digests[1]
