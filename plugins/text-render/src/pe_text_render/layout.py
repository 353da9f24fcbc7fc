"""Layout of texts: one distance field per text and face, with the measures that place it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pe_text_render.atlas import Atlas
from pe_text_render.cells import ADVANCE, BOTTOM, INNER, LEFT, MARGIN, RIGHT, SIZE, TOP
from pe_text_render.compose import measure, stamp
from pe_text_render.glyphs import pitch

WIDE = 12 * INNER
"""Longest line in cell pixels; longer texts get a coarser field."""


@dataclass(frozen=True)
class Fields:
    """Distance fields of L texts in F faces.

    Args:
        values: uint8, all fields one after the other; the fields of one text have one shape.
        start: int64 [L], where the fields of a text begin in `values`.
        shape: int64 [L, 2], rows and columns of a text's fields.
        measures: float32 [L, F, 7] in field pixels: left, top, right, bottom of the ink, its
            centre of mass x, y, and the mean stroke width.
    """

    values: NDArray[np.uint8]
    start: NDArray[np.int64]
    shape: NDArray[np.int64]
    measures: NDArray[np.float32]


def lay_out(atlas: Atlas, texts: Sequence[str]) -> Fields:
    """Set every text in every face; all faces have all characters, and every text has ink."""
    blocks = [_single(atlas, text) if len(text) == 1 else _line(atlas, text) for text in texts]
    start = np.cumsum([0] + [block.size for block in blocks[:-1]])
    shape = np.array([block.shape[1:] for block in blocks], dtype=np.int64)
    measures = np.stack([measure(block) for block in blocks])
    return Fields(
        np.concatenate([block.ravel() for block in blocks]), start.astype(np.int64), shape, measures
    )


def _single(atlas: Atlas, text: str) -> NDArray[np.uint8]:
    return np.ascontiguousarray(atlas.cells[:, atlas.chars.index(text)])


def _line(atlas: Atlas, text: str) -> NDArray[np.uint8]:
    """Fields [F, h, w] of a line of glyphs: the face's advances, no kerning, union of the ink."""
    which = [atlas.chars.index(char) for char in text]
    metrics = atlas.metrics[:, which].astype(np.float64)
    pens = np.cumsum(metrics[:, :, ADVANCE], axis=1) - metrics[:, :, ADVANCE]
    inked = metrics[:, :, RIGHT] > metrics[:, :, LEFT]
    left = np.where(inked, pens + metrics[:, :, LEFT], np.inf).min(1)
    right = np.where(inked, pens + metrics[:, :, RIGHT], -np.inf).max(1)
    top = np.where(inked, metrics[:, :, TOP], np.inf).min(1)
    bottom = np.where(inked, metrics[:, :, BOTTOM], -np.inf).max(1)
    width, height = right - left, bottom - top
    columns = int(np.clip(np.ceil(INNER * np.median(width / height)), INNER, WIDE))
    em = np.maximum(width / columns, height / INNER)  # em per field pixel, for each face
    block = np.zeros((len(atlas.faces), SIZE, columns + 2 * MARGIN), np.uint8)
    for f in range(len(atlas.faces)):
        for k, glyph in enumerate(which):
            if not inked[f, k]:
                continue
            g_left, g_top, g_right, g_bottom = metrics[f, k, 1:]
            wide, high = g_right - g_left, g_bottom - g_top
            unit = pitch(wide, high)
            x = (
                block.shape[2] / 2
                + (pens[f, k] + (g_left + g_right) / 2 - (left[f] + right[f]) / 2) / em[f]
            )
            y = SIZE / 2 + ((g_top + g_bottom) / 2 - (top[f] + bottom[f]) / 2) / em[f]
            stamp(
                block[f],
                atlas.cells[f, glyph],
                x,
                y,
                wide / unit / 2,
                high / unit / 2,
                em[f] / unit,
            )
    return block
