"""Discrete Gaussian noise from a cryptographic source, without a seed.

The sampler is OpenDP's (arXiv 2004.00010, algorithm 3).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.privacy.accountant import check_scale


def add_noise(values: NDArray[np.int64], scale: float) -> NDArray[np.int64]:
    """Add an independent draw from the discrete Gaussian of parameter `scale` to each value.

    Args:
        values: int64 [n].
        scale: parameter of the noise; P(x) is proportional to exp(-x² / (2 scale²)).

    Returns:
        int64 [n].

    Raises:
        PrivacyRefusal: the scale is NaN, infinite, zero, negative or outside the range that is
            accounted for.
    """
    return np.asarray(prepare(scale)(np.ascontiguousarray(values, dtype=np.int64)), dtype=np.int64)


@cache
def prepare(scale: float) -> Callable[[NDArray[np.int64]], Any]:
    """Make the sampler of this scale.

    Everything that is slow or can fail happens here, so call it before paying for a draw.

    Raises:
        PrivacyRefusal: see `add_noise`.
    """
    check_scale(scale)
    # They load a library of tens of megabytes. `opendp.prelude` would load scikit-learn as well.
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_gaussian
    from opendp.metrics import l2_distance
    from opendp.mod import enable_features

    # OpenDP's name for what has no finished proof review. test_mechanism.py tests the sampler.
    enable_features("contrib")
    space = vector_domain(atom_domain(T="i64")), l2_distance(T=float)
    measurement: Callable[[NDArray[np.int64]], Any] = make_gaussian(*space, scale=float(scale))
    return measurement
