"""The network that reads a face.

It looks at the whole picture and locates eyes and mouth, then looks again at the face by itself,
upright and at one size. Convolutions treat each picture separately, and batch statistics are fixed
numbers from the training.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pe_pyrender_faces.reading import LAYOUT

SIDE = 64
"""Side in pixels of its input; other pictures are averaged down or interpolated up."""

LANDMARKS = 4
"""Numbers that locate the face, in -1..1 right and down.

They are x and y of the point between the eyes, and x and y of the mouth.
"""

CLOSE_SIDE, CLOSE_REACH = 40, 1.4
"""Side in pixels of the second look, and its reach from the middle in eye-to-mouth distances."""

_WHOLE = ((24, 5, 2), (48, 3, 2), (64, 3, 1), (96, 3, 2), (96, 3, 1), (128, 3, 2))
_CLOSE = ((24, 3, 1), (48, 3, 2), (48, 3, 1), (96, 3, 2), (96, 3, 1), (128, 3, 2))
"""Channels, kernel and stride of the convolutions of either look."""


class FaceNet(nn.Module):
    """A network from pictures (see `to_tensor`) to numbers and logits in the order of `LAYOUT`."""

    def __init__(self) -> None:
        super().__init__()
        self.whole, self.close = (
            _convolutions(_WHOLE, SIDE, 256),
            _convolutions(_CLOSE, CLOSE_SIDE, 256),
        )
        self.place = nn.Linear(256, LANDMARKS)
        self.read = nn.Linear(512, LAYOUT.dim)
        # torch's stubs lack this overload
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The readings, float32 [n, LAYOUT.dim], and the location of the face, [n, LANDMARKS]."""
        whole = self.whole(pictures)
        place = self.place(whole)
        close = self.close(upright(pictures, place.detach().float()))
        return self.read(torch.cat([whole, close], dim=1)), place


def _convolutions(
    blocks: tuple[tuple[int, int, int], ...], side: int, features: int
) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 3
    for width, kernel, stride in blocks:
        layers += [
            nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        channels, side = width, -(-side // stride)
    layers += [
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(channels * side * side, features),
        nn.ReLU(),
    ]
    return nn.Sequential(*layers)


def upright(pictures: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """Crop the square around each face, turned so that the mouth is below the eyes.

    Args:
        pictures: float32 [n, 3, SIDE, SIDE].
        place: float32 [n, LANDMARKS].

    Returns:
        float32 [n, 3, CLOSE_SIDE, CLOSE_SIDE].
    """
    eyes, mouth = place[:, :2], place[:, 2:]
    middle, down = (eyes + mouth) / 2, mouth - eyes
    down = down * CLOSE_REACH
    steps = (torch.arange(CLOSE_SIDE) + 0.5) * (2 / CLOSE_SIDE) - 1
    across, along = steps[None, None, :], steps[None, :, None]
    x = middle[:, :1, None] + across * down[:, 1:, None] + along * down[:, :1, None]
    y = middle[:, 1:, None] - across * down[:, :1, None] + along * down[:, 1:, None]
    return nn.functional.grid_sample(
        pictures, torch.stack([x, y], dim=3), align_corners=False
    ).contiguous(memory_format=torch.channels_last)


def to_tensor(data: NDArray[np.uint8]) -> torch.Tensor:
    """Convert uint8 [n, H, W, 1 or 3] to float32 [n, 3, SIDE, SIDE] in [-1, 1].

    Grey becomes three equal channels.
    """
    pictures = (
        torch.from_numpy(np.ascontiguousarray(data))
        .permute(0, 3, 1, 2)
        .to(torch.float32, memory_format=torch.channels_last)
    )
    if pictures.shape[1] == 1:
        pictures = pictures.expand(-1, 3, -1, -1)
    if pictures.shape[2:] != (SIDE, SIDE):
        larger = min(pictures.shape[2:]) >= SIDE
        pictures = nn.functional.interpolate(
            pictures, (SIDE, SIDE), mode="area" if larger else "bilinear"
        )
    return pictures / 127.5 - 1


def readings(output: torch.Tensor) -> torch.Tensor:
    """Turn the network's output [n, LAYOUT.dim] into vectors in the unit ball.

    Numbers are clamped to -1..1 and logits become probabilities; all are multiplied by the root
    of their weight.
    """
    count = len(LAYOUT.numbers)
    weights = torch.from_numpy(np.sqrt(LAYOUT.number_weights))
    parts = [output[:, :count].clamp(-1, 1) * weights]
    for logits, weight in zip(
        torch.split(output[:, count:], list(LAYOUT.counts), dim=1),
        LAYOUT.choice_weights,
        strict=True,
    ):
        parts.append(torch.softmax(logits, dim=1) * weight**0.5)
    most = float(np.sum(LAYOUT.number_weights) + np.sum(LAYOUT.choice_weights)) ** 0.5
    vectors: torch.Tensor = torch.cat(parts, dim=1) / most
    return vectors
