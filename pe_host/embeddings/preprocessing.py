"""How the net of `simulator-features` sees records of a kind: input, first layers, augmentation."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pe_host.modality import MODALITIES, load_part

WIDEST = 128
"""Most channels of a convolution."""

SHORTEST = 7
"""An axis of this length or shorter is not halved."""


@dataclass(frozen=True)
class Size:
    """Size of records and of the net.

    Args:
        shape: of a record: height, width, channels of an image; steps and features of a series.
        width: channels of the first convolution; doubled after each halving of the record, up to
            `WIDEST`.
        dim: length of a feature vector.
        side: larger records are averaged down to at least this many pixels a side and less than
            twice as many; series to four times as many steps.
        kind: `OutputSpec.kind` of the records.
    """

    shape: tuple[int, ...]
    width: int
    dim: int
    side: int
    kind: str = "image"

    @property
    def preprocessor(self) -> "Preprocessor":
        """The preprocessor of records of this kind."""
        preprocessor: Preprocessor = load_part(MODALITIES[self.kind].preprocessor)
        return preprocessor

    @property
    def factor(self) -> int:
        """Elements of an axis that are averaged into one."""
        return self.preprocessor.factor(self.shape, self.side)


class Preprocessor(ABC):
    """What the net needs to know about records of one kind.

    Everything is a function of its arguments, and each row is treated separately.
    """

    @abstractmethod
    def factor(self, shape: tuple[int, ...], side: int) -> int:
        """Elements of an axis to average into one, for records of this shape."""

    @abstractmethod
    def shrink(self, data: NDArray[Any], factor: int) -> NDArray[Any]:
        """Average [n, *shape] over `factor` elements of each axis, in the same dtype.

        Elements left over at the ends are cut off.
        """

    @abstractmethod
    def to_tensor(self, data: NDArray[Any]) -> torch.Tensor:
        """Convert shrunk records to float32, channels first."""

    @abstractmethod
    def layers(self, size: Size) -> tuple[list[nn.Module], int]:
        """Make the layers after `to_tensor`; returns them and their number of activations."""

    @abstractmethod
    def augment(self, records: torch.Tensor, strength: float) -> torch.Tensor:
        """Change records as another camera or sensor might have. May write into its argument.

        Generators make cleaner records than real ones, and augmentation delays overfitting.

        Args:
            records: from `to_tensor`.
            strength: 1 is the default, 0 changes nothing.
        """

    @abstractmethod
    def fit_normalisation(self, body: nn.Sequential, examples: NDArray[Any]) -> None:
        """Set the input scale of the net from shrunk public examples, before the first training."""


class ImagePreprocessor(Preprocessor):
    """Images, uint8 [n, H, W, C] -> float32 [n, C, h, w] in [0, 1]."""

    def factor(self, shape: tuple[int, ...], side: int) -> int:
        return max(1, min(shape[:2]) // side)

    def shrink(self, data: NDArray[Any], factor: int) -> NDArray[Any]:
        if factor == 1:
            return data
        count, height, width, channels = data.shape
        down, across = height // factor, width // factor
        # Sums of integers are exact in any order. Rows are added first, along the memory.
        kept = torch.from_numpy(data)[:, : down * factor, : across * factor]
        rows = _sum(kept.view(count, down, factor, -1, channels).unbind(2), torch.int32)
        sums = _sum(rows.view(count, down, across, factor, -1).unbind(3), torch.float32)
        array: NDArray[np.uint8] = sums.div_(factor**2).round_().to(torch.uint8).numpy()
        return array

    def to_tensor(self, data: NDArray[Any]) -> torch.Tensor:
        return self._channels_first(data).div_(255)

    def layers(self, size: Size) -> tuple[list[nn.Module], int]:
        height, across, channels = (
            size.shape[0] // size.factor,
            size.shape[1] // size.factor,
            size.shape[2],
        )
        width = size.width
        layers: list[nn.Module] = []
        while min(height, across) > SHORTEST:
            # Pooling before ReLU gives the same result and leaves a quarter of the work.
            layers += [
                nn.Conv2d(channels, width, 3, padding=1),
                nn.MaxPool2d(2),
                nn.ReLU(inplace=True),
            ]
            height, across, channels, width = (
                height // 2,
                across // 2,
                width,
                min(2 * width, WIDEST),
            )
        return layers, channels * height * across

    def augment(self, records: torch.Tensor, strength: float) -> torch.Tensor:
        """Blur, change brightness and contrast, add noise, shift by a pixel."""
        if strength == 0:
            return records
        x = records.permute(0, 2, 3, 1)  # the order in memory
        blur, contrast, light, noise = torch.rand(4, len(x), 1, 1, 1)
        for axis in (1, 2):
            x = torch.lerp(
                x,
                (torch.roll(x, 1, axis) + torch.roll(x, -1, axis)) / 2,
                blur * min(strength, 1.0) * 2 / 3,
            )
        gain = 1 + 0.4 * strength * (contrast - 0.5)
        x = x.mul_(gain).add_(0.5 * (1 - gain) + 0.2 * strength * (light - 0.5))
        x = x.addcmul_(torch.rand(x.shape) - 0.5, 0.2 * strength * noise)
        down, right = torch.randint(-1, 2, (2,)).tolist()
        return torch.roll(x, (down, right), (1, 2)).permute(0, 3, 1, 2)

    def fit_normalisation(self, body: nn.Sequential, examples: NDArray[Any]) -> None:
        """Do nothing: the scale of images is fixed."""

    def _channels_first(self, data: NDArray[Any]) -> torch.Tensor:
        # Convolutions on a CPU are fastest on NHWC memory: only the axes are renamed.
        return (
            torch.from_numpy(data)
            .permute(0, 3, 1, 2)
            .to(torch.float32, memory_format=torch.channels_last)
        )


def _sum(parts: Sequence[torch.Tensor], dtype: torch.dtype) -> torch.Tensor:
    total = parts[0].to(dtype)
    for part in parts[1:]:
        total += part
    return total


class SeriesPreprocessor(Preprocessor):
    """Series, float32 [n, T, F] -> float32 [n, F, t].

    The first layer brings features of any unit and tail to one scale.
    """

    def factor(self, shape: tuple[int, ...], side: int) -> int:
        return max(1, shape[0] // (4 * side))

    def shrink(self, data: NDArray[Any], factor: int) -> NDArray[Any]:
        if factor == 1:
            return data
        steps = data.shape[1] // factor
        parts = data[:, : steps * factor].reshape(len(data), steps, factor, data.shape[2])
        small: NDArray[np.float32] = parts.mean(2, dtype=np.float64).astype(np.float32)
        return small

    def to_tensor(self, data: NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(data).permute(0, 2, 1).contiguous()

    def layers(self, size: Size) -> tuple[list[nn.Module], int]:
        steps, channels, width = size.shape[0] // size.factor, size.shape[1], size.width
        layers: list[nn.Module] = [_Scale(channels)]
        while steps > SHORTEST:
            layers += [
                nn.Conv1d(channels, width, 5, padding=2),
                nn.MaxPool1d(2),
                nn.ReLU(inplace=True),
            ]
            steps, channels, width = steps // 2, width, min(2 * width, WIDEST)
        return layers, channels * steps

    def augment(self, records: torch.Tensor, strength: float) -> torch.Tensor:
        """Scale each feature, smooth, add noise, shift by a step."""
        if strength == 0:
            return records
        gain, noise = torch.rand(2, len(records), records.shape[1], 1)
        smooth = torch.rand(len(records), 1, 1) * min(strength, 1.0) / 2
        ends = nn.functional.pad(records, (1, 1), mode="replicate")
        x = torch.lerp(records, (ends[..., :-2] + ends[..., 2:]) / 2, smooth)
        x = x * (1 + 0.2 * strength * (gain - 0.5))
        spread = x.std(dim=2, keepdim=True)
        x = x + 0.2 * strength * noise * spread * torch.randn(x.shape)
        start = int(torch.randint(0, 3, ()))
        return nn.functional.pad(x, (1, 1), mode="replicate")[..., start : start + x.shape[2]]

    def fit_normalisation(self, body: nn.Sequential, examples: NDArray[Any]) -> None:
        scale = body[0]
        assert isinstance(scale, _Scale)
        centre, spread = (
            examples.mean((0, 1), dtype=np.float64),
            examples.std((0, 1), dtype=np.float64),
        )
        scale.centre.copy_(torch.from_numpy(centre)[:, None])
        scale.spread.copy_(torch.from_numpy(np.where(spread > 0, spread, 1.0))[:, None])


class _Scale(nn.Module):
    """asinh((x - centre) / spread): linear near the centre, logarithmic far from it.

    Queue lengths and delays have long tails.
    """

    centre: torch.Tensor
    spread: torch.Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(channels, 1))
        self.register_buffer("spread", torch.ones(channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.asinh((x - self.centre) / self.spread)


IMAGES: Preprocessor = ImagePreprocessor()
SERIES: Preprocessor = SeriesPreprocessor()
