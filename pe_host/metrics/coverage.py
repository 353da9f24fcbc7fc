"""Density and coverage of a sample of vectors: Naeem et al., arXiv 2002.09797, equations 4 and 5.

Both use balls around the reference vectors, each as large as the distance to its k-th nearest other
reference vector. Density is the mean number of balls that a sample lies in, divided by k: it says
how typical samples are. A sample like the reference has about 1, and more is possible. Coverage is
the share of balls with a sample in them: it says how much of the reference is covered.
"""

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 5
"""k, as in the paper."""

_BLOCK = 512

_ROUNDING = 1e-12
"""Tolerance of squared distances, as a share of the largest squared norm.

A vector on the edge of a ball lies in it.
"""


def density_and_coverage(
    samples: NDArray[np.floating], reference: NDArray[np.floating], k: int = NEIGHBOURS
) -> tuple[float, float]:
    """(density, coverage) of samples [n, d] against a reference [m, d], m > k.

    Compare only values of equal n, m and k: coverage grows with n.

    Raises:
        ValueError: no samples, different columns, or a reference of k rows or fewer.
    """
    if samples.ndim != 2 or reference.ndim != 2 or samples.shape[1] != reference.shape[1]:
        raise ValueError(
            "expected two samples of vectors of one length, "
            f"got {samples.shape} and {reference.shape}"
        )
    if len(samples) < 1 or not 1 <= k < len(reference):
        raise ValueError(f"expected samples, and more than k = {k} >= 1 reference vectors")
    inside, covered = 0, 0
    slack = _ROUNDING * float(
        max(
            (reference.astype(np.float64) ** 2).sum(1).max(),
            (samples.astype(np.float64) ** 2).sum(1).max(),
        )
    )
    for start in range(0, len(reference), _BLOCK):
        centres = reference[start : start + _BLOCK]
        # The k + 1 nearest include the vector itself.
        radii = np.partition(_squared(centres, reference), k, axis=1)[:, k]
        within = _squared(centres, samples) <= radii[:, None] + slack
        inside += int(within.sum())
        covered += int(within.any(axis=1).sum())
    return inside / (k * len(samples)), covered / len(reference)


def _squared(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """Squared distances [n, m]; that of a vector to itself may be a rounding error off 0."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    return np.asarray((a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * (a @ b.T))
