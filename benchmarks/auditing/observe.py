"""What the private side releases about a world: the real path, from file to released histogram."""

import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auditing.cases import OUTPUT, World
from auditing.clopper_pearson import Draws
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.embeddings.pixels import Pixels
from pe_host.privacy import FolderLock, PrivacyPlan, PrivateSide, make_plan
from pe_host.privacy.accountant import NoisyRelease
from pe_host.privacy.files import LEDGER
from pe_host.privacy.ledger import Ledger
from pe_host.privacy.readers.npz import pe_readers
from pe_host.privacy.shares import ClassShares

Released = NDArray[np.int64]
"""[rounds, slots, coordinates of a slot]; class counts are one round."""


@dataclass(frozen=True)
class Observed:
    """Draws of the audited statistic, and what the code says about them.

    Args:
        draws: Σ difference x (released - without target), over rounds and coordinates of a slot.
        shift: what the target adds to the statistic.
        noise: released minus clean, int64 [n], of every coordinate.
        plan: of the runs.
        releases: what the ledger of a run says was spent.
    """

    draws: Draws
    shift: int
    noise: NDArray[np.int64]
    plan: PrivacyPlan
    releases: list[NoisyRelease]


def plan_of(world: World, rounds: int, epsilon: float | None = None) -> PrivacyPlan:
    """The plan of a run on the world, as `pe generate` makes it."""
    case = world.case
    return make_plan(
        epsilon=case.epsilon if epsilon is None else epsilon,
        rounds=rounds,
        votes=case.votes,
        class_names=world.class_names,
        output=OUTPUT,
        reader="npz",
        embeddings=("pixels",),
        unit=case.unit,
        # Votes get the whole budget, so that the ledger of the audited release is that of a run.
        shares=ClassShares("uniform", (), 1000) if case.kind == "votes" else ClassShares(),
    )


def observe(world: World, rounds: int, runs: int, epsilon: float | None = None) -> Observed:
    """Make independent runs on a data set in which half the slots, at random, have their target.

    The statistic is the best one for (nearly) Gaussian noise: the inner product with the difference
    that the target makes. That difference is measured on runs without noise (ε = inf), not assumed,
    so code that counts a target twice is audited with the two votes it casts.

    Raises:
        AssertionError: slots influence each other, so their draws would not be independent.
    """
    plan = plan_of(world, rounds, epsilon)
    bare = replace(plan_of(world, rounds, math.inf), delta=plan.delta)
    everywhere = np.ones(world.slots, dtype=np.bool_)
    without, _ = _run(world, bare, ~everywhere)
    difference = _run(world, bare, everywhere)[0] - without
    present = np.random.default_rng(runs).permutation(world.slots) < world.slots // 2
    clean = without + difference * present[:, None]
    assert np.array_equal(_run(world, bare, present)[0], clean), "the replicas are not independent"
    shifts = (difference**2).sum(axis=(0, 2))
    assert (shifts == shifts[0]).all() and shifts[0] > 0, "the replicas differ"
    statistics, noise = [], []
    for _ in range(runs):
        released, releases = _run(world, plan, present)
        statistics.append(((released - without) * difference).sum(axis=(0, 2)))
        noise.append((released - clean).ravel())
    values = np.array(statistics, dtype=np.float64)
    draws = Draws(values[:, present].ravel(), values[:, ~present].ravel())
    return Observed(draws, int(shifts[0]), np.concatenate(noise), plan, releases)


def _run(
    world: World, plan: PrivacyPlan, present: NDArray[np.bool_]
) -> tuple[Released, list[NoisyRelease]]:
    """One run in a folder of its own: read, embed, vote, pay, add noise, store."""
    reader = next(iter(pe_readers()))
    with tempfile.TemporaryDirectory() as temporary:
        data, folder = Path(temporary, "data.npz"), Path(temporary, "run")
        folder.mkdir()
        world.write(data, present)
        Ledger.create(folder / LEDGER, plan, "0" * 32)
        with FolderLock(folder) as lock, PrivateSide.open(plan, lock, reader, str(data)) as side:
            if world.case.kind == "votes":
                vectors, labels = world.candidates()
                phi = FittedEmbedding(Pixels(OUTPUT), "pixels")
                found = [
                    side.vote(t, phi, vectors, labels, "the same").votes
                    for t in range(1, plan.rounds + 1)
                ]
            else:
                found = [side.class_counts().counts]
        # What was paid is read from the disk, as `pe account` does.
        releases = Ledger.open(folder / LEDGER, plan).releases
    return np.array(found).reshape(len(found), world.slots, -1), releases
