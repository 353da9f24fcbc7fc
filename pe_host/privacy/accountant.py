"""The privacy cost of discrete Gaussian releases, composed exactly, and the noise that a budget
needs.

A release adds discrete Gaussian noise (Canonne, Kamath, Steinke: arXiv 2004.00010) to integers. A
record moves a bounded number of them, by one each. So a release is that many scalar mechanisms of
sensitivity 1, and everything a run releases composes as one list of them. dp-accounting composes
their privacy loss distributions in the pessimistic variant of "Connect the Dots" (arXiv
2207.04380): the discretised curve lies above the exact one, and mass cut off in the tails counts as
δ.

Numbers of earlier runs are kept (`pe_host.privacy.recall`). One is used only after a second account
of the same releases (`pe_host.privacy.bounds`) has confirmed what it claims.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import PrivacyRefusal
from pe_host.privacy.bounds import delta_bound, is_gaussian_dp
from pe_host.privacy.recall import recalled
from pe_host.privacy.search import bisect, forecast_search, search

MIN_DELTA, MAX_DELTA = 1e-10, 0.5
"""Range of δ. At the lower end _ROUNDING is 1 % of δ; at 1e-12 it would be all of it."""

MIN_SCALE, MAX_SCALE = 1e-3, 1e6
"""Range of the noise scale. Less noise is as good as none: the ε of one vote is above 100,000. For
more noise the distribution, tabulated out to 12 scales on both sides, gets too long."""

MAX_EPSILON = 1e4
"""Largest finite ε of a budget. More would protect nothing, and calibration would never end."""

MAX_COORDINATES = 10_000
"""Largest rounds × votes of a plan."""

MAX_MU = 1001.0
"""Largest square root of the sum of coordinates / scale² that `pe account` prices. One vote at
MIN_SCALE has 1000."""

_ROUNDING = 1e-12
"""Added to every δ, once for each MAX_COORDINATES composed: more than the Fourier transforms lose
to rounding, far less than any δ in use.

