"""The estimate of a run's time, with workers that move a clock instead of taking time."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pe_host.evolution.loop import Evolution
from pe_host.evolution.planning import make_schedule
from pe_host.evolution.tests.test_loop import Sampler, Store, Votes
from pe_host.session import estimate as module
from pe_host.session.estimate import Pace, Work, estimate, timed

CLASSES = ("dark", "light")


def job_of(rounds: int = 3, **settings: Any) -> Any:
    defaults = {"candidates": None, "samples": None, "lookahead": 0, "seed": 1}
    return SimpleNamespace(
        config=SimpleNamespace(**{**defaults, **settings}),
        plan=SimpleNamespace(rounds=rounds),
        labels=CLASSES,
    )


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)


class Workers:
    """`count` processes that take `cost` seconds a block for each operation."""

    def __init__(self, clock: Clock, count: int, block: int, cost: Pace) -> None:
        self.clock, self.count, self.block, self.cost = clock, count, block, cost
        self.rows: list[int] = []

    def _take(self, rows: int, each: float) -> None:
        self.rows.append(rows)
        self.clock.now += math.ceil(math.ceil(rows / self.block) / self.count) * each

    def random(self, labels: Any, seeds: Any) -> Any:
        self._take(len(labels), self.cost.random)
        return labels

    def vary(self, samples: Any, degree: Any, seeds: Any) -> Any:
        self._take(len(samples), self.cost.vary)
        return samples

    def embed(self, phi: Any, samples: Any) -> None:
        self._take(len(samples), self.cost.embed)


PHI: Any = SimpleNamespace(embedding=None)


@pytest.mark.parametrize(("count", "block"), [(1, 1), (1, 16), (3, 7)])
@pytest.mark.parametrize("lookahead", [0, 2])
@pytest.mark.parametrize("rounds", [1, 3])
def test_the_estimate_is_what_the_loop_takes(
    monkeypatch: pytest.MonkeyPatch, rounds: int, lookahead: int, count: int, block: int
) -> None:
    """The loop runs with workers that move the clock; start-up is not part of its time."""
    clock = Clock(monkeypatch)
    workers: Any = Workers(clock, count, block, Pace(10.0, 20.0, 50.0))

    class Slow(Sampler):
        def random(self, labels: Any, seeds: Any) -> Any:
            workers.random(labels, seeds)
            return super().random(labels, seeds)

        def vary(self, samples: Any, degree: Any, seeds: Any) -> Any:
            workers.vary(samples, degree, seeds)
            return super().vary(samples, degree, seeds)

        def embed(self, phi: Any, samples: Any, lookahead: int, degree: Any, seeds: Any) -> Any:
            for _ in range(lookahead):
                workers.vary(samples, degree, seeds)
            for _ in range(max(lookahead, 1)):
                workers.embed(phi, samples)
            return super().embed(phi, samples, lookahead, degree, seeds)

    job = job_of(rounds, candidates=40, samples=30, lookahead=lookahead)
    for name in ("degrees", "final_degree", "threshold", "selection", "keep_parents"):
        setattr(job.config, name, None)
    said = estimate(job, workers, PHI, block, Pace(400.0, 20.0, 50.0))  # it compiles
    clock.now = 0.0
    schedule = make_schedule(job.config, rounds, 1, 1.0, 200, len(CLASSES))
    shares, store, votes = np.full(2, 0.5), Store(), Votes()
    Evolution(schedule, shares, Slow(), votes, store, lambda *_: PHI, 1).run(lambda _: None)
    workers.embed(PHI, range(30))  # the data of the release are made once more
    assert said is not None and "at most" not in said and "up to" not in said
    assert f"about {module._said(clock.now)}: 40 candidates in each of {rounds} iter" in said


def test_a_slow_block_is_tried_once_and_a_short_run_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    workers: Any = Workers(clock, 2, 256, Pace(2.0, 2.0, 2.0))
    assert estimate(job_of(), workers, PHI, 256, Pace(2.0, 2.0, 2.0)) is not None
    assert workers.rows == [1, 1, 1] and clock.now == 6.0
    workers = Workers(clock, 2, 256, Pace(1.0, 1.0, 1.0))
    assert estimate(job_of(), workers, PHI, 256, Pace(1.0, 1.0, 1.0)) is not None
    assert workers.rows == [1, 1, 1, 512, 512, 512]
    workers = Workers(clock, 2, 256, Pace(0.01, 0.01, 0.01))
    assert estimate(job_of(), workers, PHI, 256, Pace(0.03, 0.03, 0.03)) is None
    assert not workers.rows


def test_what_the_host_chooses_later_is_a_bound() -> None:
    work = Work.of(job_of(), 256, 2)
    assert (work.candidates, work.samples, work.bounds) == (20_000, 60_000, True)


def test_time_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)

    def work() -> str:
        clock.now += 3.5
        return "done"

    assert timed(work) == ("done", 3.5)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (61, "1 minutes"),
        (150, "2.5 minutes"),
        (3000, "50 minutes"),
        (9000, "2.5 hours"),
        (400_000, "4.6 days"),
    ],
)
def test_lengths_are_as_exact_as_an_estimate(seconds: float, said: str) -> None:
    assert module._said(seconds) == said
