"""The distance of two samples of one simulator parameter, and the bins to plot both.

Numbers are compared on the scale of the parameter, logarithmic if it is, as a share of its range. A
value outside counts as the end of the range or, if the parameter wraps, as its point on the circle.
Codes that are not a choice count as one more choice.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import Categorical, Float, Int, Parameter

Column = NDArray[Any]
Unit = NDArray[np.float64]

BINS = 20
"""Most bins of a numerical parameter."""


def marginal_distance(parameter: Parameter, a: Column, b: Column) -> float:
    """Distance of two samples of a parameter: 0 for equal samples, at most 1.

    Numbers: the 1-Wasserstein distance as a share of the range; if the parameter wraps, around the
    circle and at most 0.5. Choices: the total variation distance, half the sum of the differences
    of the shares.

    Args:
        parameter: defines scale and range.
        a, b: columns of the parameter, [n] and [m], finite, n, m >= 1.
    """
    if isinstance(parameter, Categorical):
        return float(
            np.abs(_shares_of_codes(parameter, a) - _shares_of_codes(parameter, b)).sum() / 2
        )
    wraps = isinstance(parameter, Float) and parameter.wrap
    return wasserstein(_to_unit(parameter, a), _to_unit(parameter, b), circular=wraps)


def wasserstein(a: Unit, b: Unit, circular: bool = False) -> float:
    """1-Wasserstein distance of two samples: ∫|F − G|.

    On the circle of length 1 it is the minimum over t of ∫|F − G − t|; the best t is a median of
    F − G (Rabin, Delon and Gousseau, Transportation distances on the circle, arXiv 0906.5499,
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
        count: number of bins.
        span: number of values in a bin of an `Int`, else 1; the last bin can hold fewer.
    """

    parameter: Parameter
    count: int
    span: int = 1

    def shares(self, values: Column) -> Unit:
        """Share of the values, [n], in each bin: float64 [count].

        Codes that are not a choice are in no bin.
        """
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
    """Bins of a parameter: one a choice, 20 for real numbers, at most 20 for whole ones.

    All bins of whole numbers hold the same number of values, except the last.
    """
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
    elif log:  # values up to 0 have no place on the scale
        inside = np.where(inside > 0, inside, parameter.low)
    if log:
        unit = np.log(inside / parameter.low) / np.log(parameter.high / parameter.low)
    else:
        unit = (inside - parameter.low) / (parameter.high - parameter.low)
    return np.asarray(unit % 1.0 if wraps else unit)


def _shares_of_codes(parameter: Categorical, codes: Column) -> Unit:
    """Shares of the choices, float64 [choices + 1]; the last is that of all other codes."""
    count = len(parameter.choices)
    known = np.isin(codes, np.arange(count))
    return np.bincount(np.where(known, codes, count).astype(np.int64), minlength=count + 1) / len(
        codes
    )


def _median(values: Unit, weights: Unit) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
