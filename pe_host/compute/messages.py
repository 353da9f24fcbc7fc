"""How samples and degrees travel in frames, in both directions."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.compute.protocol import Arrays, ProtocolError
from pe_sdk import Degree, Samples, Seeds

_STATE = "state/"


def pack(samples: Samples) -> Arrays:
    """Arrays "labels", "data" where there is any, and "state/NAME" for each column."""
    arrays = {_STATE + name: column for name, column in samples.state.items()}
    arrays["labels"] = samples.labels
    if samples.data is not None:
        arrays["data"] = samples.data
    return arrays


def unpack(arrays: Mapping[str, NDArray[Any]]) -> Samples:
    """Inverse of `pack`.

    Raises:
        ProtocolError: other arrays than those of samples, or columns of different lengths.
    """
    if unknown := [
        name for name in arrays if name not in ("labels", "data") and not name.startswith(_STATE)
    ]:
        raise ProtocolError(f"{len(unknown)} arrays that are no part of samples")
    labels = arrays.get("labels")
    if labels is None or labels.dtype != np.int64 or labels.ndim != 1:
        raise ProtocolError("samples need labels, int64 [n]")
    if any(array.shape[:1] != labels.shape for array in arrays.values()):
        raise ProtocolError("the columns of samples have different lengths")
    state = {
        name.removeprefix(_STATE): column
        for name, column in arrays.items()
        if name.startswith(_STATE)
    }
    return Samples(arrays.get("data"), labels, state)


def take_seeds(arrays: Arrays, rows: int) -> Seeds:
    """Remove "seeds", uint64 [rows], from the arrays.

    Raises:
        ProtocolError: there are none of this form.
    """
    seeds = arrays.pop("seeds", None)
    if seeds is None or seeds.dtype != np.uint64 or seeds.shape != (rows,):
        raise ProtocolError(f"expected seeds, uint64 {[rows]}")
    return seeds


def check_degree(degree: Any) -> Degree:
    """A number in [0, 1] or a mapping of names to such numbers, as plain Python values.

    Raises:
        ValueError: anything else.
    """
    values = degree.values() if isinstance(degree, Mapping) else [degree]
    if not all(
        isinstance(d, int | float | np.number) and math.isfinite(d) and 0 <= d <= 1 for d in values
    ):
        raise ValueError(
            f"a degree is a number in [0, 1] or a mapping of parameters to such numbers, got {degree!r}"
        )
    if isinstance(degree, Mapping):
        return {str(name): float(d) for name, d in degree.items()}
    return float(degree)
