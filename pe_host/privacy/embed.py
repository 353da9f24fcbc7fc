"""Vectors of private records: each a function, bit for bit, of its record only."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.embeddings.grid import Grid, to_grid
from pe_host.errors import PeError, PluginFailure, PrivacyRefusal
from pe_host.privacy.dataset import PrivateDataset
from pe_sdk import Embedding

BLOCK = 256
"""Rows per call. Always the same, so that matrix products run the same code for every row."""


class PrivateVectors:
    """The vectors of the last embedding used; recomputed when its digest changes."""

    def __init__(self) -> None:
        self._digest = ""
        self._vectors: Grid | None = None

    def of(self, data: PrivateDataset, phi: FittedEmbedding) -> Grid:
        """Vectors of the records on the grid, int16 [n, d].

        Raises:
            PluginFailure: see `embed_records`.
            PrivacyRefusal: see `check_independent`.
        """
        if self._vectors is None or phi.digest != self._digest:
            check_independent(phi.embedding, data.data.shape[1:], data.data.dtype)
            self._vectors = embed_records(phi.embedding, data.data)
            self._digest = phi.digest
        return self._vectors

    def __repr__(self) -> str:
        return "PrivateVectors(withheld)"


def embed_records(embedding: Embedding, data: NDArray[Any]) -> Grid:
    """Embed in blocks of BLOCK rows, the last padded with zeros, and round to the grid.

    Args:
        embedding: must treat all rows alike and each on its own; see `check_independent`.
        data: [n, *shape].

    Returns:
        int16 [n, d].

    Raises:
        PluginFailure: the embedding failed or returned another shape or dtype. The message of its
            error is withheld: it may quote a record.
    """
    vectors = np.empty((len(data), embedding.dim), dtype=np.int16)
    for start in range(0, len(data), BLOCK):
        rows = data[start : start + BLOCK]
        block = np.zeros((BLOCK, *data.shape[1:]), dtype=data.dtype)
        block[: len(rows)] = rows
        vectors[start : start + BLOCK] = to_grid(_call(embedding, block))[: len(rows)]
    return vectors


def check_independent(embedding: Embedding, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Test on public noise that a row's vector depends neither on its place nor on other rows.

    Raises:
        PrivacyRefusal: it does depend on them, so one record could move the vote of another.
    """
    for noise in _noises(shape, dtype):
        _check_on(embedding, noise)


def _noises(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Iterator[NDArray[Any]]:
    """Blocks of noise: integers over their range, floats at several scales.

    One scale is not enough: an embedding may clip it, and clipped values hide any dependence.
    """
    rng = np.random.default_rng(0)
    if dtype == np.bool_:
        yield rng.random((BLOCK, *shape)) < 0.5
    elif dtype.kind in "iu":
        yield rng.integers(0, 256 if dtype == np.uint8 else 100, (BLOCK, *shape)).astype(dtype)
        if dtype.kind == "i":
            yield rng.integers(-50, 50, (BLOCK, *shape)).astype(dtype)
    else:
        yield rng.random((BLOCK, *shape)).astype(dtype)
        for scale in (0.03, 1.0, 30.0, 1000.0):
            yield (scale * rng.standard_normal((BLOCK, *shape))).astype(dtype)


def _check_on(embedding: Embedding, noise: NDArray[Any]) -> None:
    thinned = noise.copy()
    thinned[1::2] = 0
    order = np.roll(np.arange(BLOCK), 101)
    vectors = _call(embedding, noise)
    same = [
        np.array_equal(_call(embedding, noise[order]), vectors[order], equal_nan=True),
        np.array_equal(_call(embedding, thinned)[::2], vectors[::2], equal_nan=True),
        # The same block again: no vector may depend on earlier calls.
        np.array_equal(_call(embedding, noise), vectors, equal_nan=True),
    ]
    if not all(same):
        raise PrivacyRefusal(
            f"the embedding {type(embedding).__name__} mixes records: the vector of a record "
            "depends on the other records in the block",
            fix="use an embedding in evaluation mode, without batch statistics",
        )


def _call(embedding: Embedding, block: NDArray[Any]) -> NDArray[np.float32]:
    vectors, failure = None, ""
    try:
        # Numpy's warnings depend on values, so none may show.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            vectors = embedding.embed(block)
    except PeError:
        raise
    except (Exception, SystemExit) as error:
        failure = type(error).__name__
    name = type(embedding).__name__
    if failure:  # raised outside the handler, so that the embedding's error is not attached
        raise PluginFailure(f"the embedding failed with {failure}", where=name)
    if (
        not isinstance(vectors, np.ndarray)
        or vectors.shape != (BLOCK, embedding.dim)
        or vectors.dtype != np.float32
    ):
        raise PluginFailure(
            f"the embedding must return float32 [{BLOCK}, {embedding.dim}]", where=name
        )
    return vectors
