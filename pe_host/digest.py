"""SHA-256 of named arrays: what weights, populations and releases are recognised by."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import Samples


def digest_arrays(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Hexadecimal digest of names, dtypes, shapes and content, whatever the order of the mapping."""
    seal = hashlib.sha256()
    for name in sorted(arrays):
        seal.update(f"{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        seal.update(np.ascontiguousarray(arrays[name]).tobytes())
    return seal.hexdigest()


def arrays_of(samples: Samples) -> dict[str, NDArray[Any]]:
    """Labels, state and, where the samples have any, data, each under a name of its own."""
    arrays: dict[str, NDArray[Any]] = {
        f"state/{name}": column for name, column in samples.state.items()
    }
    arrays["labels"] = samples.labels
    if samples.data is not None:
        arrays["data"] = samples.data
    return arrays


def digest_samples(samples: Samples) -> str:
    """Digest of `arrays_of` the samples."""
    return digest_arrays(arrays_of(samples))
