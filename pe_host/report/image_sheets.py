"""The images of a grid as one PNG: a data URI per grid keeps the page small and fast to render."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pe_host.report.grid import LegendEntry, RecordGrid, Sheet
from pe_host.report.views import View
from pe_sdk import OutputSpec

LARGEST = 96
"""Longest side of an image in pixels; larger images are shown reduced."""


def cost(output: OutputSpec) -> float:
    """Estimate the bytes of a page that one image takes: its pixels as shown."""
    height, width = output.shape[:2]
    reduced = min(1.0, LARGEST / max(height, width))
    return max(1.0, height * width * reduced**2)


def draw(grids: Sequence[RecordGrid]) -> tuple[list[Sheet], tuple[LegendEntry, ...]]:
    """Draw a sheet for each grid. Images need no legend."""
    return [_sheet(grid) for grid in grids], ()


def _sheet(grid: RecordGrid) -> Sheet:
    """Lay the images out with transparent gaps, so that they stand on any background."""
    classes, columns, height, width, channels = grid.records.shape
    images = grid.records
    if max(height, width) > LARGEST:
        images = _reduced(images)
        height, width = images.shape[2:4]
    gap = 1 if height < 48 else 2
    cells = np.zeros((classes, columns, height + gap, width + gap, channels + 1), np.uint8)
    shown = np.arange(columns) < grid.filled[:, None]
    cells[:, :, :height, :width, :channels] = np.where(shown[:, :, None, None, None], images, 0)
    cells[:, :, :height, :width, channels] = np.where(shown, 255, 0)[:, :, None, None]
    pixels = cells.swapaxes(1, 2).reshape(
        classes * (height + gap), columns * (width + gap), channels + 1
    )
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format="PNG", compress_level=6)
    uri = "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
    return Sheet(uri, pixels.shape[1], pixels.shape[0], height + gap, classes, columns)


def _reduced(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Reduce the longer side of every image to LARGEST pixels, by averaging."""
    classes, columns, height, width, channels = images.shape
    scale = LARGEST / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    flat = images.reshape(-1, height, width, channels)
    small = [
        np.asarray(
            Image.fromarray(image[..., 0] if channels == 1 else image).resize(
                size, Image.Resampling.BOX
            )
        )
        for image in flat
    ]
    return np.stack(small).reshape(classes, columns, size[1], size[0], channels)


VIEW = View(draw, cost)
