"""The simulator: from labels to texts, to faces that can write them, to pictures."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pe_sdk import CannotMake, Columns, OutputSpec, PluginWarning, Seeds, Simulator
from pe_text_render.atlas import Atlas
from pe_text_render.kernel import render
from pe_text_render.layout import lay_out
from pe_text_render.space import NUMERIC, space_of

FINE = 24
"""Smaller pictures are drawn with at least this many sub-pixels a side, then averaged."""


class TextSimulator(Simulator):
    """White text on black. Row i of the pictures depends, bit for bit, on row i of the arguments.

    Args:
        output: an image of at least 8 x 8 pixels with 1 or 3 channels (three equal ones).
        texts: the text to write for each label.
        atlas: faces to write with; those that lack a character are left out, with one warning.

    Raises:
        CannotMake: another output, an empty text, or no face that has all characters.
    """

    def __init__(self, output: OutputSpec, texts: Sequence[str], atlas: Atlas) -> None:
        if output.kind != "image" or output.dtype != "uint8" or len(output.shape) != 3:
            raise CannotMake(
                f"text-render makes uint8 images, not {output.kind} of {output.dtype} "
                f"{list(output.shape)}"
            )
        height, width, channels = output.shape
        if min(height, width) < 8 or channels not in (1, 3):
            raise CannotMake(
                "text-render needs 8 x 8 pixels or more and 1 or 3 channels, "
                f"got {list(output.shape)}"
            )
        atlas = writing(atlas, texts)
        self.output = output
        self.faces = atlas.faces
        self.space = space_of(tuple(face.name for face in atlas.faces))
        self._fields = lay_out(atlas, texts)
        self._oversample = -(-FINE // min(height, width))

    def render(self, params: Columns, labels: NDArray[np.int64], seeds: Seeds) -> NDArray[np.uint8]:
        fields = self._fields
        height, width, channels = self.output.shape
        pictures = np.empty((len(labels), height, width), np.uint8)
        numbers = np.stack([np.asarray(params[name], np.float64) for name in NUMERIC], axis=1)
        fonts = np.asarray(params["font"], np.int64)
        texts = np.asarray(labels, np.int64)
        # the compiled code checks positions in a field, but not these values
        if not np.isfinite(numbers).all():
            raise ValueError("parameters must be finite numbers")
        if len(texts) and not (texts.min() >= 0 and texts.max() < len(fields.start)):
            raise ValueError(f"labels must lie in 0..{len(fields.start) - 1}")
        if len(fonts) and not (fonts.min() >= 0 and fonts.max() < len(self.faces)):
            raise ValueError(f"fonts must lie in 0..{len(self.faces) - 1}")
        render(
            fields.values,
            fields.start,
            fields.shape,
            fields.measures,
            texts,
            fonts,
            numbers,
            self._oversample,
            pictures,
        )
        return (
            np.repeat(pictures[..., None], channels, axis=3)
            if channels > 1
            else pictures[..., None]
        )


def writing(atlas: Atlas, texts: Sequence[str]) -> Atlas:
    """The faces that have every character of every text; warns once about those left out.

    Raises:
        CannotMake: a text has no visible character, or no face is left.
    """
    if blank := [text for text in texts if not text.strip()]:
        raise CannotMake(
            f"nothing to write for the text {blank[0]!r}; give one with --set texts.LABEL=TEXT"
        )
    needed = sorted(set("".join(texts)))
    unknown = [char for char in needed if char not in atlas.chars]
    if unknown:
        raise CannotMake(
            f"no face has {''.join(unknown)!r}; choose other texts, or fonts that have them: "
            "--set fonts=DIR"
        )
    able = atlas.present[:, [atlas.chars.index(char) for char in needed]]
    rows = np.flatnonzero(able.all(1))
    if not len(rows):
        lacking = "".join(
            char for char, column in zip(needed, able.T, strict=True) if not column.any()
        ) or "".join(needed)
        raise CannotMake(
            f"no face has all of {lacking!r}; choose other texts, or fonts that have them: "
            "--set fonts=DIR"
        )
    if len(rows) < len(atlas.faces):
        first = atlas.faces[int(np.flatnonzero(~able.all(1))[0])].name
        warnings.warn(
            f"text-render: {len(atlas.faces) - len(rows)} of {len(atlas.faces)} faces lack a "
            f"character of the texts and are left out, {first!r} among them",
            PluginWarning,
            stacklevel=2,
        )
    return atlas.take(rows)
