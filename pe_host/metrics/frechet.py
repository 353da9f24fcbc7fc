"""The Fréchet distance of two samples of vectors, each modelled as a normal distribution.

d² = |μ₁ − μ₂|² + Tr(C₁ + C₂ − 2 (C₁^½ C₂ C₁^½)^½): Dowson and Landau, The Fréchet distance between
multivariate normal distributions, J. Multivariate Analysis 12 (1982), equation 4; for embedded
pictures: Heusel et al., arXiv 1706.08500, equation 6.
"""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.floating]


def frechet_distance(a: Vectors, b: Vectors) -> float:
    """d² between the normal distributions with the means and covariances of two samples.

    It is biased upwards, and more so for fewer rows (Chong and Forsyth, arXiv 1911.07023): compare
    only values of samples with equal numbers of rows.

    Args:
        a, b: [n, d] and [m, d], finite, at least two rows each.

    Returns:
        d² >= 0, in the squared unit of the vectors.

    Raises:
        ValueError: fewer than two rows, or different columns.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(
            "expected two samples of at least two vectors of one length, "
            f"got {a.shape} and {b.shape}"
        )
    return frechet_of_moments(
        a.mean(0, dtype=np.float64), _covariance(a), b.mean(0, dtype=np.float64), _covariance(b)
    )


def frechet_of_moments(mean_a: Vectors, cov_a: Vectors, mean_b: Vectors, cov_b: Vectors) -> float:
    """d² between two normal distributions. Covariances may be singular.

    The product C₁C₂ is not symmetric, and its square root fails or turns complex if a covariance is
    singular. C₁^½ C₂ C₁^½ has the same eigenvalues; one below zero is a rounding error and counts
    as zero.

    Args:
        mean_a, mean_b: [d].
        cov_a, cov_b: [d, d], symmetric, no eigenvalue below zero except by rounding.
    """
    values, vectors = np.linalg.eigh(np.asarray(cov_a, np.float64))
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    inner = root @ cov_b @ root
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh((inner + inner.T) / 2), 0.0)).sum()
    distance = np.sum((mean_a - mean_b) ** 2) + np.trace(cov_a) + np.trace(cov_b) - 2 * cross
    return max(0.0, float(distance))


def _covariance(vectors: Vectors) -> NDArray[np.float64]:
    """Covariance [d, d], with n - 1 in the denominator."""
    centred = vectors - vectors.mean(0, dtype=np.float64)
    return np.asarray(centred.T @ centred / (len(vectors) - 1), dtype=np.float64)
