"""Samples as named arrays, the one codec for files and messages, and the SHA-256 of such arrays."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import Samples

Arrays = dict[str, NDArray[Any]]

_STATE = "state/"


def digest_arrays(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Hexadecimal digest of names, dtypes, shapes and content; the order does not matter."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def arrays_of(samples: Samples) -> Arrays:
    """The arrays "state/NAME" for each column, "labels" and, if the samples have any, "data"."""
    arrays: Arrays = {_STATE + name: column for name, column in samples.state.items()}
    arrays["labels"] = samples.labels
    if samples.data is not None:
        arrays["data"] = samples.data
    return arrays


def samples_of(arrays: Mapping[str, NDArray[Any]]) -> Samples:
    """The samples of such arrays; the inverse of `arrays_of`.

    Raises:
        ValueError: an array that is not part of samples, or columns of different lengths.
    """
    foreign = [n for n in arrays if n not in ("labels", "data") and not n.startswith(_STATE)]
    if foreign:
        raise ValueError(f"{len(foreign)} arrays that are not part of samples")
    labels = arrays.get("labels")
    if labels is None or labels.dtype != np.int64 or labels.ndim != 1:
        raise ValueError("samples need labels, int64 [n]")
    if any(array.shape[:1] != labels.shape for array in arrays.values()):
        raise ValueError("the columns of samples have different lengths")
    state = {n.removeprefix(_STATE): column for n, column in arrays.items() if n.startswith(_STATE)}
    return Samples(arrays.get("data"), labels, state)


def digest_samples(samples: Samples) -> str:
    """Digest of `arrays_of` the samples."""
    return digest_arrays(arrays_of(samples))
