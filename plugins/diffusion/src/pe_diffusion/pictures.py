"""Conversion between records and a model's own pictures.

Records are uint8 [n, H, W, C] of any size; pictures are float32 [n, C, H, W] in [-1, 1].
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

GREY = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey (ITU-R BT.601)."""


def to_model(data: NDArray[np.uint8], picture: tuple[int, int, int]) -> Tensor:
    """Convert records to pictures [n, C, H, W] for a model of (H, W, C)."""
    x = torch.from_numpy(np.ascontiguousarray(data)).permute(0, 3, 1, 2).to(torch.float32)
    return _fit(x, picture) / 127.5 - 1


def to_records(x: Tensor, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Convert pictures of a model to records of (H, W, C)."""
    x = _fit(x.to("cpu", torch.float32).clamp(-1, 1), (shape[0], shape[1], shape[2]))
    return np.ascontiguousarray(
        ((x + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    )


def _fit(x: Tensor, picture: tuple[int, int, int]) -> Tensor:
    """Convert colours and size; a shrinking picture is antialiased. The value range stays."""
    height, width, channels = picture
    if x.shape[1] == 3 and channels == 1:
        red, green, blue = (x[:, i : i + 1] for i in range(3))
        x = GREY[0] * red + GREY[1] * green + GREY[2] * blue
    elif x.shape[1] == 1 and channels == 3:
        x = x.expand(-1, 3, -1, -1)
    if tuple(x.shape[2:]) != (height, width):
        x = functional.interpolate(
            x, (height, width), mode="bilinear", align_corners=False, antialias=True
        )
    return x
