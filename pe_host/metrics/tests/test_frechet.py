"""The Fréchet distance against closed forms, and against scipy's square root of a matrix."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from pe_host.metrics import frechet_distance, frechet_of_moments


def _covariance(rng: np.random.Generator, dim: int, rank: int) -> np.ndarray:
    factor = rng.normal(size=(rank, dim))
    return factor.T @ factor / rank


def test_normal_distributions_with_diagonal_covariances_have_a_closed_form():
    """Σ (μ₁ − μ₂)² + Σ (σ₁ − σ₂)²."""
    found = frechet_of_moments(
        np.array([1.0, 0, 2]), np.diag([4.0, 9, 0]), np.array([0.0, 0, 0]), np.diag([1.0, 9, 16])
    )
    assert found == pytest.approx(5 + (2 - 1) ** 2 + 0 + (0 - 4) ** 2)


def test_turning_both_changes_nothing():
    """Fails if the factors are in the wrong order, which diagonal covariances do not show."""
    rng = np.random.default_rng(1)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    a, b = np.diag([4.0, 9, 1, 0]), np.diag([1.0, 4, 0, 9])
    found = frechet_of_moments(np.zeros(4), turn @ a @ turn.T, np.zeros(4), turn @ b @ turn.T)
    assert found == pytest.approx(1 + 1 + 1 + 9)


def test_covariances_that_do_not_commute_agree_with_scipy():
    rng = np.random.default_rng(2)
    a, b = _covariance(rng, 6, 20), _covariance(rng, 6, 20)
    oracle = np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_of_moments(np.zeros(6), a, np.zeros(6), b) == pytest.approx(oracle)


def test_singular_covariances_are_safe():
    """Ranks 2 and 3 in 40 dimensions, where scipy's square root of the product is all rounding."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 40)), rng.normal(size=(3, 40))
    a, b = x.T @ x, y.T @ y
    assert frechet_of_moments(np.zeros(40), a, np.zeros(40), a) == pytest.approx(0, abs=1e-5)
    # Tr (A^½ B A^½)^½ is the sum of the singular values of X Yᵀ where A = XᵀX and B = YᵀY.
    oracle = np.trace(a) + np.trace(b) - 2 * np.linalg.svd(x @ y.T, compute_uv=False).sum()
    assert frechet_of_moments(np.zeros(40), a, np.zeros(40), b) == pytest.approx(oracle, abs=1e-5)


def test_samples_are_measured_by_their_mean_and_covariance():
    a = np.array([[0.0, 0], [2, 0], [4, 0]])  # mean (2, 0), variance (4, 0)
    b = np.array([[0.0, 1], [0, 3]])  # mean (0, 2), variance (0, 2)
    assert frechet_distance(a, b) == pytest.approx(8 + 4 + 2)
    assert frechet_distance(b, a) == pytest.approx(14)
    assert frechet_distance(a, a) == 0


@pytest.mark.parametrize("shape", [(1, 2), (5, 3), (5,)])
def test_what_has_no_distance_is_refused(shape):
    with pytest.raises(ValueError, match="at least two vectors"):
        frechet_distance(np.zeros(shape), np.zeros((5, 2)))
