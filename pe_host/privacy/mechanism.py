"""Discrete Gaussian noise from a cryptographic source (OpenDP; arXiv 2004.00010, algorithm 3). It has no seed."""

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
        scale: the parameter; P(x) is proportional to exp(-x^2 / (2 scale^2)).

    Returns:
        int64 [n].

    Raises:
        PrivacyRefusal: the scale is NaN, infinite, zero, negative or beyond what is accounted for.
    """
    return np.asarray(prepare(scale)(np.ascontiguousarray(values, dtype=np.int64)), dtype=np.int64)


@cache
def prepare(scale: float) -> Callable[[NDArray[np.int64]], Any]:
    """The sampler of this scale. Everything slow, or that can fail, happens here: call it before paying for a draw.

    Raises:
        PrivacyRefusal: see `add_noise`.
    """
    check_scale(scale)
    import opendp.prelude as dp  # loads a library of tens of megabytes

    dp.enable_features("contrib")
    # "contrib" is OpenDP's name for what has no finished proof review; the sampler's own test is in test_mechanism.py.
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float)
    measurement: Callable[[NDArray[np.int64]], Any] = dp.m.make_gaussian(*space, scale=float(scale))
    return measurement
