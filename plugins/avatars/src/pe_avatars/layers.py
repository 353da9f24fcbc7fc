"""Every part as a layer of pixels, linear in its colour.

In a drawing composited source-over, a pixel is an affine function of the colour of an area:
pixel = fixed + weight x colour. Two drawings, with the area black and white, determine both; no
other colour is ever drawn.
"""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from pe_avatars import drawing
from pe_avatars.parts import CHOICES
from pe_avatars.raster import draw

PLANES = 5
"""Planes of a layer: fixed red, green and blue, weight of the colour, alpha.

All are premultiplied, 0..255.
"""


@dataclass(frozen=True)
class Layers:
    """All layers, and which of them make up a choice.

    Args:
        values: uint8 [total], the layers one after the other, each [5, height, width] of its box.
        start: int64 [layers], where each begins.
        box: int64 [layers, 4], top, left, height and width of each in the grid; an empty layer has
            height 0.
        parts: layers of a part by choice, int64 [choices]: style, body (one), clothing, mouth,
            nose, eyes, eyebrows.
        top: int64 [tops, 3], the layers before, between and after the two places of a top.
        slots: int64 [tops, 2], the part in each place: 0 none, 1 facial hair, 2 accessory.
        hung: int64 [tops, 2, choices], the layer of each choice in each place.
    """

    values: NDArray[np.uint8]
    start: NDArray[np.int64]
    box: NDArray[np.int64]
    parts: dict[str, NDArray[np.int64]]
    top: NDArray[np.int64]
    slots: NDArray[np.int64]
    hung: NDArray[np.int64]


class _Builder:
    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.chunks: list[NDArray[np.uint8]] = []
        self.boxes: list[tuple[int, int, int, int]] = []
        self.known: dict[tuple[str, str, tuple[float, float]], int] = {}

    def add(self, document: Element, area: str) -> int:
        """Draw a layer, keep the pixels in its bounding box and return the layer's number."""
        black = draw(drawing.colour(document, area, "#000000"), *self.size)
        white = draw(drawing.colour(document, area, "#FFFFFF"), *self.size) if area else black
        weight = (
            np.rint((white[..., :3].astype(float) - black[..., :3]).mean(2))
            .clip(0, 255)
            .astype(np.uint8)
        )
        planes = np.stack([*np.moveaxis(black[..., :3], 2, 0), weight, black[..., 3]])
        rows, columns = (np.flatnonzero(planes.any(axis=axes)) for axes in ((0, 2), (0, 1)))
        if len(rows):
            top, left, bottom, right = rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
        else:
            top = left = bottom = right = 0
        self.boxes.append((int(top), int(left), int(bottom - top), int(right - left)))
        self.chunks.append(planes[:, top:bottom, left:right].ravel())
        return len(self.boxes) - 1

    def hang(self, part: str, choice: str, offset: tuple[float, float]) -> int:
        key = (part, choice, offset)
        if key not in self.known:
            area = drawing.area_of(part, choice)
            self.known[key] = self.add(
                drawing.hung(part, choice, offset), area and f"{part}.{area}"
            )
        return self.known[key]


def build(width: int, height: int) -> Layers:
    """Draw all layers on a grid of width x height."""
    builder = _Builder(width, height)
    parts = {
        "style": [
            builder.add(drawing.background(s), "style.Background-Color") for s in CHOICES["style"]
        ],
        "body": [builder.add(drawing.body(), "style.Skin-Color")],
        "clothing": [
            builder.add(drawing.placed("clothing", c), "clothing.Fabric-Color")
            for c in CHOICES["clothing"]
        ],
        **{
            part: [builder.add(drawing.placed(part, c), "") for c in CHOICES[part]]
            for part in drawing.FACE
        },
    }
    nothing = builder.hang("accessory", "none", (0.0, 0.0))
    kinds = ("facial_hair", "accessory")
    most = max(len(CHOICES[kind]) for kind in kinds)
    tops = np.full((len(CHOICES["top"]), 3), nothing)
    slots = np.zeros((len(CHOICES["top"]), 2), np.int64)
    hung = np.full((len(CHOICES["top"]), 2, most), nothing)
    for i, choice in enumerate(CHOICES["top"]):
        split = drawing.top(choice)
        area = f"top.{drawing.area_of('top', choice)}"
        for j, segment in enumerate(split.segments):
            tops[i, j] = builder.add(segment, area)
        for j, (kind, offset) in enumerate(split.slots):
            slots[i, j] = 1 + kinds.index(kind)
            for k, hanging in enumerate(CHOICES[kind]):
                hung[i, j, k] = builder.hang(kind, hanging, offset)
    sizes = np.array([len(chunk) for chunk in builder.chunks])
    return Layers(
        np.concatenate(builder.chunks),
        np.cumsum(sizes) - sizes,
        np.array(builder.boxes, np.int64),
        {part: np.array(layers, np.int64) for part, layers in parts.items()},
        tops.astype(np.int64),
        slots,
        hung.astype(np.int64),
    )
