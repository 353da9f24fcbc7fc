"""How samples, seeds and degrees travel in frames, in both directions."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.compute.protocol import Arrays, ProtocolError
from pe_host.digest import samples_of
from pe_sdk import Degree, Samples, Seeds


def take_samples(arrays: Mapping[str, NDArray[Any]]) -> Samples:
    """The samples that `pe_host.digest.arrays_of` wrote into these arrays.

    Raises:
        ProtocolError: other arrays than those of samples, or columns of different lengths.
    """
    try:
        return samples_of(arrays)
    except ValueError as error:
        raise ProtocolError(str(error)) from None


def take_seeds(arrays: Arrays, rows: int) -> Seeds:
    """Remove "seeds", uint64 [rows], from the arrays.

    Raises:
        ProtocolError: there are none of this shape and dtype.
    """
    seeds = arrays.pop("seeds", None)
    if seeds is None or seeds.dtype != np.uint64 or seeds.shape != (rows,):
        raise ProtocolError(f"expected seeds, uint64 {[rows]}")
    return seeds


def check_degree(degree: Any) -> Degree:
    """A number in [0, 1], or a mapping of names to such numbers, as plain Python values.

    Raises:
        ValueError: anything else.
    """
    values = degree.values() if isinstance(degree, Mapping) else [degree]
    if not all(
        isinstance(d, int | float | np.number) and math.isfinite(d) and 0 <= d <= 1 for d in values
    ):
        raise ValueError(
            "a degree is a number in [0, 1] or a mapping of parameters to such numbers, "
            f"got {degree!r}"
        )
    if isinstance(degree, Mapping):
        return {str(name): float(d) for name, d in degree.items()}
    return float(degree)
