"""Features learnt from the generator itself, by a small convolutional net.

The net learns to read labels and parameters from samples of the generator. If the generator has no
parameters, it learns to tell variations of one sample from other samples. The unit-length
activations before the heads are the embedding.

It needs no download and no private data. It is trained on random output first. Between iterations
it trains on the released population, which the noisy histograms have moved towards the private
data: that is post-processing and costs no privacy.
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
"""Side of the smallest images, and steps of the shortest series, that it takes."""


def takes(output: OutputSpec) -> bool:
    """Whether `simulator-features` can embed records of this spec. Imports no torch."""
    axes = modality_of(output).axes
    return axes > 0 and min(output.shape[:axes]) >= SMALLEST


@dataclass(frozen=True)
class FeatureOptions:
    """Size and training of the net."""

    width: int = option(
        16, "channels of the first convolution; doubled after each halving of the record"
    )
    dim: int = option(64, "length of the feature vector")
    side: int = option(
        32,
        "larger images are averaged down to this many pixels a side (or up to twice as many), "
        "series to four times as many steps",
    )
    steps: int = option(600, "training steps before iteration 1, of 128 samples each")
    again: int = option(
        250, "training steps before each later iteration, which start from the weights before"
    )
    examples: int = option(
        20_000, "random samples for the first training; use fewer for a slow simulator"
    )
    examples_again: int = option(8_000, "samples for each later training")
    spoil: float = option(
        1.0,
        "strength of data augmentation (blur, contrast, noise, shift) during training; "
        "0 disables it",
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
    """The embedding of this module; untrained until `with_weights`.

    Args:
        output: images from 8 x 8, or series from 8 steps.
        options: size and training of the net.
        weights: of the last training, from which the next one starts; None before the first.
    """

    def __init__(
        self, output: OutputSpec, options: FeatureOptions, weights: Weights | None = None
    ) -> None:
        if not takes(output):
            raise CannotMake(
                f"the embedding 'simulator-features' takes images of at least {SMALLEST} x "
                f"{SMALLEST} and series of at least {SMALLEST} steps, "
                f"not {output.kind} {list(output.shape)}"
            )
        self.output, self.options, self.dim = output, options, options.dim
        self.examples, self.examples_again = options.examples, options.examples_again
        self._weights, self._body = weights, None
        if weights is not None:
            from pe_host.embeddings import feature_net

            self._body = feature_net.load_body(self._size(), weights)

    def embed(self, data: NDArray[Any]) -> NDArray[np.float32]:
        if self._body is None:
            raise RuntimeError("simulator-features has no weights yet: call fit, then with_weights")
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
            "a small net, trained on the generator's output to read labels and parameters",
            make,
            FeatureOptions,
        )
    ]
