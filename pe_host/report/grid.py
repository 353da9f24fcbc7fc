"""Grids of sample images, and one PNG sheet for each: a data URI a grid keeps the page small and quick to render."""

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LARGEST = 96
"""Pixels; images with a longer side are shown reduced."""

_PAGE_PIXELS = 2_000_000  # all grids together; about 2 MB of PNG where samples are photographs
_MOST_COLUMNS = 12


@dataclass(frozen=True)
class ImageGrid:
    """Images by class and column.

    Args:
        images: uint8 [classes, columns, H, W, C], C = 1 or 3.
        filled: int64 [classes], how many columns of a class hold a sample; the rest is left blank.
    """

    images: NDArray[np.uint8]
    filled: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = self.images.shape
        if self.images.dtype != np.uint8 or len(shape) != 5 or shape[4] not in (1, 3) or 0 in shape:
            raise ValueError(f"expected uint8 [classes, columns, H, W, 1 or 3], got {self.images.dtype} {list(shape)}")
        if self.filled.shape != shape[:1] or ((self.filled < 0) | (self.filled > shape[1])).any():
            raise ValueError(f"filled must be a number of columns for each of {shape[0]} classes")

    @classmethod
    def pick(cls, images: NDArray[Any], labels: NDArray[Any], classes: int, columns: int) -> "ImageGrid":
        """The first `columns` of each class. images: uint8 [n, H, W, C]; labels: integers [n] in [0, classes)."""
        rows = first_rows(labels, classes, columns)
        sheet = np.zeros((classes, columns, *images.shape[1:]), np.uint8)
        for label, found in enumerate(rows):
            sheet[label, : len(found)] = images[found]
        return cls(sheet, np.array([len(found) for found in rows], np.int64))


def first_rows(labels: NDArray[Any], classes: int, columns: int) -> list[NDArray[np.int64]]:
    """For each class, the positions of its first `columns` samples: what to render where images are not stored."""
    return [np.flatnonzero(labels == label)[:columns] for label in range(classes)]


def columns_for(classes: int, height: int, width: int, grids: int) -> int:
    """How many columns each of `grids` grids may have so that the page stays small: 1 to 12."""
    reduced = min(1.0, LARGEST / max(height, width))
    cell = max(1.0, height * width * reduced**2)
    return int(min(_MOST_COLUMNS, max(1, _PAGE_PIXELS // (cell * max(classes, 1) * max(grids, 1)))))


@dataclass(frozen=True)
class Sheet:
    """A grid as one picture: a PNG data URI, its size and the size of a cell, gap included, in its own pixels."""

    uri: str
    width: int
    height: int
    cell: int
    rows: int
    columns: int


def sheet_of(grid: ImageGrid) -> Sheet:
    """Lay the images out with transparent gaps, so that they stand on any background."""
    classes, columns, height, width, channels = grid.images.shape
    images = grid.images
    if max(height, width) > LARGEST:
        images = _reduced(images)
        height, width = images.shape[2:4]
    gap = 1 if height < 48 else 2
    cells = np.zeros((classes, columns, height + gap, width + gap, channels + 1), np.uint8)
    shown = np.arange(columns) < grid.filled[:, None]
    cells[:, :, :height, :width, :channels] = np.where(shown[:, :, None, None, None], images, 0)
    cells[:, :, :height, :width, channels] = np.where(shown, 255, 0)[:, :, None, None]
    pixels = cells.swapaxes(1, 2).reshape(classes * (height + gap), columns * (width + gap), channels + 1)
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format="PNG", compress_level=6)
    uri = "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
    return Sheet(uri, pixels.shape[1], pixels.shape[0], height + gap, classes, columns)


def _reduced(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every image with its longer side at LARGEST pixels, averaged."""
    classes, columns, height, width, channels = images.shape
    scale = LARGEST / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    flat = images.reshape(-1, height, width, channels)
    small = [
        np.asarray(Image.fromarray(image[..., 0] if channels == 1 else image).resize(size, Image.Resampling.BOX))
        for image in flat
    ]
    return np.stack(small).reshape(classes, columns, size[1], size[0], channels)
