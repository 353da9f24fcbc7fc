"""The net behind `simulator-features`: its body and the vectors that come out of it.

Everything is a function of its arguments. Vectors of a batch do not depend on each other:
convolutions and the last layer treat each record separately, nothing is normalised over the batch,
and the caller passes blocks of one size.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pe_host.embeddings.preprocessing import Size
from pe_sdk import Weights

BODY = "body."
"""Prefix of the weights of the body. The other weights belong to the heads, for training only."""


class _Unit(nn.Module):
    """Scales rows to unit length; a zero row stays zero."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(x, dim=1)


def make_body(size: Size) -> nn.Sequential:
    """Make the layers from `Preprocessor.to_tensor` to the activations before the heads."""
    layers, activations = size.preprocessor.layers(size)
    layers += [nn.Flatten(), nn.Dropout(0.2), nn.Linear(activations, size.dim), nn.ReLU()]
    body = nn.Sequential(*layers)
    body.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in its stubs
    return body


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread, so that sums do not depend on the number of cores.

    Two threads train almost twice as fast on idle cores, and ten times slower on busy ones.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def load_weights(module: nn.Module, weights: Weights, size: Size) -> None:
    """Put weights into a net.

    Raises:
        ValueError: they belong to another net.
    """
    try:
        module.load_state_dict(
            {name: torch.from_numpy(np.array(array)) for name, array in weights.items()}
        )
    except RuntimeError as error:
        raise ValueError(
            f"weights do not fit simulator-features of {size}, or what it is to read"
        ) from error


def load_body(size: Size, weights: Weights) -> nn.Module:
    """The body in evaluation mode with these weights of a training.

    Raises:
        ValueError: weights of another net.
    """
    body = make_body(size)
    own = {
        name.removeprefix(BODY): array for name, array in weights.items() if name.startswith(BODY)
    }
    load_weights(body, own, size)
    return nn.Sequential(*body, _Unit()).eval()


def features(body: nn.Module, data: NDArray[Any], size: Size) -> NDArray[np.float32]:
    """[n, *shape] -> float32 [n, dim] of unit length (zero where all activations are)."""
    preprocessor = size.preprocessor
    with torch.inference_mode(), one_thread():
        vectors: NDArray[np.float32] = body(
            preprocessor.to_tensor(preprocessor.shrink(data, size.factor))
        ).numpy()
    return vectors
