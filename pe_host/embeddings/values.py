"""The values themselves as vectors, for records of any kind and dtype.

Each value is centred, scaled and clipped into the unit ball.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import (
    EmbeddingSpec,
    NoOptions,
    OutputSpec,
    ParameterSpace,
    Samples,
    TrainableEmbedding,
    Weights,
    hookimpl,
)

EXAMPLES = 2_000

SPREADS = 3.0
"""Values are clipped at so many standard deviations of the generator's own values."""


class Values(TrainableEmbedding):
    """x -> clip((x - centre) / reach, -1, 1) / sqrt(d) for records with d elements.

    There is one pair of centre and reach for each declared feature, or one for the whole record. It
    is that of the feature's public range; where there is none, the first samples of the generator
    set it once. It never comes from private records.

    Args:
        output: spec of a record.
        weights: "centre" and "reach", float64 [features or 1]; None before `fit`.
    """

    def __init__(self, output: OutputSpec, weights: Weights | None = None) -> None:
        self.output, self.dim, self._weights = output, int(np.prod(output.shape)), weights
        self.examples, self.examples_again = EXAMPLES, 0
        if weights is not None:
            form = (max(len(output.features), 1),)
            if any(weights[name].shape != form for name in ("centre", "reach")):
                raise ValueError(
                    f"these weights do not fit the embedding 'values' for {output.form}"
                )

    def embed(self, data: NDArray[Any]) -> NDArray[np.float32]:
        if self._weights is None:
            raise RuntimeError("values has no weights yet: call fit, then with_weights")
        unit = np.clip((data - self._weights["centre"]) / self._weights["reach"], -1, 1)
        vectors: NDArray[np.float32] = (
            unit.reshape(len(data), self.dim) / np.sqrt(self.dim)
        ).astype(np.float32)
        return vectors

    def fit(
        self, examples: Samples, space: ParameterSpace | None, label_count: int, seed: int
    ) -> dict[str, NDArray[Any]]:
        if examples.data is None:
            raise ValueError("training needs samples with data")
        columns = max(len(self.output.features), 1)
        values = examples.data.reshape(-1, columns).astype(np.float64)
        centre, reach = values.mean(0), SPREADS * values.std(0)
        for i, feature in enumerate(self.output.features):
            if feature.low is not None and feature.high is not None:
                centre[i], reach[i] = (
                    (feature.low + feature.high) / 2,
                    (feature.high - feature.low) / 2,
                )
        return {"centre": centre, "reach": np.where(reach > 0, reach, 1.0)}

    def with_weights(self, weights: Weights) -> "Values":
        return Values(self.output, weights)


def make(output: OutputSpec, options: NoOptions) -> Values:
    return Values(output)


@hookimpl
def pe_embeddings() -> Iterable[EmbeddingSpec]:
    summary = "the values, on the scale of their declared ranges or of the generator's own values"
    return [EmbeddingSpec("values", summary, make)]
