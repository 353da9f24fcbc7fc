"""The meaning of the guarantee for one person: how well the best attack detects their presence."""

import math
from dataclasses import dataclass
from statistics import NormalDist

FALSE_ALARMS = (0.01, 0.05, 0.10)


@dataclass(frozen=True)
class AttackBound:
    """A bound: at this rate of false alarms, no attack detects presence more often."""

    false_alarms: float
    detection: float


def attack_bounds(epsilon: float, delta: float, mu: float | None) -> tuple[AttackBound, ...]:
    """Bound membership inference at the rates `FALSE_ALARMS`, whatever else the attacker knows.

    From (ε, δ): Kairouz et al., arXiv 1311.0776, theorem 2.1. From μ: Dong et al., arXiv
    1905.02383, section 2.2. Both hold, so the smaller one is returned, rounded up to a thousandth.
    """
    return tuple(AttackBound(rate, _detection(rate, epsilon, delta, mu)) for rate in FALSE_ALARMS)


def _detection(rate: float, epsilon: float, delta: float, mu: float | None) -> float:
    bounds = [1.0, 1 - math.exp(-epsilon) * (1 - delta - rate)]
    if epsilon < 700:  # above that, e^ε overflows, and the bound exceeds 1 anyway
        bounds.append(math.exp(epsilon) * rate + delta)
    if mu is not None:
        normal = NormalDist()
        bounds.append(normal.cdf(normal.inv_cdf(rate) + mu))
    return min(1.0, math.ceil(min(bounds) * 1000) / 1000)
