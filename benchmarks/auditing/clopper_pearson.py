"""A lower bound on ε from draws: Clopper-Pearson intervals on one event, chosen on other draws.

If a mechanism is (ε, δ)-DP, every event E has P(E | D) <= exp(ε) P(E | D') + δ, and the same with D
and D' exchanged. So ε >= log((P(E | D) - δ) / P(E | D')). The event is a threshold on a statistic.
It is chosen on the first part of the draws; the rest give exact binomial intervals.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

Array = NDArray[np.float64]

CHOOSING = 0.25
"""Share of the draws on which the threshold is chosen."""

_THRESHOLDS = 400
"""Thresholds that are compared, at most."""


@dataclass(frozen=True)
class Draws:
    """Independent draws of one statistic, float64 [n], with the unit in the data and without."""

    present: Array
    absent: Array

    @property
    def size(self) -> int:
        return len(self.present) + len(self.absent)


def epsilon_bound(draws: Draws, delta: float, error: float) -> float:
    """Return a lower bound on ε at this δ; it is above the true ε with probability <= error.

    Both directions are tried, each at half the error: large values are evidence for the unit, small
    values against it.
    """
    return max(
        _one_sided(draws.present, draws.absent, delta, error / 2),
        _one_sided(-draws.absent, -draws.present, delta, error / 2),
    )


def reachable(
    sums: NDArray[np.int64], masses: Array, shift: int, draws: Draws, delta: float, error: float
) -> float:
    """Return the bound that a perfect audit with as many draws expects from the exact law.

    Args:
        sums, masses: law of the noise on the statistic.
        shift: what the unit adds to the statistic.
        draws: only their number counts.
        delta, error: see `epsilon_bound`.
    """
    absent = np.cumsum(masses[::-1])[::-1]  # P(noise >= s)
    place = np.searchsorted(sums, sums - shift)
    present = absent[place]
    kept = 1 - CHOOSING
    bounds = _log_ratio(
        np.minimum(present, 1) * len(draws.present) * kept,
        len(draws.present) * kept,
        np.minimum(absent, 1) * len(draws.absent) * kept,
        len(draws.absent) * kept,
        delta,
        error / 2,
    )
    return max(float(bounds.max()), 0.0)


def _one_sided(likely: Array, unlikely: Array, delta: float, error: float) -> float:
    """The bound from an event {statistic >= threshold}, likely in the first world."""
    first, rest = _split(likely)
    other_first, other_rest = _split(unlikely)
    values = np.unique(np.concatenate([first, other_first]))
    values = values[:: max(1, len(values) // _THRESHOLDS)]
    scale = (1 - CHOOSING) / CHOOSING  # what the counts would be on the rest
    chosen = _log_ratio(
        _at_least(first, values) * scale,
        len(rest),
        _at_least(other_first, values) * scale,
        len(other_rest),
        delta,
        error,
    )
    threshold = values[[int(chosen.argmax())]]
    bound = _log_ratio(
        _at_least(rest, threshold),
        len(rest),
        _at_least(other_rest, threshold),
        len(other_rest),
        delta,
        error,
    )
    return max(float(bound[0]), 0.0)


def _split(values: Array) -> tuple[Array, Array]:
    cut = int(len(values) * CHOOSING)
    return values[:cut], values[cut:]


def _at_least(values: Array, thresholds: Array) -> Array:
    ordered = np.sort(values)
    return np.asarray(len(ordered) - np.searchsorted(ordered, thresholds), dtype=np.float64)


def _log_ratio(
    hits: Array, trials: float, other_hits: Array, other_trials: float, delta: float, error: float
) -> Array:
    """log((lower bound of P - δ) / upper bound of P'), each interval at half the error."""
    hits = np.minimum(hits, trials)
    other_hits = np.minimum(other_hits, other_trials)
    lower = np.where(
        hits > 0, _quantile(beta.ppf, error / 2, np.maximum(hits, 1e-9), trials - hits + 1), 0.0
    )
    upper = np.where(
        other_hits < other_trials,
        _quantile(beta.isf, error / 2, other_hits + 1, np.maximum(other_trials - other_hits, 1e-9)),
        1.0,
    )
    excess = lower - delta
    return np.where(excess > 0, np.log(np.maximum(excess, 1e-300) / upper), -np.inf)


def _quantile(function: Callable[..., Array], at: float, a: Array, b: Array) -> Array:
    return np.nan_to_num(np.asarray(function(at, a, b), dtype=np.float64), nan=0.0)
