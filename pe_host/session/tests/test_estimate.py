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
    """`count` processes that take `cost` seconds a row for each operation, a block at a time."""

    def __init__(self, clock: Clock, count: int, block: int, cost: Pace) -> None:
        self.clock, self.count, self.block, self.cost = clock, count, block, cost
        self.rows: list[int] = []

    def _take(self, rows: int, each: float) -> None:
        self.rows.append(rows)
        waves = math.ceil(math.ceil(rows / self.block) / self.count)
        self.clock.now += waves * min(rows, self.block) * each

    def random(self, labels: Any, seeds: Any) -> Any:
        self._take(len(labels), self.cost.random)
        return labels

    def vary(self, samples: Any, degree: Any, seeds: Any) -> Any:
        self._take(len(samples), self.cost.vary)
        return samples

    def embed(self, phi: Any, samples: Any) -> None:
        self._take(len(samples), self.cost.embed)


PHI: Any = SimpleNamespace(embedding=None)


@pytest.mark.parametrize("lookahead", [0, 2])
@pytest.mark.parametrize("rounds", [1, 3])
def test_the_loop_asks_for_the_rows_that_are_counted(rounds: int, lookahead: int) -> None:
    asked = {"random": 0, "vary": 0, "embed": 0}

    class Counting(Sampler):
        def random(self, labels: Any, seeds: Any) -> Any:
            asked["random"] += len(labels)
            return super().random(labels, seeds)

        def vary(self, samples: Any, degree: Any, seeds: Any) -> Any:
            asked["vary"] += len(samples)
            return super().vary(samples, degree, seeds)

        def embed(self, phi: Any, samples: Any, lookahead: int, degree: Any, seeds: Any) -> Any:
            asked["vary"] += len(samples) * lookahead  # by the workers
            asked["embed"] += len(samples) * max(lookahead, 1)
            return super().embed(phi, samples, lookahead, degree, seeds)

    job = job_of(rounds, candidates=40, samples=30, lookahead=lookahead)
    for name in ("degrees", "final_degree", "threshold", "selection", "keep_parents"):
        setattr(job.config, name, None)
    schedule = make_schedule(job.config, rounds, 1, 1.0, 200, len(CLASSES))
    shares, store, votes = np.full(2, 0.5), Store(), Votes()
    Evolution(schedule, shares, Counting(), votes, store, lambda *_: PHI, 1).run(lambda _: None)
    work = Work.of(job)
    # The release is made as data at the end, which costs what embedding costs here.
    assert asked == {
        "random": work.random,
        "vary": work.varied,
        "embed": work.embedded - work.samples,
    }


@pytest.mark.parametrize(("count", "block"), [(1, 16), (2, 16), (8, 64), (4, 1)])
def test_an_estimate_is_what_the_run_takes(
    monkeypatch: pytest.MonkeyPatch, count: int, block: int
) -> None:
    """Start-up is not part of it, and workers that a short trial leaves idle are."""
    clock = Clock(monkeypatch)
    workers: Any = Workers(clock, count, block, Pace(0.01, 0.02, 0.05))
    job = job_of(candidates=64_000, samples=6_400)
    first = Pace(4.0, 0.02, 0.05)  # it compiles
    said = estimate(job, workers, PHI, block, first)
    work = Work.of(job)
    truth = (work.random * 0.01 + work.varied * 0.02 + work.embedded * 0.05) / count
    assert said is not None
    number, unit = said.split("about ")[1].split(":")[0].split()
    seconds = float(number) * {"minutes": 60, "hours": 3600}[unit]
    assert abs(seconds / truth - 1) < 0.06  # as exact as two digits are
    assert "at most" not in said and "64,000 candidates in each of 3 iterations" in said


def test_a_trial_takes_seconds_and_short_runs_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    workers: Any = Workers(clock, 2, 256, Pace(1.0, 1.0, 1.0))
    assert estimate(job_of(), workers, PHI, 256, Pace(1.0, 1.0, 1.0)) is not None
    assert clock.now <= 3 + 5
    fast: Any = Workers(clock, 2, 256, Pace(1e-6, 1e-6, 1e-6))
    assert estimate(job_of(), fast, PHI, 256, Pace(1e-5, 1e-5, 1e-5)) is None and not fast.rows


def test_what_the_host_chooses_later_is_a_bound() -> None:
    work = Work.of(job_of())
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
