"""How long the generator will take, from a trial before anything is spent.

Only public quantities go in: how fast samples are made and embedded, and how many can be asked for.
How long the private side takes depends on the number of records, so it is left out.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pe_host.compute.pool import Workers
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.evolution import defaults
from pe_host.job.job import Job
from pe_sdk import TrainableEmbedding, random

Result = TypeVar("Result")

SHORT = 60.0
"""Seconds of a run that needs no estimate."""

_PATIENCE = 5.0
"""Seconds that the trial may take, by what a single sample took."""


@dataclass(frozen=True)
class Work:
    """What the loop asks of the generator, in rows: at most, where the host chooses later.

    Args:
        candidates, samples: N and the size of the release.
        random, varied, embedded: rows of each operation in the whole run.
        bounds: whether a number is the largest that the host may choose.
    """

    candidates: int
    samples: int
    random: int
    varied: int
    embedded: int
    bounds: bool

    @classmethod
    def of(cls, job: Job) -> "Work":
        """The rows of all iterations; a lookahead of L embeds L variations of each candidate."""
        config, rounds = job.config, job.plan.rounds
        candidates = config.candidates or defaults.MOST_CANDIDATES
        samples = config.samples or defaults.MOST_SAMPLES
        return cls(
            candidates,
            samples,
            random=candidates,
            varied=candidates * (rounds - 1 + rounds * config.lookahead) + samples,
            embedded=candidates * rounds * max(config.lookahead, 1) + samples,
            bounds=not (config.candidates and config.samples),
        )


@dataclass(frozen=True)
class Pace:
    """Seconds a row takes with all workers: to be made at random, varied, and embedded."""

    random: float
    vary: float
    embed: float

    @property
    def together(self) -> float:
        """Seconds until one more sample is made, varied and embedded, more than 0."""
        return max(self.random + self.vary + self.embed, 1e-9)

    def seconds(self, work: Work) -> float:
        """Seconds that the work takes."""
        return work.random * self.random + work.varied * self.vary + work.embedded * self.embed


def timed(function: Callable[[], Result]) -> tuple[Result, float]:
    """Call a function, and return its result and the seconds that it took."""
    started = time.monotonic()
    return function(), time.monotonic() - started


def estimate(
    job: Job, workers: Workers, phi: FittedEmbedding, block: int, first: Pace
) -> str | None:
    """A sentence about the time that the run will take, or None for a short one.

    Args:
        job: the run.
        workers: where the generator is loaded.
        phi: an embedding of the kind that the run uses.
        block: rows of the generator's blocks.
        first: the pace of the first samples. It includes what happens once, such as compiling: if
            even at this pace the run is short, nothing is tried.
    """
    work = Work.of(job)
    if first.seconds(work) < SHORT:
        return None
    rows, pace = 1, _try(job, workers, phi, 1)
    most = int(min(block * workers.count, _PATIENCE / pace.together))
    if most > rows:
        rows, pace = most, _try(job, workers, phi, most)
    # One worker makes a block, so a trial of fewer blocks leaves others idle.
    seconds = pace.seconds(work) * min(1.0, math.ceil(rows / block) / workers.count)
    if seconds < SHORT:
        return None
    bound = "at most " if work.bounds else ""
    learns = isinstance(phi.embedding, TrainableEmbedding)
    return (
        f"making and embedding takes about {_said(seconds)}: {bound}{work.candidates:,} candidates "
        f"in each of {job.plan.rounds} iterations, and {bound}{work.samples:,} samples; voting"
        f"{' and training the embedding' if learns else ''} comes on top"
    )


def _try(job: Job, workers: Workers, phi: FittedEmbedding, rows: int) -> Pace:
    labels = np.resize(np.arange(len(job.labels), dtype=np.int64), rows)
    seeds = random.derive(job.config.seed, "rehearsal/time", rows)
    drawn, to_draw = timed(lambda: workers.random(labels, seeds))
    varied, to_vary = timed(lambda: workers.vary(drawn, 0.1, seeds))
    _, to_embed = timed(lambda: workers.embed(phi, varied))
    return Pace(to_draw / rows, to_vary / rows, to_embed / rows)


def _said(seconds: float) -> str:
    """A length of time in one unit, as exact as an estimate is."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length or unit == "minutes":
            break
    count = seconds / length
    return f"{count:.0f} {unit}" if count >= 9.5 else f"{count:.1f} {unit}".replace(".0 ", " ")
