"""Embeddings: samples to vectors in which nearness means likeness. They see private records: part of the trusted base."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk.samples import Samples
from pe_sdk.space import ParameterSpace

Weights = Mapping[str, NDArray[Any]]
"""What an embedding has learned: arrays by name, without pickled objects."""


class Embedding(ABC):
    """A fixed map of records to vectors in the unit ball.

    Row i of the result is a function, bit for bit, of row i of the data: no statistics of the batch. The host calls it with
    blocks of one fixed size (the last one padded) and rounds the vectors to a grid on which distances are exact.
    """

    dim: int
    """Length of a vector."""

    @abstractmethod
    def embed(self, data: NDArray[Any]) -> NDArray[np.float32]:
        """data: [n, *shape] of the OutputSpec. Returns float32 [n, dim], each row of Euclidean norm at most 1."""


class TrainableEmbedding(Embedding):
    """An embedding whose weights are learnt from public or released samples, never from private records."""

    examples: int = 20_000
    """Random samples that it asks for to begin with. Of a generator without parameters it gets at most 6,000, which are slower."""

    examples_again: int = 8_000
    """Samples that it asks for before each later iteration; 0 where it does not learn again."""

    @abstractmethod
    def fit(
        self, examples: Samples, space: ParameterSpace | None, label_count: int, seed: int
    ) -> dict[str, NDArray[Any]]:
        """Learn weights from samples with data, labels and, where there is a space, its columns as state.

        Where the state has a column `pe_sdk.PARAMETERS_KNOWN`, the parameters of rows that are False there say nothing about them.
        Where there is no space, the samples come in pairs: row 2i + 1 is a variation of row 2i.

        An embedding that has weights may go on from them, which takes less than to begin: before each iteration the host
        calls `with_weights` with those of the iteration before, then `fit` with samples of the same space and labels.

        Deterministic in its arguments and the embedding's own weights, on one machine and with the same versions.
        """

    @abstractmethod
    def with_weights(self, weights: Weights) -> "TrainableEmbedding":
        """The same embedding with these weights. Pure."""