Beside an independent account (`benchmarks/auditing/lattice.py`) they lost up to 9e-14 for 2,000
coordinates and 8e-13 for 100,000, as many runs on one data set can have together."""

_GRID = 0.02
"""Step of the loss grid, in standard deviations of the loss of one scalar release of average cost.
At this step the discretisation adds less than 0.1 % to ε."""

_SMOOTH_SCALE = 1.0
"""Noise from which on δ varies smoothly with the scale. Below it the lattice shows: δ moves in
steps, even against the scale, and no answer of the search follows from others."""

_Groups = tuple[tuple[float, int], ...]
"""(scale, number of scalar releases) of each scale, in order."""


@dataclass(frozen=True)
class NoisyRelease:
    """Integers published with discrete Gaussian noise.

    Args:
        coordinates: number of integers that one record (or client) moves, by one each.
        scale: parameter of the noise.

    Raises:
        PrivacyRefusal: the scale is outside [MIN_SCALE, MAX_SCALE], or there are no coordinates.
    """

    coordinates: int
    scale: float

    def __post_init__(self) -> None:
        check_scale(self.scale)
        if self.coordinates < 1:
            raise PrivacyRefusal(f"a release of {self.coordinates} coordinates has no meaning")


@dataclass(frozen=True)
class Scales:
    """Calibrated noise: on each vote, and on each class count (None if no counts are released)."""

    votes: float
    counts: float | None


def check_scale(scale: float) -> None:
    """Raise PrivacyRefusal unless the noise scale is a number in [MIN_SCALE, MAX_SCALE]."""
    if not (math.isfinite(scale) and scale > 0):
        raise PrivacyRefusal(
            f"noise of scale {scale} protects nothing: it must be a positive finite number"
        )
    if scale < MIN_SCALE:
        raise PrivacyRefusal(
            f"noise of scale {scale:.3g} is below {MIN_SCALE:g}, the smallest accounted for, "
            "and protects nothing",
            fix="lower --epsilon, or say inf for a run that is NOT PRIVATE",
        )
    if scale > MAX_SCALE:
        raise PrivacyRefusal(
            f"noise of scale {scale:.3g} is beyond {MAX_SCALE:.0g}, the largest accounted for",
            fix="raise --epsilon, or ask for fewer iterations or votes",
        )


def check_budget(epsilon: float, delta: float) -> None:
    """Raise PrivacyRefusal unless noise can be calibrated to the budget, whose ε is finite."""
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise PrivacyRefusal(
            f"epsilon must be a positive number, got {epsilon}",
            where="--epsilon",
            fix="1 is strict",
        )
    if epsilon > MAX_EPSILON:
        raise PrivacyRefusal(
            f"epsilon {epsilon:g} is beyond {MAX_EPSILON:g}, and protects nothing",
            where="--epsilon",
            fix="say inf for a run that is NOT PRIVATE",
        )
    if not MIN_DELTA <= delta <= MAX_DELTA:
        raise PrivacyRefusal(
            f"delta must lie in [{MIN_DELTA:g}, {MAX_DELTA:g}], got {delta}",
            where="--delta",
            fix=f"below {MIN_DELTA:g} rounding in the accounting would exceed 1 % of it",
        )


def check_cost(releases: Sequence[NoisyRelease]) -> None:
    """Raise PrivacyRefusal where the releases protect nothing, and accounting would never end."""
    if math.sqrt(sum(release.coordinates / release.scale**2 for release in releases)) > MAX_MU:
        raise PrivacyRefusal(
            "so little noise for so many counts protects nothing",
            where="--vote-scale",
            fix="raise it, or ask for fewer rounds or votes",
        )


def check_rounds(rounds: int, votes: int) -> None:
    """Raise PrivacyRefusal unless a plan of this many rounds and votes can be accounted for."""
    if rounds < 1 or votes < 1:
        raise PrivacyRefusal(
            f"{rounds} rounds of {votes} votes make no run", fix="ask for at least one of each"
        )
    if rounds * votes > MAX_COORDINATES:
        raise PrivacyRefusal(
            f"{rounds} rounds of {votes} votes are {rounds * votes:,} noisy counts a record, "
            f"beyond {MAX_COORDINATES:,}",
            fix="ask for fewer iterations or votes",
        )


def delta_of(releases: Sequence[NoisyRelease], epsilon: float) -> float:
    """Return the smallest δ at which the releases together are (epsilon, δ)-DP.

    The result is an upper bound, within about 1 %.

    Raises:
        PrivacyRefusal: epsilon is not a finite number of at least 0.
    """
    if not (math.isfinite(epsilon) and epsilon >= 0):
        raise PrivacyRefusal(f"epsilon must be a finite number of at least 0, got {epsilon}")
    return _curve(_grouped(releases))(epsilon)


def epsilon_of(releases: Sequence[NoisyRelease], delta: float) -> float:
    """Return the smallest ε at which the releases together are (ε, delta)-DP; inf if there is none.

    The result is an upper bound, within about 0.1 %.

    Raises:
        PrivacyRefusal: delta outside [MIN_DELTA, MAX_DELTA].
    """
    check_budget(1.0, delta)
    groups = _grouped(releases)

    def compute() -> float:
        curve = _curve(groups)
        if curve(0.0) <= delta:
            return 0.0
        high = 1e-6
        while curve(high) > delta:
            high *= 2
            if high > 1e15:  # the mass of infinite loss alone exceeds delta
                return math.inf
        low = high / 2 if high > 1e-6 else 0.0
        return bisect(lambda e: curve(e) <= delta, bad=low, good=high, tolerance=1e-9)[0]

    def holds(epsilon: float) -> bool:
        return epsilon >= 0 and _bounded(groups, epsilon, delta)

    return recalled("epsilon_of", [delta, *chain(*groups)], compute, holds)


def fits(releases: Sequence[NoisyRelease], epsilon: float, delta: float) -> bool:
    """Return whether the releases together are (epsilon, delta)-DP.

    The quick bound of `pe_host.privacy.bounds` decides where it can, else `delta_of`.
    """
    return _bounded(_grouped(releases), epsilon, delta) or delta_of(releases, epsilon) <= delta


def calibrate(
    epsilon: float, delta: float, rounds: int, votes: int, count_share: float = 0.02
) -> Scales:
    """Find the least noise that keeps all histograms and class counts within (epsilon, delta).

    The budget is split in units of 1/scale², in which Gaussian costs add up. The counts get the
    share `count_share`. The result is the same to the last bit, whether it is searched for or kept
    from an earlier run.

    Args:
        epsilon: > 0, at most MAX_EPSILON.
        delta: in [MIN_DELTA, MAX_DELTA].
        rounds: T >= 1 histograms.
        votes: k >= 1, votes of a record in each.
        count_share: in [0, 1); 0 where no counts are released.

    Raises:
        PrivacyRefusal: an argument is out of its range, rounds × votes exceeds MAX_COORDINATES, or
            the noise exceeds MAX_SCALE.
    """
    check_budget(epsilon, delta)
    check_rounds(rounds, votes)
    if not 0 <= count_share < 1:
        raise PrivacyRefusal(f"no noise can be calibrated to the count share {count_share}")

    def scales(mu: float) -> Scales:
        counts = 1 / (math.sqrt(count_share) * mu) if count_share else None
        return Scales(math.sqrt(rounds * votes / (1 - count_share)) / mu, counts)

    def delta_at(mu: float) -> float:
        return delta_of(plan_releases(scales(mu), rounds, votes), epsilon)

    def compute() -> float:
        guess, slope = _gaussian_budget(epsilon, delta)
        started = scales(guess)
        if min(started.votes, started.counts or math.inf) < _SMOOTH_SCALE:
            return search(lambda mu: delta_at(mu) <= delta, guess)
        return forecast_search(delta_at, delta, guess, slope)

    def holds(mu: float) -> bool:
        try:
            return mu > 0 and fits(plan_releases(scales(mu), rounds, votes), epsilon, delta)
        except PrivacyRefusal:  # noise that cannot be accounted for
            return False

    inputs = [epsilon, delta, rounds, votes, count_share]
    return scales(recalled("calibrate", inputs, compute, holds))


def plan_releases(scales: Scales, rounds: int, votes: int) -> list[NoisyRelease]:
    """List everything a run releases: the counts, if any, and one histogram a round."""
    counts = [] if scales.counts is None else [NoisyRelease(1, scales.counts)]
    return [*counts, *[NoisyRelease(votes, scales.votes)] * rounds]


def gaussian_mu(releases: Sequence[NoisyRelease]) -> float:
    """Return the smallest μ such that the releases together are μ-GDP (arXiv 1905.02383).

    That is, the trade-off curve of Normal(0, 1) against Normal(μ, 1) lies below the exact one:
    δ_μ(ε) >= δ(ε) for every ε. The result is an upper bound, within about 1 %. It is checked where
    both δ and 1 - δ are at least MIN_DELTA, which is as far as double precision carries.
    """
    if not releases:
        return 0.0

    def holds(mu: float) -> bool:
        bound = _bound(_grouped(releases))
        return bound is not None and mu > 0 and is_gaussian_dp(bound, mu, MIN_DELTA)

    # In their order: it decides about the last bits of the step.
    inputs = [x for release in releases for x in (release.coordinates, release.scale)]
    return recalled("gaussian_mu", inputs, lambda: _composed_mu(releases), holds)


def _composed_mu(releases: Sequence[NoisyRelease]) -> float:
    curve = _curve(_grouped(releases))
    step = math.sqrt(sum(r.coordinates / r.scale**2 for r in releases)) / 400
    epsilons, deltas = [0.0], [curve(0.0)]
    while deltas[-1] >= MIN_DELTA:
        epsilons.append(epsilons[-1] + step)
        deltas.append(curve(epsilons[-1]))
    # Between two points of the grid the exact δ is at most that of the left one, and the Gaussian δ
    # at least that of the right one.
    left, right = np.array(deltas[:-1]), np.array(epsilons[1:])
    inside = left <= 1 - MIN_DELTA
    return float(_gaussian_mu_at(right[inside], left[inside]).max(initial=0.0))


def _grouped(releases: Sequence[NoisyRelease]) -> _Groups:
    """Count the scalar releases of each scale; sorted, so that the order of releases is lost."""
    count: Counter[float] = Counter()
    for release in releases:
        count[release.scale] += release.coordinates
    return tuple(sorted(count.items()))


@lru_cache(maxsize=8)
def _bound(groups: _Groups) -> Callable[[NDArray[np.float64]], NDArray[np.float64]] | None:
    return delta_bound(groups)


def _bounded(groups: _Groups, epsilon: float, delta: float) -> bool:
    bound = _bound(groups)
    return bound is not None and bool(bound(np.array([epsilon]))[0] <= delta)


def _curve(groups: _Groups) -> Callable[[float], float]:
    if not groups:
        return lambda epsilon: 0.0
    composed = _compose(groups)
    rounding = _ROUNDING * max(1.0, sum(count for _, count in groups) / MAX_COORDINATES)
    return lambda epsilon: min(1.0, float(composed.get_delta_for_epsilon(epsilon)) + rounding)


@lru_cache(maxsize=64)
def _compose(groups: _Groups) -> Any:
    # Imports scipy.stats and scipy.signal, which takes longer than a composition.
    from dp_accounting.pld import privacy_loss_distribution as pld

    total = sum(count for _, count in groups)
    step = _GRID * math.sqrt(sum(count / scale**2 for scale, count in groups) / total)
    # The losses of the most frequent release are odd multiples of 1 / (2 scale²). A grid that holds
    # them loses nothing.
    main = max(groups, key=lambda group: group[1])[0]
    spacing = 1 / (2 * main**2)
    if spacing > step:
        step = spacing / math.ceil(spacing / step)
    # At tiny scales a step of the loss overflows exp: 1 / inf is the right 0.
    with np.errstate(over="ignore"):
        parts = [
            pld.from_discrete_gaussian_mechanism(
                scale, sensitivity=1, value_discretization_interval=step, use_connect_dots=True
            ).self_compose(count)
            for scale, count in groups
        ]
    composed = parts[0]
    for part in parts[1:]:
        composed = composed.compose(part)
    return composed


def _gaussian_delta(mu: NDArray[np.float64], epsilon: NDArray[np.float64]) -> NDArray[np.float64]:
    """δ of the Gaussian mechanism (arXiv 1905.02383, corollary 2.13).

    Computed in logarithms, so that large ε do not overflow.
    """
    from scipy.special import log_ndtr  # heavy, and a run whose numbers are kept does without

    upper = log_ndtr(-epsilon / mu + mu / 2)
    lower = log_ndtr(-epsilon / mu - mu / 2)
    return np.asarray(np.exp(upper) * -np.expm1(np.minimum(epsilon + lower - upper, 0.0)))


def _gaussian_mu_at(
    epsilon: NDArray[np.float64], delta: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find the μ whose Gaussian curve passes through (epsilon, delta), from above."""
    low, high = np.full_like(delta, 1e-12), np.full_like(delta, 1e6)
    for _ in range(80):
        middle = np.sqrt(low * high)
        enough = _gaussian_delta(middle, epsilon) >= delta
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def _gaussian_budget(epsilon: float, delta: float) -> tuple[float, float]:
    """Start of the search: the μ that a Gaussian mechanism could spend on (epsilon, delta).

    Also the slope of log δ over log μ there.

    μ is rounded, so that the search takes the same steps, to the same bits, whatever the last digit
    of a library's logarithm.
    """
    mu = float(f"{_gaussian_mu_at(np.array([epsilon]), np.array([delta]))[0]:.6g}")
    nearby = _gaussian_delta(np.array([mu, 1.001 * mu]), np.array([epsilon, epsilon]))
    return mu, float(np.log(nearby[1] / nearby[0]) / math.log(1.001))
