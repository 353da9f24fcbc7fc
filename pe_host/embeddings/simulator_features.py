"""Features learnt from the simulator itself: a small convolutional net that reads labels and parameters off its pictures.

It needs no download and no private data. It is trained on the generator's random output first, and between iterations again
on the released population, which the noisy histograms have moved towards the private data: post-processing, which costs no privacy.
The unit-length activations before the heads are the embedding.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import (
    CannotMake,
    EmbeddingSpec,
    OutputSpec,
    ParameterSpace,
    Samples,
    TrainableEmbedding,
    Weights,
    hookimpl,
    option,
)


@dataclass(frozen=True)
class FeatureOptions:
    """Size and training of the net."""

    width: int = option(16, "channels of the first convolution; doubled after each halving of the picture")
    dim: int = option(64, "length of the feature vector")
    steps: int = option(1000, "training steps of 128 samples each")

    def __post_init__(self) -> None:
        if not (1 <= self.width <= 1024 and 2 <= self.dim <= 4096 and 1 <= self.steps <= 10**6):
            raise ValueError("simulator-features: width in 1..1024, dim in 2..4096, steps in 1..1000000")


class SimulatorFeatures(TrainableEmbedding):
    """See the module. Untrained until `with_weights`; pictures of any size from 8 x 8.

    Args:
        output: form of a record: uint8 [H, W, C].
        options: size and training.
        weights: of the body; None before training.
    """

    def __init__(self, output: OutputSpec, options: FeatureOptions, weights: Weights | None = None) -> None:
        if output.kind != "image" or min(output.shape[:2]) < 8:
            raise CannotMake("the embedding 'simulator-features' is for images of at least 8 x 8")
        self.output, self.options, self.dim = output, options, options.dim
        self._body = None
        if weights is not None:
            from pe_host.embeddings import feature_net

            self._body = feature_net.load_body(output.shape, options.width, options.dim, weights)

    def embed(self, data: NDArray[Any]) -> NDArray[np.float32]:
        if self._body is None:
            raise RuntimeError("simulator-features has no weights yet: fit, then with_weights")
        from pe_host.embeddings import feature_net

        return feature_net.features(self._body, data)

    def fit(
        self, examples: Samples, space: ParameterSpace | None, label_count: int, seed: int
    ) -> dict[str, NDArray[Any]]:
        from pe_host.embeddings import feature_net

        if examples.data is None:
            raise ValueError("training needs samples with data")
        targets = feature_net.targets_of(examples, space, label_count)
        return feature_net.train(examples.data, targets, self.options.width, self.dim, self.options.steps, seed)

    def with_weights(self, weights: Weights) -> "SimulatorFeatures":
        return SimulatorFeatures(self.output, self.options, weights)


def make(output: OutputSpec, options: FeatureOptions) -> SimulatorFeatures:
    return SimulatorFeatures(output, options)


@hookimpl
def pe_embeddings() -> Iterable[EmbeddingSpec]:
    return [
        EmbeddingSpec(
            "simulator-features",
            "a small net trained on the generator's own output to read its labels and parameters",
            make,
            FeatureOptions,
        )
    ]
