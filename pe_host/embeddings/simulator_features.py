"""Features learnt from the generator itself: a small convolutional net that reads labels and parameters off its samples, or, where it
has no parameters, tells variations of one sample from other samples.

It needs no download and no private data. It is trained on the generator's random output first, and between iterations it goes on
to learn from the released population, which the noisy histograms have moved towards the private data: post-processing, which costs
no privacy.
The unit-length activations before the heads are the embedding.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pe_host.modality import modality_of
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

if TYPE_CHECKING:  # it imports torch
    from pe_host.embeddings.preprocessing import Size


SMALLEST = 8
"""Pixels a side of the smallest pictures, and steps of the shortest series, that it takes."""


def takes(output: OutputSpec) -> bool:
    """Whether `simulator-features` can embed records of this spec. Imports no torch."""
    axes = modality_of(output).axes
    return axes > 0 and min(output.shape[:axes]) >= SMALLEST


@dataclass(frozen=True)
class FeatureOptions:
    """Size and training of the net."""

    width: int = option(
        16, "channels of the first convolution; doubled after each halving of the picture"
    )
    dim: int = option(64, "length of the feature vector")
    side: int = option(
        32,
        "larger pictures are averaged down to this many pixels a side, series to four times as many steps, or less than twice that",
    )
    steps: int = option(600, "steps of the first training, of 128 samples each")
    again: int = option(250, "steps of each training that goes on from the weights before it")
    examples: int = option(
        20_000, "random samples for the first training: fewer where a simulator is slow"
    )
    examples_again: int = option(8_000, "samples for each of the others")
    spoil: float = option(
        1.0, "how much what it learns from is blurred, scaled, grained and moved; 0 for not at all"
    )

    def __post_init__(self) -> None:
        if not (1 <= self.width <= 1024 and 2 <= self.dim <= 4096 and 8 <= self.side <= 1024):
            raise ValueError(
                "simulator-features: width in 1..1024, dim in 2..4096, side in 8..1024"
            )
        if not (
            2
            <= min(self.examples, self.examples_again)
            <= max(self.examples, self.examples_again)
            <= 10**6
        ):
            raise ValueError("simulator-features: examples and examples_again in 2..1000000")
        if not (
            1 <= min(self.steps, self.again) <= max(self.steps, self.again) <= 10**6
            and 0 <= self.spoil <= 4
        ):
            raise ValueError("simulator-features: steps and again in 1..1000000, spoil in 0..4")


class SimulatorFeatures(TrainableEmbedding):
    """See the module. Untrained until `with_weights`; pictures from 8 x 8, series from 8 steps.

    Args:
        output: form of a record.
        options: size and training.
        weights: of a training, which another goes on from; None before the first.
    """

    def __init__(
        self, output: OutputSpec, options: FeatureOptions, weights: Weights | None = None
    ) -> None:
        if not takes(output):
            least = f"images of at least {SMALLEST} x {SMALLEST} and series of at least {SMALLEST} steps"
            raise CannotMake(
                f"the embedding 'simulator-features' is for {least}, not {output.kind} {list(output.shape)}"
            )
        self.output, self.options, self.dim = output, options, options.dim
        self.examples, self.examples_again = options.examples, options.examples_again
        self._weights, self._body = weights, None
        if weights is not None:
            from pe_host.embeddings import feature_net

            self._body = feature_net.load_body(self._size(), weights)

    def embed(self, data: NDArray[Any]) -> NDArray[np.float32]:
        if self._body is None:
            raise RuntimeError("simulator-features has no weights yet: fit, then with_weights")
        from pe_host.embeddings import feature_net

        return feature_net.features(self._body, data, self._size())

    def fit(
        self, examples: Samples, space: ParameterSpace | None, label_count: int, seed: int
    ) -> dict[str, NDArray[Any]]:
        from pe_host.embeddings import training

        if examples.data is None:
            raise ValueError("training needs samples with data")
        options, targets = self.options, training.targets_of(examples, space, label_count)
        steps = options.steps if self._weights is None else options.again
        return training.train(
            examples.data, targets, self._size(), steps, options.spoil, seed, self._weights
        )

    def with_weights(self, weights: Weights) -> "SimulatorFeatures":
        return SimulatorFeatures(self.output, self.options, weights)

    def _size(self) -> "Size":
        from pe_host.embeddings.preprocessing import Size

        return Size(
            self.output.shape, self.options.width, self.dim, self.options.side, self.output.kind
        )


def make(output: OutputSpec, options: FeatureOptions) -> SimulatorFeatures:
    return SimulatorFeatures(output, options)


@hookimpl
def pe_embeddings() -> Iterable[EmbeddingSpec]:
    return [
        EmbeddingSpec(
            "simulator-features",
            "a small net trained on the generator's own output: labels, and parameters or variations",
            make,
            FeatureOptions,
        )
    ]
