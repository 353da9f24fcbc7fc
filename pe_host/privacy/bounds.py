"""Upper bounds on δ by plain convolution: a second, independent account of the releases.

The sum of n discrete Gaussian releases of one scale σ is a sufficient statistic, and a sum s has
the loss (n + 2s) / (2σ²), up to the sign of s. So the law of the sum, convolved directly, is exact.
Every term is positive, nothing is discretised, mass cut off in the tails counts as δ, and what
rounding could take off is added back. It checks numbers that were computed before, with numpy only
and in a tenth of a second. Where it would be slow there is no bound.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LONGEST = 20_000
"""Points of a law; a convolution of two laws of this length takes a tenth of a second."""

_MOST_CELLS = 2**18
"""Cells of a block of the double sum over two laws."""

_CUT = 1e-20
"""Mass cut off from each tail after a convolution."""

_PER_MU = 80
"""Steps of ε for each μ at which curves are compared: so small that what chords and tangents lose
is a fifth of what `gaussian_mu` adds, which takes 400 steps but no chords."""

_MOST_MU = 28.0
"""μ up to which curves are compared: beyond, δ is nearly 1 and little else than rounding."""

_EPS = float(np.finfo(np.float64).eps)


def delta_bound(groups: Sequence[tuple[float, int]]) -> Callable[[Array], Array] | None:
    """Compose scalar releases exactly.

    Args:
        groups: (scale, number of releases) of each scale.

    Returns:
        A function of ε, float64 [m], that returns upper bounds on δ, float64 [m], within about one
        part in a million. None if there are more than two scales, or noise so wide that this would
        be slow.
    """
    if not 1 <= len(groups) <= 2:
        return None
    if any(26 * scale * math.sqrt(count) > _LONGEST for scale, count in groups):
        return None
    if any(count > _LONGEST for _, count in groups):
        return None
    laws = sorted((_Law(scale, count) for scale, count in groups), key=lambda law: len(law.losses))
    wide, narrow = laws[-1], laws[0] if len(laws) == 2 else None
    error = wide.error + (narrow.error if narrow else 0.0)
    with np.errstate(over="ignore", invalid="ignore"):  # a NaN is no bound, and compares false
        tail = _tail_sums(wide.masses)
        tilted = _tail_sums(wide.masses * np.exp(-wide.losses))
    weights = narrow.masses if narrow else np.ones(1)
    shifts = narrow.losses if narrow else np.zeros(1)
    lost = sum(law.lost for law in laws)

    def bound(epsilons: Array) -> Array:
        blocks = np.array_split(epsilons, math.ceil(len(epsilons) * len(shifts) / _MOST_CELLS) or 1)
        return np.concatenate([block_bound(block) for block in blocks])

    def block_bound(epsilons: Array) -> Array:
        # The first loss of the wide law that exceeds ε together with each of the narrow one.
        place = (epsilons[:, None] - shifts - wide.losses[0]) / wide.spacing
        first = np.clip(np.floor(place) + 1, 0, len(wide.losses)).astype(np.int64)
        above, below = tail[first], tilted[first]
        with np.errstate(over="ignore", invalid="ignore"):
            below *= np.exp(epsilons)[:, None] * np.exp(-shifts)
            chance = np.maximum(above - below, 0.0) + error * (above + below)
        bounds: Array = np.minimum(chance @ weights * (1 + error) + lost, 1.0)
        return bounds

    return bound


def is_gaussian_dp(bound: Callable[[Array], Array], mu: float, least: float) -> bool:
    """Check that a curve lies below that of μ-GDP (arXiv 1905.02383): δ_μ(ε) >= δ(ε).

    Both curves are convex in x = e^ε, as suprema of P(S) - x Q(S) over sets S. So between two
    points δ lies below its chord, and δ_μ above its tangents at both. The left tangent is compared
    up to some place between them, the right one from there on: wherever that place is, two lines
    are in order if they are at both ends.

    Args:
        bound: the curve, as returned by `delta_bound`.
        mu: μ, > 0. Above 28, where δ is nearly 1, the answer is False.
        least: δ and 1 - δ down to which the curves are compared.
    """
    if not 0 < mu <= _MOST_MU:
        return False
    # Up to μ² / 2 + 8μ, where δ_μ is below 1e-14.
    epsilons = mu / _PER_MU * np.arange(int(_PER_MU * (mu / 2 + 8)) + 2, dtype=np.float64)
    deltas, (gaussian, slopes) = bound(epsilons), _gaussian_deltas(mu, epsilons)
    # Each interval has the coordinate x / x_left - 1, from 0 to `width`.
    width = math.expm1(mu / _PER_MU)
    left, right = slopes[:-1], slopes[1:] / (1 + width)
    with np.errstate(invalid="ignore", divide="ignore"):
        place = np.clip((np.diff(gaussian) - right * width) / (left - right), 0.0, width)
    chord = deltas[:-1] + np.diff(deltas) / width * place
    tangents = np.minimum(gaussian[:-1] + left * place, gaussian[1:] + right * (place - width))
    # A NaN is no bound: it is neither above 1 - least nor below `least` here, and fails.
    held = (chord <= tangents) & (deltas[:-1] <= gaussian[:-1]) & (deltas[1:] <= gaussian[1:])
    held |= (deltas[1:] > 1 - least) | (deltas[:-1] < least)
    return bool(deltas[-1] < least and held.all())


class _Law:
    """The law of the sum of `count` releases: masses, and their losses in increasing order."""

    def __init__(self, scale: float, count: int) -> None:
        reach = math.ceil(12 * scale) + 1
        one = np.exp(-(np.arange(-reach, reach + 1.0) ** 2) / (2 * scale**2))
        masses, half, self.lost = np.ones(1), 0, 1e-30 * count
        power, power_half, power_lost = one / one.sum(), reach, 0.0
        left = count
        while left:
            if left & 1:
                masses, half, cut = _trimmed(np.convolve(masses, power), half + power_half)
                self.lost += power_lost + cut
            left >>= 1
            if left:
                power, power_half, cut = _trimmed(np.convolve(power, power), 2 * power_half)
                power_lost = 2 * power_lost + cut
        # The law is symmetric, so that increasing sums may stand for increasing losses.
        self.masses = masses
        self.spacing = 1 / scale**2
        self.losses = (np.arange(-half, half + 1) + count / 2) / scale**2
        self.error = 4 * _EPS * (count * len(masses) + float(np.abs(self.losses).max()) + 16)


def _trimmed(masses: Array, half: int) -> tuple[Array, int, float]:
    """Cut the same number of points from both tails.

    Returns:
        The masses, half their length, and the mass that was cut off.
    """
    cut = int(np.searchsorted(np.cumsum(masses[:half]), _CUT))
    return masses[cut : len(masses) - cut], half - cut, 2 * float(masses[:cut].sum())


def _tail_sums(terms: Array) -> Array:
    """Sums from each point to the end, and 0 for none."""
    return np.append(np.cumsum(terms[::-1])[::-1], 0.0)


def _gaussian_deltas(mu: float, epsilons: Array) -> tuple[Array, Array]:
    """δ of μ-GDP, and x dδ/dx for x = e^ε."""
    deltas, slopes = np.zeros(len(epsilons)), np.zeros(len(epsilons))
    for i, epsilon in enumerate(epsilons.tolist()):
        upper = math.erfc((epsilon / mu - mu / 2) / math.sqrt(2)) / 2
        lower = math.exp(epsilon) * math.erfc((epsilon / mu + mu / 2) / math.sqrt(2)) / 2
        deltas[i], slopes[i] = max(upper - lower, 0.0), -lower
    return deltas, slopes
