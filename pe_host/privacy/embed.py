"""Vectors of private records: each a function, bit for bit, of its record alone."""

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
"""Rows a call. Always the same, so that matrix products choose the same code for every row."""


class PrivateVectors:
    """The vectors of the last embedding used; recomputed when its digest changes."""

    def __init__(self) -> None:
        self._digest = ""
        self._vectors: Grid | None = None

    def of(self, data: PrivateDataset, phi: FittedEmbedding) -> Grid:
        """int16 [n, d], on the grid. Raises as `embed_records` and `check_independent`."""
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
        embedding: must treat rows alike and apart; see `check_independent`.
        data: [n, *shape].

    Returns:
        int16 [n, d].

    Raises:
        PluginFailure: the embedding failed or gave another form; what it said is withheld, as it may quote a record.
    """
    vectors = np.empty((len(data), embedding.dim), dtype=np.int16)
    for start in range(0, len(data), BLOCK):
        rows = data[start : start + BLOCK]
        block = np.zeros((BLOCK, *data.shape[1:]), dtype=data.dtype)
        block[: len(rows)] = rows
        vectors[start : start + BLOCK] = to_grid(_call(embedding, block))[: len(rows)]
    return vectors


def check_independent(embedding: Embedding, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Try on public noise whether a row's vector depends on its place in the block, or on the other rows.

    Raises:
        PrivacyRefusal: it does, so one record could move another's vote.
    """
    for noise in _noises(shape, dtype):
        _check_on(embedding, noise)


def _noises(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Iterator[NDArray[Any]]:
    """Blocks over the range of whole numbers; of others at several scales: where all is cut off, nothing can be seen to depend."""
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
        np.array_equal(
            _call(embedding, noise), vectors, equal_nan=True
        ),  # and none from what came before
    ]
    if not all(same):
        raise PrivacyRefusal(
            f"the embedding {type(embedding).__name__} gives a record another vector in other company",
            fix="use an embedding in evaluation mode, without statistics of the batch",
        )


def _call(embedding: Embedding, block: NDArray[Any]) -> NDArray[np.float32]:
    vectors, failure = None, ""
    try:
        with (
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):  # what numpy warns of depends on values
            warnings.simplefilter("ignore")
            vectors = embedding.embed(block)
    except PeError:
        raise
    except Exception as error:
        failure = type(error).__name__
    name = type(embedding).__name__
    if failure:  # raised out here, so that the error holds no reference to the embedding's
        raise PluginFailure(f"the embedding failed with {failure}", where=name)
    if (
        not isinstance(vectors, np.ndarray)
        or vectors.shape != (BLOCK, embedding.dim)
        or vectors.dtype != np.float32
    ):
        raise PluginFailure(
            f"the embedding must give float32 [{BLOCK}, {embedding.dim}]", where=name
        )
    return vectors
