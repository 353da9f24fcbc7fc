"""Embeddings map samples to vectors, so that similar samples are close.

They see private records: they are part of the trusted base.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk.samples import Samples
from pe_sdk.space import ParameterSpace

Weights = Mapping[str, NDArray[Any]]
"""Weights that an embedding has learnt: arrays by name, without pickled objects."""


class Embedding(ABC):
    """A fixed map from records to vectors in the unit ball.

    Row i of the result is a function, bit for bit, of row i of the data: no statistics of the
    batch. The host calls it with blocks of one fixed size (the last one padded) and rounds the
    vectors to a grid on which distances are exact.
    """

    dim: int
    """Length of a vector."""

    @abstractmethod
    def embed(self, data: NDArray[Any]) -> NDArray[np.float32]:
        """Embed records.

        Args:
            data: [n, *shape] of the OutputSpec.

        Returns:
            float32 [n, dim], each row of Euclidean norm at most 1.
        """


class TrainableEmbedding(Embedding):
    """An embedding that learns from public or released samples, never from private records."""

    examples: int = 20_000
    """Number of random samples for the first fit. For a generator without parameters, which is
    slower, the host passes at most 6,000."""

    examples_again: int = 8_000
    """Number of samples for a fit before each later iteration; 0 if it is not trained again."""

    @abstractmethod
    def fit(
        self, examples: Samples, space: ParameterSpace | None, label_count: int, seed: int
    ) -> dict[str, NDArray[Any]]:
        """Learn weights from samples with data, labels and the columns of the space as state.

        Where the state column `pe_sdk.PARAMETERS_KNOWN` is False, the parameters say nothing about
        the sample. Without a space, the samples come in pairs: row 2i + 1 is a variation of row 2i.

        An embedding that has weights may continue from them, which is faster than starting afresh:
        before each iteration the host calls `with_weights` with the weights of the previous
        iteration, then `fit` with samples of the same space and labels.

        The result is deterministic in the arguments and the embedding's own weights, on one machine
        and with the same versions.
        """

    @abstractmethod
    def with_weights(self, weights: Weights) -> "TrainableEmbedding":
        """Return a copy of this embedding with the given weights. Pure."""
