"""The net behind `simulator-features`: what it sees, its body, and its vectors. Everything is a function of its arguments.

Vectors of a batch do not depend on each other: convolutions and the last layer treat each picture alone, nothing is normalised over the
batch, and the caller gives blocks of one size.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pe_sdk import Weights

BODY = "body."
"""Prefix of the weights of the body; the others belong to the heads, which only training needs."""


@dataclass(frozen=True)
class Size:
    """Of pictures and net.

    Args:
        shape: height, width and channels of a picture.
        width: channels of the first convolution; doubled after each halving of the picture, up to 128.
        dim: length of a feature vector.
        side: larger pictures are averaged down until the shorter side has this many pixels, or less than twice as many.
    """

    shape: tuple[int, ...]
    width: int
    dim: int
    side: int

    @property
    def factor(self) -> int:
        """By which pictures are averaged down."""
        return max(1, min(self.shape[:2]) // self.side)


class _Unit(nn.Module):
    """Rows to unit length; a zero row stays zero."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(x, dim=1)


def make_body(size: Size) -> nn.Sequential:
    """From pictures as `to_tensor` gives them to the activations before the heads."""
    height, across, channels = size.shape[0] // size.factor, size.shape[1] // size.factor, size.shape[2]
    width = size.width
    layers: list[nn.Module] = []
    while min(height, across) > 7:
        # Pooled first, to the same result: a quarter of the pixels are left to rectify.
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(inplace=True)]
        height, across, channels, width = height // 2, across // 2, width, min(2 * width, 128)
    layers += [nn.Flatten(), nn.Dropout(0.2), nn.Linear(channels * height * across, size.dim), nn.ReLU()]
    body = nn.Sequential(*layers)
    body.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # its stubs leave this out
    return body


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Sums must not depend on how many cores a machine has.

    Two threads train in little more than half the time on cores that are idle, and in ten times as much on cores that are not.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def shrink(data: NDArray[Any], factor: int) -> NDArray[Any]:
    """uint8 [n, H, W, C] averaged over squares of `factor` pixels, as uint8; what is left over at the edges is cut off."""
    if factor == 1:
        return data
    small = nn.functional.avg_pool2d(_channels_first(data), factor)
    array: NDArray[np.uint8] = small.round_().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return array


def to_tensor(data: NDArray[Any]) -> torch.Tensor:
    """uint8 [n, h, w, C], shrunk -> float32 [n, C, h, w] in [0, 1]."""
    return _channels_first(data).div_(255)


def _channels_first(data: NDArray[Any]) -> torch.Tensor:
    # NHWC in memory is what convolutions on a CPU like best, so the axes are renamed and nothing is copied.
    return torch.from_numpy(data).permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last)


def load_weights(module: nn.Module, weights: Weights, size: Size) -> None:
    """Put weights into a net.

    Raises:
        ValueError: they are of another net.
    """
    try:
        module.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
    except RuntimeError as error:
        raise ValueError(f"weights do not fit simulator-features of {size}, or what it is to read") from error


def load_body(size: Size, weights: Weights) -> nn.Module:
    """The body in evaluation mode with these weights of a training.

    Raises:
        ValueError: weights of another net.
    """
    body = make_body(size)
    own = {name.removeprefix(BODY): array for name, array in weights.items() if name.startswith(BODY)}
    load_weights(body, own, size)
    return nn.Sequential(*body, _Unit()).eval()


def features(body: nn.Module, data: NDArray[Any], factor: int) -> NDArray[np.float32]:
    """uint8 [n, H, W, C] -> float32 [n, dim] of unit length (zero where all activations are)."""
    with torch.inference_mode(), one_thread():
        vectors: NDArray[np.float32] = body(to_tensor(shrink(data, factor))).numpy()
    return vectors
