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
"""Seconds of a block that are worth a second trial, with all workers at once."""


@dataclass(frozen=True)
class Work:
    """What the loop asks of the generator: at most, where the host chooses numbers later.

    Blocks are padded to one size, and each worker makes one at a time. So the time of an operation
    follows from its waves: the blocks of all workers side by side.

    Args:
        candidates, samples: N and the size of the release.
        random, varied, embedded: waves of each operation in the whole run.
        bounds: whether a number is the largest that the host may choose.
    """

    candidates: int
    samples: int
    random: int
    varied: int
    embedded: int
    bounds: bool

    @classmethod
    def of(cls, job: Job, block: int, workers: int) -> "Work":
        """The waves of all iterations; a lookahead of L embeds L variations of each candidate.

        Args:
            job: the run.
            block: rows of a block.
            workers: processes.
        """
        config, rounds = job.config, job.plan.rounds
        candidates = config.candidates or defaults.MOST_CANDIDATES
        samples = config.samples or defaults.MOST_SAMPLES
        each, last = (
            math.ceil(math.ceil(rows / block) / workers) for rows in (candidates, samples)
        )
        return cls(
            candidates,
            samples,
            random=each,
            varied=each * (rounds - 1 + rounds * config.lookahead) + last,
            embedded=each * rounds * max(config.lookahead, 1) + last,
            bounds=not (config.candidates and config.samples),
        )


@dataclass(frozen=True)
class Pace:
    """Seconds of a wave: of one that is made at random, of one that is varied, and embedded."""

    random: float
    vary: float
    embed: float

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
    work = Work.of(job, block, workers.count)
    if first.seconds(work) < SHORT:
        return None
    pace = _try(job, workers, phi, 1)
    if workers.count > 1 and pace.random + pace.vary + pace.embed < _PATIENCE:
        pace = _try(job, workers, phi, block * workers.count)  # they slow each other down
    seconds = pace.seconds(work)
    if seconds < SHORT:
        return None
    bound, up_to = ("at most ", "up to ") if work.bounds else ("", "")
    learns = isinstance(phi.embedding, TrainableEmbedding)
    return (
        f"making and embedding takes {up_to}about {_said(seconds)}: "
        f"{bound}{work.candidates:,} candidates in each of {job.plan.rounds} iterations, and "
        f"{bound}{work.samples:,} samples; "
        f"{'voting and training the embedding come' if learns else 'voting comes'} on top"
    )


def _try(job: Job, workers: Workers, phi: FittedEmbedding, rows: int) -> Pace:
    labels = np.resize(np.arange(len(job.labels), dtype=np.int64), rows)
    seeds = random.derive(job.config.seed, "rehearsal/time", rows)
    drawn, to_draw = timed(lambda: workers.random(labels, seeds))
    varied, to_vary = timed(lambda: workers.vary(drawn, 0.1, seeds))
    _, to_embed = timed(lambda: workers.embed(phi, varied))
    return Pace(to_draw, to_vary, to_embed)


def _said(seconds: float) -> str:
    """A length of time in one unit, as exact as an estimate is."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length or unit == "minutes":
            break
    count = seconds / length
    return f"{count:.0f} {unit}" if count >= 9.5 else f"{count:.1f} {unit}".replace(".0 ", " ")
