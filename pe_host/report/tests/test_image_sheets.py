"""Sheets of images."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from pe_host.report import RecordGrid
from pe_host.report.image_sheets import LARGEST, draw
from pe_sdk import OutputSpec


def grid_of(images, filled) -> RecordGrid:
    return RecordGrid(OutputSpec.image(*images.shape[2:]), images, np.array(filled))


def sheet_of(grid: RecordGrid):
    (sheet,), _ = draw([grid])
    return sheet


def decode(uri: str) -> np.ndarray:
    return np.asarray(
        Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,"))))
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sheet_shows_each_image_in_its_place_and_blanks_where_there_is_none(channels):
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 4, channels), dtype=np.uint8)
    sheet = sheet_of(grid_of(images, [3, 1]))
    pixels = decode(sheet.uri)
    assert pixels.shape == (sheet.height, sheet.width, channels + 1) == (2 * 6, 3 * 5, channels + 1)
    np.testing.assert_array_equal(pixels[6:11, 0:4, :channels], images[1, 0])
    np.testing.assert_array_equal(pixels[0:5, 10:14, :channels], images[0, 2])
    assert (pixels[6:11, 0:4, channels] == 255).all()
    assert not pixels[6:11, 5:].any() and not pixels[5].any()


def test_large_images_are_reduced():
    images = np.full((1, 2, 400, 200, 3), 77, np.uint8)
    sheet = sheet_of(grid_of(images, [2]))
    assert sheet.height <= LARGEST + 2 and sheet.width <= 2 * (LARGEST // 2 + 2)
    assert (decode(sheet.uri)[:LARGEST, : LARGEST // 2, :3] == 77).all()
