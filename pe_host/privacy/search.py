"""The search for the largest cost that a budget holds, with few compositions.

`search` is the definition: a walk from a first guess to a bracket, then bisection. Each step asks
whether one cost is affordable, and each answer takes a composition. `forecast_search` returns the
same number, bit for bit, from about half of the compositions. It walks on predicted answers,
composes the point of the walk where a wrong prediction is most likely, and walks again, until every
answer near the result has been composed.
"""

import math
from collections.abc import Callable

_TOLERANCE = 2e-4
"""Relative width at which the search stops."""

_CLOSE = 4e-4
"""Relative distance from the bracket within which no answer is taken from the prediction.

The composed δ rises with the cost but for the discretisation, whose error jumps with the grid. In
units of the cost those jumps are below 1e-5, so beyond this distance the answers follow from those
at the bracket."""

_PATIENCE = 12
"""Compositions after which the prediction is given up; `search` takes about as many."""


def search(is_affordable: Callable[[float], bool], guess: float) -> float:
    """Find a cost near the largest affordable one.

    Args:
        is_affordable: the question; True for small costs, False for large ones.
        guess: where to start, > 0.

    Returns:
        A cost for which `is_affordable` returned True, whatever the shape of the function. It
        differs by at most _TOLERANCE, relatively, from a cost for which it returned False.
    """
    return _bracket(is_affordable, guess)[0]


def forecast_search(
    delta_at: Callable[[float], float], delta: float, guess: float, slope: float
) -> float:
    """Return what `search` returns for the question `delta_at(cost) <= delta`.

    Args:
        delta_at: composes the releases of a cost and returns their δ; it rises with the cost.
        delta: the δ that the budget allows.
        guess: where to start, > 0.
        slope: of log δ over log cost near the guess, roughly; > 0.

    Returns:
        A cost whose own composition was found affordable.
    """
    composed: dict[float, float] = {guess: delta_at(guess)}

    def measured(cost: float) -> float:
        if cost not in composed:
            composed[cost] = delta_at(cost)
        return composed[cost]

    while len(composed) < _PATIENCE:
        threshold = _crossing(composed, delta, slope)
        walked: list[float] = []

        def answer(cost: float, threshold: float = threshold, walked: list[float] = walked) -> bool:
            walked.append(cost)
            return composed[cost] <= delta if cost in composed else cost <= threshold

        good, bad = _bracket(answer, guess)
        low, high = good * (1 - _CLOSE), bad * (1 + _CLOSE)
        open_points = [c for c in walked if low <= c <= high and c not in composed]
        if not open_points:
            return good
        measured(min(open_points, key=lambda c: abs(c - threshold)))  # corrects the prediction best
    return search(lambda cost: measured(cost) <= delta, guess)


def bisect(
    is_good: Callable[[float], bool], bad: float, good: float, tolerance: float
) -> tuple[float, float]:
    """Narrow a bracket to a relative width.

    Returns:
        The good end, where `is_good` returned True, and the bad end.
    """
    while abs(good - bad) > tolerance * good:
        middle = (bad + good) / 2
        if is_good(middle):
            good = middle
        else:
            bad = middle
    return good, bad


def _bracket(is_affordable: Callable[[float], bool], guess: float) -> tuple[float, float]:
    good = guess
    while not is_affordable(good):
        good *= 0.98 if good > 0.8 * guess else 0.5
    bad = good * 1.02
    while is_affordable(bad):
        good, bad = bad, bad * (1.02 if bad < 1.2 * guess else 2)
    return bisect(is_affordable, bad=bad, good=good, tolerance=_TOLERANCE)


def _crossing(composed: dict[float, float], delta: float, slope: float) -> float:
    """Predict the cost whose δ is `delta`.

    Between close points log δ is nearly linear in log cost.
    """
    points = sorted((math.log(cost), math.log(found / delta)) for cost, found in composed.items())
    below = [point for point in points if point[1] <= 0]
    above = [point for point in points if point[1] > 0]
    if below and above:
        (x0, y0), (x1, y1) = below[-1], above[0]
    elif len(points) > 1:
        (x0, y0), (x1, y1) = points[-2:] if below else points[:2]
    else:
        x0, y0 = points[0]
        x1, y1 = x0 + 1.0, y0 + slope
    if x1 <= x0 or y1 <= y0:  # not rising: the discretisation shows
        return math.exp((x0 + x1) / 2)
    # No further than a doubling from what is known, or the walk might never end.
    far = math.log(2)
    crossing = x0 - y0 * (x1 - x0) / (y1 - y0)
    return math.exp(min(max(crossing, points[0][0] - far), points[-1][0] + far))
