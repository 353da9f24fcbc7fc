"""Faults of the reference implementation that only a whole run can show.

The others are tested beside the code; see docs/privacy.md.
"""

import json
import pickle
import shutil
import signal

import numpy as np
import pytest


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


@pytest.fixture
def killed(pe, finished, digits):
    """A run that was killed in the middle, before the second votes were kept."""
    writes = enumerate(finished.done.writes, 1)
    write = next(n for n, path in writes if "/002/.votes.npy." in path)
    shutil.rmtree(finished.run)
    words = ("generate", *pe.small, "--data", digits, "--out", "run")
    done = pe.cold()(*words, kill_at_write=write)
    assert done.returncode == -signal.SIGKILL
    assert len([*finished.run.glob("iterations/*/votes.npy")]) == 1
    return finished.run


def test_fault_14_the_log_neither_loses_nor_repeats_iterations_on_resume(pe, killed, digits):
    assert pe("generate", *pe.small, "--data", digits, "--out", "run", "--resume").returncode == 0
    log = (killed / "internal/log.txt").read_text().splitlines()
    told = [
        line.split("iteration ")[1].split(":")[0]
        for line in log
        if "iteration " in line and "/3:" in line
    ]
    assert len(told) == len(set(told)) and told[-1] == "3/3"


def test_fault_14_loading_what_was_stored_runs_no_code(pe, killed, digits):
    class Trap:
        def __reduce__(self):
            return (open, (str(pe.folder / "sprung"), "w"))

    population = killed / "iterations/000/population.npz"
    np.savez(population, labels=np.array([Trap()], dtype=object))
    assert pickle.dumps(Trap())  # the trap is a working one
    done = pe("generate", *pe.small, "--data", digits, "--out", "run", "--resume")
    assert done.returncode == 5 and "population.npz" in done.stderr
    assert not (pe.folder / "sprung").exists()


def test_fault_18_two_processes_make_the_same_samples(pe, digits):
    """Two runs without noise agree bit for bit; those of the reference do not."""
    digests = []
    for out in ("a", "b"):
        pe.fresh("generate", *pe.small, "--epsilon", "inf", "--data", digits, "--out", out)
        digests.append(
            json.loads((pe.folder / out / "manifest.json").read_text())["release_digest"]
        )
    assert digests[0] == digests[1]
