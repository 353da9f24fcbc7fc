"""A whole run of `pe generate` on canaries, and the adversary who sees everything it released.

The canaries are images that the generator `echo` can make, so they spread over its candidates as
private records would. The adversary knows all of them, all populations and all noisy histograms,
but not which canaries were in the data.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pe_echo import Echo
from pe_host.commands.generate import generate
from pe_host.compute.pool import Workers
from pe_host.embeddings.grid import Grid, to_grid
from pe_host.embeddings.pixels import Pixels
from pe_host.job.config import resolve_config
from pe_host.privacy.accountant import NoisyRelease
from pe_host.privacy.ledger import Ledger
from pe_host.reporting import Silent
from pe_host.run.folder import LEDGER, RunFolder, votes_name
from pe_host.run.manifest import Manifest
from pe_sdk import OutputSpec

OUTPUT = OutputSpec.image(8, 8)
_NAMES = ("a", "b")

_DISTANCES = 2**24
"""Distances held at once, which bounds memory."""


@dataclass(frozen=True)
class Settings:
    """One audited run: number of canaries, and settings of `pe generate`."""

    canaries: int
    candidates: int
    rounds: int
    votes: int
    epsilon: float


@dataclass(frozen=True)
class Attacked:
    """What the adversary has found.

    Args:
        scores: float64 [m], higher where a canary is more likely to be in the data.
        included: bool [m], the truth.
        releases: what the ledger of the run says was spent.
    """

    scores: NDArray[np.float64]
    included: NDArray[np.bool_]
    releases: list[NoisyRelease]


def attack(settings: Settings, folder: Path) -> Attacked:
    """Make a run in the empty folder, and score the canaries.

    Raises:
        PeError: the run did not end well.
    """
    rng = np.random.default_rng()
    included = rng.random(settings.canaries) < 0.5
    labels = np.arange(settings.canaries, dtype=np.int64) % len(_NAMES)
    columns = {
        "level": rng.uniform(0, 255, settings.canaries),
        "slope": rng.uniform(-100, 100, settings.canaries),
    }
    images = Echo(OUTPUT).render(columns, labels, np.zeros(settings.canaries, np.uint64))
    data, out = folder / "canaries.npz", folder / "run"
    names = np.array(_NAMES)
    np.savez(data, images=images[included], labels=labels[included], label_names=names)
    _generate(settings, data, out)
    return Attacked(_scores(RunFolder(out), images, labels), included, _paid(RunFolder(out)))


def _generate(settings: Settings, data: Path, out: Path) -> None:
    """What `pe generate` does, in this process, so that a mistake patched into the code is in it.

    The command itself would confine this process, which has threads and more to write.
    """
    given = {
        "plugin": "echo",
        "embedding": "pixels",
        "data": str(data),
        "iterations": str(settings.rounds),
        "candidates": str(settings.candidates),
        "votes": str(settings.votes),
        "epsilon": str(settings.epsilon),
        "class_shares": "uniform",
        "public_size": str(settings.canaries // 2),
        "samples": "100",
        "workers": "1",
    }
    config = resolve_config(given, None, {})
    generate(config, out=out, resume=False, dry_run=False, reporter=Silent())


def _paid(run: RunFolder) -> list[NoisyRelease]:
    return Ledger.open(run.path(LEDGER), Manifest.read(run).plan).releases


def _scores(
    run: RunFolder, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The best linear estimate of the inclusion of every canary.

    The released counts are y = A s + noise, where A says which candidates a canary votes for and s
    is 1 for those in the data. With s of mean 1/2 and variance 1/4, and noise of variance σ², the
    estimate of s - 1/2 is (AᵀA + 4σ²)⁻¹ Aᵀ (y - A/2).
    """
    manifest = Manifest.read(run)
    plan = manifest.plan
    canaries = to_grid(Pixels(OUTPUT).embed(images))
    gram = np.zeros((len(images), len(images)))
    seen = np.zeros(len(images))
    with Workers.start(1) as workers:
        config = manifest.config["set"]
        workers.load(manifest.generator, config, plan.output, plan.class_names)
        for t in range(1, plan.rounds + 1):
            population = run.stored_population(t - 1)
            vectors = to_grid(Pixels(OUTPUT).embed(workers.data(population)))
            votes = _votes(canaries, labels, vectors, population.labels, plan.votes)
            noisy = np.load(run.path(f"{votes_name(t)}.npy"))
            cast = np.repeat(np.arange(len(images)), plan.votes), votes.ravel()
            shape = len(images), len(vectors)
            ballots = csr_array((np.ones(votes.size), cast), shape=shape)
            gram += (ballots @ ballots.T).toarray()
            seen += ballots @ (noisy - ballots.sum(axis=0) / 2)
    ridge = 4 * plan.vote_scale**2 * np.eye(len(images))
    return np.asarray(np.linalg.solve(gram + ridge, seen))


def _votes(
    canaries: Grid,
    labels: NDArray[np.int64],
    candidates: Grid,
    candidate_labels: NDArray[np.int64],
    k: int,
) -> NDArray[np.int64]:
    """The k nearest candidates of each canary in its class, int64 [m, k], by plain distances."""
    chosen = np.zeros((len(canaries), k), dtype=np.int64)
    points = candidates.astype(np.float64)
    for label in np.unique(labels):
        rows = np.flatnonzero(candidate_labels == label)
        lengths = np.einsum("nd,nd->n", points[rows], points[rows])
        ours = np.flatnonzero(labels == label)
        for block in np.array_split(ours, len(ours) * len(rows) // _DISTANCES + 1):
            distances = lengths - 2 * canaries[block].astype(np.float64) @ points[rows].T
            nearest = np.argsort(distances, axis=1, kind="stable")[:, :k]
            chosen[block] = rows[nearest]
    return chosen
