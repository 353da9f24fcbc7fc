"""Glyphs of one face: from a font file, or any drawn masks, to cells and metrics."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pe_text_render.cells import INNER, SIZE

EM = 300
"""Pixels per em of the masks from which distances are computed."""


@dataclass(frozen=True)
class Mask:
    """Ink of one glyph, at EM pixels per em.

    Args:
        mask: bool [h, w], True where there is ink.
        left, top: position of the first pixel relative to the origin on the baseline, y down.
        advance: distance to the next origin.
    """

    mask: NDArray[np.bool_]
    left: float
    top: float
    advance: float


@dataclass(frozen=True)
class Glyphs:
    """Glyphs of one face for a string of characters, in its order.

    Args:
        cells: uint8 [g, SIZE, SIZE] distance fields (see `distance.cell_of`), zero where a glyph
            is missing.
        metrics: float32 [g, 5] in em: advance, and left, top, right, bottom of the ink box.
        present: bool [g], whether the face has the character.
    """

    cells: NDArray[np.uint8]
    metrics: NDArray[np.float32]
    present: NDArray[np.bool_]


def from_masks(masks: Mapping[str, Mask], chars: str) -> Glyphs:
    """Turn masks at EM pixels per em into cells.

    A character without a mask is missing; a mask without ink is a space.
    """
    from pe_text_render.distance import cell_of

    cells = np.zeros((len(chars), SIZE, SIZE), np.uint8)
    metrics = np.zeros((len(chars), 5), np.float32)
    present = np.zeros(len(chars), np.bool_)
    for i, char in enumerate(chars):
        if char not in masks:
            continue
        glyph = masks[char]
        present[i] = True
        metrics[i, 0] = glyph.advance / EM
        rows, columns = np.flatnonzero(glyph.mask.any(1)), np.flatnonzero(glyph.mask.any(0))
        if not len(rows):
            continue
        ink = glyph.mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        left, top = glyph.left + columns[0], glyph.top + rows[0]
        metrics[i, 1:] = np.array([left, top, left + ink.shape[1], top + ink.shape[0]]) / EM
        cells[i] = cell_of(ink, pitch(*(metrics[i, 3:] - metrics[i, 1:3])) * EM)
    return Glyphs(cells, metrics, present)


def pitch(width: float, height: float) -> float:
    """Em per cell pixel for an ink box of this size in em.

    It has a lower limit, so that a dot is not enlarged to the size of a letter.
    """
    return max(float(width), float(height), 0.3) / INNER


def from_font(path: Path, chars: str) -> Glyphs:
    """Glyphs of the first face of a TTF, OTF, TTC, WOFF or (with brotli installed) WOFF2 file.

    Raises:
        Exception: of any class, as the font libraries raise for a broken file.
    """
    from fontTools.ttLib import TTFont
    from PIL import Image, ImageDraw, ImageFont

    # its remarks on harmless oddities go to stderr
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    with (
        path.open("rb") as file,  # TTFont does not close a broken file
        TTFont(file, lazy=True, fontNumber=0) as tables,
    ):
        known = set(tables.getBestCmap() or {})
    font = ImageFont.truetype(str(path), EM, layout_engine=ImageFont.Layout.BASIC)
    masks = {}
    for char in chars:
        if ord(char) not in known:
            continue
        left, top, right, bottom = (int(v) for v in font.getbbox(char, anchor="ls"))
        image = Image.new("L", (max(right - left, 1) + 2, max(bottom - top, 1) + 2))
        ImageDraw.Draw(image).text((1 - left, 1 - top), char, fill=255, font=font, anchor="ls")
        mask = np.asarray(image) >= 128
        if mask.any() or char.isspace():
            masks[char] = Mask(mask, left - 1, top - 1, font.getlength(char))
    return from_masks(masks, chars)
