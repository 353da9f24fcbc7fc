"""How two samples of one parameter of a simulator differ: their distance, and the bins of a picture of both.

Numbers are compared on the scale of the parameter (logarithmic where it says so) as a share of its range; what lies outside
counts as the end of the range, or as the same point of the circle where the parameter wraps. Codes that are no choice count as
one more choice.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import Categorical, Float, Int, Parameter

Column = NDArray[Any]
Unit = NDArray[np.float64]

BINS = 20
"""Of a number, at most."""


def marginal_distance(parameter: Parameter, a: Column, b: Column) -> float:
    """0 for equal samples, at most 1.

    Numbers: the 1-Wasserstein distance as a share of the range; around the circle where the parameter wraps, and then at most
    0.5. Choices: the total variation distance, half the sum of the differences of the shares.

    Args:
        parameter: gives scale and range.
        a, b: columns of the parameter, [n] and [m], finite, n, m >= 1.
    """
    if isinstance(parameter, Categorical):
        return float(
            np.abs(_shares_of_codes(parameter, a) - _shares_of_codes(parameter, b)).sum() / 2
        )
    wraps = isinstance(parameter, Float) and parameter.wrap
    return wasserstein(_to_unit(parameter, a), _to_unit(parameter, b), circular=wraps)


def wasserstein(a: Unit, b: Unit, circular: bool = False) -> float:
    """1-Wasserstein distance of two samples: ∫|F − G|; on the circle of length 1, min over t of ∫|F − G − t|.

    The best t is a median of F − G (Rabin, Delon and Gousseau, Transportation distances on the circle, arXiv 0906.5499,
    section 3).

    Args:
        a, b: [n] and [m], n, m >= 1; in [0, 1] where `circular`.
        circular: 0 and 1 are the same point.
    """
    points = np.concatenate([a, b])
    order = np.argsort(points, kind="stable")
    steps = np.concatenate([np.full(len(a), 1 / len(a)), np.full(len(b), -1 / len(b))])
    difference = np.cumsum(steps[order])  # F - G from each point to the next
    ends = points[order]
    widths = np.diff(ends, append=ends[0] + 1 if circular else ends[-1])
    if circular:
        difference = difference - _median(difference, widths)
    return float(np.abs(difference) @ widths)


@dataclass(frozen=True)
class Bins:
    """Public bins of one parameter.

    Args:
        parameter: what they divide: numbers on its scale, or its choices.
        count: how many.
        span: the values an `Int` bin holds, 1 for the others; the last bin can hold fewer.
    """

    parameter: Parameter
    count: int
    span: int = 1

    def shares(self, values: Column) -> Unit:
        """The share of the values, [n], in each bin: float64 [count]. Codes that are no choice are in none."""
        if isinstance(self.parameter, Categorical):
            return _shares_of_codes(self.parameter, values)[:-1]
        if isinstance(self.parameter, Int):
            inside = np.clip(values, self.parameter.low, self.parameter.high)
            places = (inside - self.parameter.low) // self.span
        else:
            places = np.minimum(
                np.floor(_to_unit(self.parameter, values) * self.count), self.count - 1
            )
        return np.bincount(places.astype(np.int64), minlength=self.count) / len(values)


def bins_of(parameter: Parameter) -> Bins:
    """A bar a choice; 20 for real numbers; at most 20 for whole ones, of the same number of values each but for the last."""
    if isinstance(parameter, Categorical):
        return Bins(parameter, len(parameter.choices))
    if isinstance(parameter, Int):
        values = parameter.high - parameter.low + 1
        span = -(-values // BINS)
        return Bins(parameter, -(-values // span), span)
    return Bins(parameter, BINS)


def _to_unit(parameter: Float | Int, values: Column) -> Unit:
    wraps, log = (parameter.wrap, parameter.log) if isinstance(parameter, Float) else (False, False)
    inside = np.asarray(values, np.float64)
    if not wraps:
        inside = np.clip(inside, parameter.low, parameter.high)
    elif log:  # what is not above 0 has no place on the scale
        inside = np.where(inside > 0, inside, parameter.low)
    if log:
        unit = np.log(inside / parameter.low) / np.log(parameter.high / parameter.low)
    else:
        unit = (inside - parameter.low) / (parameter.high - parameter.low)
    return np.asarray(unit % 1.0 if wraps else unit)


def _shares_of_codes(parameter: Categorical, codes: Column) -> Unit:
    """float64 [choices + 1]; the last is the share of codes that are no choice."""
    count = len(parameter.choices)
    known = np.isin(codes, np.arange(count))
    return np.bincount(np.where(known, codes, count).astype(np.int64), minlength=count + 1) / len(
        codes
    )


def _median(values: Unit, weights: Unit) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
