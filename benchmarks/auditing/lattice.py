"""A second account of discrete Gaussian releases: a bracket of δ and ε, by numpy only.

It shares no code with the accountant of `pe` and rests on three facts. (1) The sum s of the noise
of n releases of one scale σ is sufficient: its privacy loss is (n + 2s) / (2σ²). The law of s is
computed from the characteristic function of the discrete Gaussian, on the integers, so without
discretisation. (2) Losses of several scales add up. Each is rounded to a fine grid, once down and
once up, and composed by FFT. The true curve δ(ε) lies between that of the losses rounded down and
that of the losses rounded up. (3) δ(ε) = Σ P(loss) max(0, 1 - exp(ε - loss)), the hockey-stick
divergence. A record added or removed makes the same curve, because the noise is symmetric.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

Groups = Sequence[tuple[int, float]]
"""(number of scalar releases of sensitivity 1, scale of their noise) of each scale."""

REACH = 12.0
"""Scales of a sum, σ √n, that are tabulated on each side.

The discrete Gaussian is sub-Gaussian with parameter σ, so the rest has a mass below 2 exp(-72)."""

TAIL = 1e-30
"""Mass beyond REACH, for each scale; it counts as infinite loss in the upper curve."""

ROUNDING = 5e-15
"""Most that rounding in the transforms moves δ. Measured: below 3e-16 (`test_audit.py` compares
with a direct convolution in extended precision)."""

STEP = 2e-5
"""Step of the loss grid, in standard deviations of the composed loss."""

_FREQUENCIES = 256
"""Frequencies for which the characteristic function is summed at once, which bounds memory."""


def noise(scale: float) -> tuple[NDArray[np.int64], Array]:
    """The discrete Gaussian (arXiv 2004.00010): its support out to REACH scales, and its masses."""
    reach = math.ceil(REACH * scale) + 2
    support = np.arange(-reach, reach + 1)
    weights = np.exp(-(support.astype(np.float64) ** 2) / (2 * scale**2))
    return support, weights / weights.sum()


def sum_law(count: int, scale: float) -> tuple[NDArray[np.int64], Array]:
    """The law of the sum of `count` draws: support and masses.

    1 - φ(θ) = 2 Σ p(x) sin²(θx / 2) has no cancellation, so the power φ^n is exact to a few
    roundings whatever n is. A power of a transform computed by FFT would lose n of them.
    """
    if count == 1:
        return noise(scale)
    support, masses = noise(scale)
    half = min(math.ceil(REACH * math.sqrt(count) * scale) + 2, count * int(support[-1]))
    size = 2 ** math.ceil(math.log2(2 * half + 1))
    transform = np.zeros(size // 2 + 1)
    for start in range(0, len(transform), _FREQUENCIES):
        frequencies = np.arange(start, min(start + _FREQUENCIES, len(transform)))
        angles = np.outer(np.pi * frequencies / size, support)
        transform[frequencies] = power = _power(2 * np.sin(angles) ** 2 @ masses, count)
        if power.max() < 1e-40:  # φ falls from 0 to π, so all that follow are smaller still
            break
    law = np.maximum(np.fft.irfft(transform, size), 0.0)
    sums = np.arange(-half, half + 1)
    return sums, law[sums]


def _power(missing: Array, count: int) -> Array:
    """(1 - missing)^count, for a transform that is positive."""
    powers: Array = np.exp(count * np.log1p(-np.minimum(missing, 1.0 - 1e-16)))
    return powers


@dataclass(frozen=True)
class _Curve:
    """Losses on a grid, in increasing order, and the mass of each."""

    losses: Array
    masses: Array
    infinite: float

    def delta(self, epsilon: float) -> float:
        first = int(np.searchsorted(self.losses, epsilon, side="right"))
        losses, masses = self.losses[first:], self.masses[first:]
        return float(masses @ -np.expm1(epsilon - losses)) + self.infinite


class Bracket:
    """Lower and upper bounds of δ(ε) of releases, composed exactly but for the grid."""

    def __init__(self, groups: Groups) -> None:
        spread = math.sqrt(sum(count / scale**2 for count, scale in groups))
        step = STEP * spread
        laws = [(count, scale, *sum_law(count, scale)) for count, scale in groups]
        losses = [_losses(count, scale, sums) for count, scale, sums, _ in laws]
        masses = [law for *_, law in laws]
        if len(groups) == 1:  # nothing has to be rounded
            self._lower = _Curve(losses[0], masses[0], -ROUNDING)
            self._upper = _Curve(losses[0], masses[0], ROUNDING + TAIL)
            return
        # 1e-4 of a step covers the rounding of the division itself.
        down = [np.floor(loss / step - 1e-4).astype(np.int64) for loss in losses]
        up = [np.ceil(loss / step + 1e-4).astype(np.int64) for loss in losses]
        self._lower = _composed(down, masses, step, -ROUNDING)
        self._upper = _composed(up, masses, step, ROUNDING + len(groups) * TAIL)

    def delta(self, epsilon: float) -> tuple[float, float]:
        """Bounds between which the smallest δ of (ε, δ)-DP lies."""
        return max(self._lower.delta(epsilon), 0.0), min(self._upper.delta(epsilon), 1.0)

    def epsilon(self, delta: float) -> tuple[float, float]:
        """Bounds between which the smallest ε of (ε, δ)-DP lies."""
        return _inverse(self._lower, delta)[0], _inverse(self._upper, delta)[1]


def _losses(count: int, scale: float, sums: NDArray[np.int64]) -> Array:
    """Privacy losses of sums of noise."""
    return np.asarray((count + 2.0 * sums) / (2 * scale**2), dtype=np.float64)


def _composed(
    places: list[NDArray[np.int64]], masses: list[Array], step: float, infinite: float
) -> _Curve:
    """The sum of independent losses at `places` of the grid."""
    first = sum(int(place[0]) for place in places)
    length = sum(int(place[-1] - place[0]) for place in places) + 1
    size = 2 ** math.ceil(math.log2(length))
    product = np.ones(size // 2 + 1, dtype=np.complex128)
    for place, mass in zip(places, masses, strict=True):
        product *= np.fft.rfft(np.bincount(place - place[0], weights=mass, minlength=size))
    law = np.maximum(np.fft.irfft(product, size)[:length], 0.0)
    losses = np.asarray((first + np.arange(length)) * step, dtype=np.float64)
    return _Curve(losses, law, infinite)


def _inverse(curve: _Curve, delta: float) -> tuple[float, float]:
    """ε just below and just above the point where the curve falls to δ."""
    if curve.delta(0.0) <= delta:
        return 0.0, 0.0
    low, high = 0.0, max(float(curve.losses[-1]), 1e-9)
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if curve.delta(middle) <= delta else (middle, high)
    return low, high
