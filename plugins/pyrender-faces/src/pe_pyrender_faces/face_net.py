"""The net that reads a face. Convolutions treat each picture alone, and batch statistics are those of training: fixed numbers."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pe_pyrender_faces.reading import LAYOUT

SIDE = 64
"""Pixels a side of what it sees; other pictures are averaged down, or interpolated up."""

_BLOCKS = ((24, 5, 2), (48, 3, 2), (64, 3, 1), (96, 3, 2), (96, 3, 1), (128, 3, 2))
"""Channels, kernel and stride of the convolutions."""


def make_net() -> nn.Sequential:
    """From pictures as `to_tensor` gives them to numbers and logits, in the order of `LAYOUT`."""
    layers: list[nn.Module] = []
    channels, side = 3, SIDE
    for width, kernel, stride in _BLOCKS:
        layers += [
            nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        channels, side = width, side // stride
    layers += [
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(channels * side * side, 256),
        nn.ReLU(),
        nn.Linear(256, LAYOUT.dim),
    ]
    net = nn.Sequential(*layers)
    net.to(memory_format=torch.channels_last)
    return net


def to_tensor(data: NDArray[np.uint8]) -> torch.Tensor:
    """uint8 [n, H, W, 1 or 3] -> float32 [n, 3, SIDE, SIDE] in [-1, 1]; gray stands for three equal channels."""
    pictures = (
        torch.from_numpy(np.ascontiguousarray(data))
        .permute(0, 3, 1, 2)
        .to(torch.float32, memory_format=torch.channels_last)
    )
    if pictures.shape[1] == 1:
        pictures = pictures.expand(-1, 3, -1, -1)
    if pictures.shape[2:] != (SIDE, SIDE):
        larger = min(pictures.shape[2:]) >= SIDE
        pictures = nn.functional.interpolate(pictures, (SIDE, SIDE), mode="area" if larger else "bilinear")
    return pictures / 127.5 - 1


def readings(output: torch.Tensor) -> torch.Tensor:
    """The net's output [n, LAYOUT.dim] as readings: numbers held to -1..1, logits to probabilities, all times the root of their
    weight, scaled into the unit ball.
    """
    count = len(LAYOUT.numbers)
    weights = torch.from_numpy(np.sqrt(LAYOUT.number_weights))
    parts = [output[:, :count].clamp(-1, 1) * weights]
    for logits, weight in zip(output[:, count:].split(LAYOUT.counts, dim=1), LAYOUT.choice_weights, strict=True):
        parts.append(torch.softmax(logits, dim=1) * weight**0.5)
    most = float(np.sum(LAYOUT.number_weights) + np.sum(LAYOUT.choice_weights)) ** 0.5
    return torch.cat(parts, dim=1) / most
