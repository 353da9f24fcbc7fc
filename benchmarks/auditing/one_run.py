"""A lower bound on ε from one run (Steinke, Nasr, Jagielski: arXiv 2305.08846, theorem 5.2).

Each of m canaries is in the data with probability 1/2, independently. From what the run released,
the adversary guesses for r canaries whether they are in. If the run is (ε, δ)-DP, then v or more
right guesses have a probability of at most

    P(W >= v) + 2 m δ max_{1 <= i <= v} P(v - i <= W < v) / i,
    W ~ Binomial(r, 1 / (1 + exp(-ε))).

The ε at which this is the error rate is a lower bound, from one run, with no repetition. The second
term is about 2 m δ divided by the number of right guesses beyond those by chance. At an error of
1e-6 or less it leaves something only for a tiny δ, so runs are audited at `DELTA`: what their
ledger claims there is more than at the δ of their plan.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm


def p_value(canaries: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """The most probable that this many right guesses can be under (ε, δ)-DP."""
    accuracy = 1 / (1 + np.exp(-epsilon))
    reach = np.arange(1, right + 1)
    below = np.cumsum(binom.pmf(right - reach, guesses, accuracy))  # P(v - i <= W < v)
    alpha = float((below / reach).max(initial=0.0))
    beta = float(binom.sf(right - 1, guesses, accuracy))
    return min(beta + 2 * canaries * delta * alpha, 1.0)


def epsilon_bound(canaries: int, guesses: int, right: int, delta: float, error: float) -> float:
    """Return a lower bound on ε at this δ; it is above the true ε with probability <= error."""
    low, high = 0.0, 60.0
    if p_value(canaries, guesses, right, low, delta) > error:
        return 0.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        holds = p_value(canaries, guesses, right, middle, delta) <= error
        low, high = (middle, high) if holds else (low, middle)
    return low


DELTA = 1e-10
"""δ at which runs are audited: the smallest one that the accountant of `pe` takes."""


@dataclass(frozen=True)
class Reach:
    """The best number of guesses for canaries of which each decides counts of its own.

    Args:
        guesses: half of them for canaries in, half for canaries out.
        bound: the bound on ε that they are expected to give.
    """

    guesses: int
    bound: float


def reach(canaries: int, mu: float, delta: float, error: float) -> Reach:
    """What an adversary could expect who sees Normal(0, 1) or Normal(μ, 1) for each canary.

    It depends on public numbers only, so the number of guesses is not fitted to the outcome.
    """
    # Where correct code should show nothing, a tenth each way shows what incorrect code does.
    best = Reach(2 * (canaries // 10), 0.0)
    for half in np.unique(np.geomspace(5, canaries / 2, 60).astype(int)):
        # The threshold over the midpoint beyond which half/canaries of the mixture lies.
        grid = np.linspace(-mu, 8.0, 4000)
        right, wrong = norm.sf(grid - mu / 2), norm.sf(grid + mu / 2)
        at = int(np.argmin(np.abs((right + wrong) / 2 - half / canaries)))
        accuracy = right[at] / (right[at] + wrong[at])
        bound = epsilon_bound(canaries, 2 * half, int(2 * half * accuracy), delta, error)
        if bound > best.bound:
            best = Reach(2 * int(half), bound)
    return best


def right_guesses(scores: NDArray[np.float64], included: NDArray[np.bool_], guesses: int) -> int:
    """Guess that the highest scores are in and the lowest are out; return how many are right."""
    order = np.argsort(scores, kind="stable")
    half = guesses // 2
    return int((~included[order[:half]]).sum() + included[order[-half:]].sum())
