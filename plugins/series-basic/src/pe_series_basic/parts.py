"""The parts of a series, for many rows at once.

Apart from the normal numbers of `pe_sdk.random`, they are computed by sums, products, quotients,
roots and comparisons only. So a row is the same, bit for bit, in any batch and on any machine.
"""

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


def hump(distance: Reals, width: Reals, flat: Reals) -> Reals:
    """Return a smooth hump of height 1, which is 0 from half its width on.

    Args:
        distance: distance from the middle, >= 0.
        width: of the whole hump; broadcast.
        flat: 0 for a round top, 1 for a plateau with steep sides; broadcast.
    """
    x = np.clip(1.0 - 2.0 * distance / width, 0.0, 1.0)
    x = np.minimum(x / (1.0 - 0.95 * flat), 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x))


def around(phase: Reals, middle: Reals | float) -> Reals:
    """Return the distance from the middle on a circle of circumference 1, in 0..0.5."""
    shifted = phase - middle + 0.5
    return np.asarray(np.abs(shifted - np.floor(shifted) - 0.5))


def wave(phase: Reals) -> Reals:
    """Return a wave of period 1 between -1 and 1, within 1 % of a cosine."""
    x = 1.0 - 2.0 * around(phase, 0.0)
    return np.asarray(2.0 * x * x * (3.0 - 2.0 * x) - 1.0)


def remembering(shocks: Reals, memory: Reals) -> Reals:
    """Return noise of variance 1 that remembers itself for some steps: AR(1).

    Args:
        shocks: independent standard normal numbers [n, T].
        memory: steps [n] after which the correlation is about 1/e.
    """
    keep = memory / (1.0 + memory)
    fresh = np.sqrt(1.0 - keep * keep)
    out = np.ascontiguousarray(shocks.T)
    for t in range(1, len(out)):
        out[t] = keep * out[t - 1] + fresh * out[t]
    return out.T


def spikes(chance: Reals, size: Reals, rate: Reals, length: Reals) -> Reals:
    """Return sudden rises that decay, [n, T].

    Args:
        chance, size: uniforms [n, T], when there is a spike, and how high it is.
        rate: expected number of spikes in a step, [n].
        length: steps [n] until a spike has decayed to about 1/e.
    """
    keep = length / (1.0 + length)
    out = np.ascontiguousarray(np.where(chance < rate[:, None], 0.5 + size, 0.0).T)
    for t in range(1, len(out)):
        out[t] += keep * out[t - 1]
    return out.T


def switches(chance: Reals, start: Reals, rate: Reals, length: Reals) -> Reals:
    """Return a switch that goes on and off, 0 or 1, [n, T].

    Args:
        chance: uniforms [n, T] that decide about each step.
        start: uniforms [n] that decide how it begins.
        rate: chance [n] in each step of being switched on.
        length: steps [n] that it stays on, on average.
    """
    stay = 1.0 - 1.0 / np.maximum(length, 1.0)
    on = start < rate * length / (1.0 + rate * length)
    out = np.empty((chance.shape[1], len(chance)))
    for t in range(len(out)):
        out[t] = on
        on = np.where(on, chance[:, t] < stay, chance[:, t] < rate)
    return out.T
