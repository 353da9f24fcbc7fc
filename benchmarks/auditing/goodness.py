"""An exact test that noise is discrete Gaussian: binomial tests of every cell, with Bonferroni."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from auditing.lattice import noise as discrete_gaussian


def p_value(draws: NDArray[np.int64], scale: float) -> float:
    """Return a p-value of the hypothesis that the draws are independent, of this law.

    Each value, and each tail {|x| >= v}, is a cell with a known probability. The number of draws in
    it is binomial, so its p-value needs no approximation. Several cells are several tests.
    """
    support, masses = discrete_gaussian(scale)
    cells = [(int((draws == x).sum()), float(m)) for x, m in zip(support, masses, strict=True)]
    for reach in range(1, int(support[-1]) + 1):
        cells.append(
            (int((np.abs(draws) >= reach).sum()), float(masses[np.abs(support) >= reach].sum()))
        )
    # Beyond the support there is a mass of 1e-31: one draw there would be proof.
    cells.append((int((np.abs(draws) > support[-1]).sum()), 1e-31))
    hits = np.array([count for count, _ in cells])
    chance = np.array([mass for _, mass in cells])
    n = len(draws)
    one_sided = np.minimum(binom.cdf(hits, n, chance), binom.sf(hits - 1, n, chance))
    return min(1.0, 2 * len(cells) * float(one_sided.min()))
