import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from pe_host.privacy.accountant import MIN_DELTA, NoisyRelease, delta_of, gaussian_mu
from pe_host.privacy.bounds import delta_bound, is_gaussian_dp

GROUPS = [
    [(1.0, 1)],
    [(2.0, 4)],
    [(27.0, 40)],
    [(27.0, 40), (29.9, 1)],
    [(6.26, 40), (6.93, 1)],
    [(0.3, 40), (0.5, 1)],
    [(0.0845, 4), (0.3, 1)],
]


@pytest.mark.parametrize("groups", GROUPS)
def test_the_bound_is_the_exact_delta_from_above(
    exact_delta: Any, groups: list[tuple[float, int]]
) -> None:
    bound = delta_bound(groups)
    assert bound is not None
    mu = math.sqrt(sum(count / scale**2 for scale, count in groups))
    epsilons = np.linspace(0, mu * mu / 2 + 5 * mu, 30)
    for epsilon, found in zip(epsilons, bound(epsilons), strict=True):
        exact = exact_delta([(count, scale) for scale, count in groups], float(epsilon))
        assert exact * (1 - 1e-9) <= found <= exact * (1 + 1e-6) + 1e-15
        composed = delta_of([NoisyRelease(count, scale) for scale, count in groups], float(epsilon))
        assert found <= composed * (1 + 1e-8)  # so what was calibrated passes


def test_wide_noise_and_many_scales_have_no_bound() -> None:
    assert delta_bound([(2500.0, 1)]) is None
    assert delta_bound([(500.0, 40)]) is None
    assert delta_bound([(1.0, 1), (2.0, 1), (3.0, 1)]) is None
    assert delta_bound([]) is None


@pytest.mark.parametrize("groups", [g for g in GROUPS if g[0][0] >= 1])
def test_the_gaussian_curve_is_recognised(groups: list[tuple[float, int]]) -> None:
    bound = delta_bound(groups)
    assert bound is not None
    mu = gaussian_mu([NoisyRelease(count, scale) for scale, count in groups])
    assert is_gaussian_dp(bound, mu, MIN_DELTA)
    assert not is_gaussian_dp(bound, 0.98 * mu, MIN_DELTA)


@pytest.mark.parametrize("mu", [0.003, 0.24, 1.0, 5.0, 20.0])
def test_the_curve_of_a_gaussian_is_that_of_its_mu_and_of_no_smaller_one(mu: float) -> None:
    def curve(epsilons: Any) -> Any:
        low, high = -epsilons / mu - mu / 2, -epsilons / mu + mu / 2
        return norm.cdf(high) - np.exp(epsilons + norm.logcdf(low))

    assert is_gaussian_dp(curve, 1.001 * mu, MIN_DELTA)
    assert not is_gaussian_dp(curve, (1 - 1e-6) * mu, MIN_DELTA)


@pytest.mark.parametrize("share", [0.003, 0.3, 0.5, 0.77])
def test_a_curve_that_is_above_in_one_place_is_not_recognised(share: float) -> None:
    """The place lies between points of the comparison, on the curve's tangent: δ stays convex."""
    mu, at = 1.0, share * 8.0

    def curve(epsilons: Any) -> Any:
        low, high = -epsilons / mu - mu / 2, -epsilons / mu + mu / 2
        return norm.cdf(high) - np.exp(epsilons + norm.logcdf(low))

    value, slope = curve(np.array([at]))[0], -norm.cdf(-at / mu - mu / 2)
    steeper = 1.01 * slope

    def higher(epsilons: Any) -> Any:
        line = 1.0001 * value + steeper * (np.exp(epsilons) - math.exp(at))
        return np.maximum(curve(epsilons) * 0.99, line)

    assert is_gaussian_dp(lambda e: curve(e) * 0.99, mu, MIN_DELTA)
    assert not is_gaussian_dp(higher, mu, MIN_DELTA)


def test_a_curve_that_is_not_known_everywhere_is_not_recognised() -> None:
    bound = delta_bound([(2.0, 4)])
    assert bound is not None
    assert is_gaussian_dp(bound, 1.1, MIN_DELTA)
    assert not is_gaussian_dp(lambda e: np.where(e > 1.0, bound(e), np.nan), 1.1, MIN_DELTA)
