"""Samples, seeds and degrees in frames, in both directions."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.compute.protocol import Arrays, ProtocolError
from pe_host.digest import samples_of
from pe_sdk import Degree, Samples, Seeds


def take_samples(arrays: Mapping[str, NDArray[Any]]) -> Samples:
    """The samples that `pe_host.digest.arrays_of` stored in these arrays.

    Raises:
        ProtocolError: the arrays are not those of samples, or differ in length.
    """
    try:
        return samples_of(arrays)
    except ValueError as error:
        raise ProtocolError(str(error)) from None


def take_seeds(arrays: Arrays, rows: int) -> Seeds:
    """Remove "seeds", uint64 [rows], from the arrays.

    Raises:
        ProtocolError: "seeds" is missing or has another shape or dtype.
    """
    seeds = arrays.pop("seeds", None)
    if seeds is None or seeds.dtype != np.uint64 or seeds.shape != (rows,):
        raise ProtocolError(f"expected seeds, uint64 {[rows]}")
    return seeds


def check_degree(degree: Any) -> Degree:
    """The degree as plain Python values.

    Raises:
        ValueError: it is neither a number in [0, 1] nor a mapping of names to such numbers.
    """
    values = degree.values() if isinstance(degree, Mapping) else [degree]
    if not all(
        isinstance(d, int | float | np.number) and math.isfinite(d) and 0 <= d <= 1 for d in values
    ):
        raise ValueError(
            "a degree must be a number in [0, 1] or a mapping of parameters to such numbers, "
            f"got {degree!r}"
        )
    if isinstance(degree, Mapping):
        return {str(name): float(d) for name, d in degree.items()}
    return float(degree)
