"""The simulator: from parameters to layers and colours, and on to pictures."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pe_avatars.drawing import FACE
from pe_avatars.kernel import composite
from pe_avatars.layers import build
from pe_avatars.parts import COLOURS, HATS
from pe_avatars.space import SPACE
from pe_sdk import (
    CannotMake,
    Categorical,
    Columns,
    OutputSpec,
    ParameterSpace,
    Seeds,
    Simulator,
    label_spaces,
)

FINE = 128
"""Least number of points a side of the grid on which layers are composited.

The grid also has at least two points a pixel.
"""


class AvatarSimulator(Simulator):
    """Avatars on white. Row i of a picture is a function, bit for bit, of row i of the parameters.

    Args:
        output: an image of at least 8 x 8 pixels with 1 or 3 channels; the crop is stretched to it.
        labels: label names.
        constraints: constraints by label name (see `pe_sdk.label_spaces`).

    Raises:
        CannotMake: the output is another, a constraint is invalid, or the parts or the rasteriser
            are not installed.
    """

    def __init__(
        self, output: OutputSpec, labels: tuple[str, ...], constraints: Mapping[str, str]
    ) -> None:
        if output.kind != "image" or output.dtype != "uint8" or len(output.shape) != 3:
            raise CannotMake(
                "avatars makes uint8 images, "
                f"not {output.kind} of {output.dtype} {list(output.shape)}"
            )
        height, width, channels = output.shape
        if min(height, width) < 8 or channels not in (1, 3):
            raise CannotMake(
                f"avatars needs at least 8 x 8 pixels and 1 or 3 channels, got {list(output.shape)}"
            )
        self.output = output
        self.space = SPACE
        self._spaces = label_spaces(SPACE, labels, constraints)
        self._grid = tuple(side * max(2, -(-FINE // side)) for side in (height, width))
        self._layers = build(self._grid[1], self._grid[0])
        self._palettes = {
            name: np.array(
                [[int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)] for code in colours.values()],
                np.float32,
            )
            for name, colours in COLOURS.items()
        }
        tops = SPACE["top"]
        assert isinstance(tops, Categorical)
        self._is_hat = np.array([choice in HATS for choice in tops.choices])

    def space_for(self, label: str) -> ParameterSpace:
        return self._spaces[label]

    def render(self, params: Columns, labels: NDArray[np.int64], seeds: Seeds) -> NDArray[np.uint8]:
        # The compiled code does not check its indices.
        if not SPACE.contains(params).all():
            raise ValueError("parameters of avatars must be codes of the choices in its space")
        codes = {name: np.asarray(column, np.int64) for name, column in params.items()}
        pictures = np.empty((len(labels), *self.output.shape), np.uint8)
        layers = self._layers
        chosen, colours = self._stack(codes)
        composite(layers.values, layers.start, layers.box, chosen, colours, *self._grid, pictures)
        return pictures

    def _stack(
        self, codes: Mapping[str, NDArray[np.int64]]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The layers of each avatar from back to front, and their colours."""
        layers = self._layers
        tint = {name: palette[codes[name]] for name, palette in self._palettes.items()}
        top = codes["top"]
        top_tint = np.where(self._is_hat[top][:, None], tint["hat_color"], tint["hair_color"])
        none = np.zeros_like(top_tint)
        stack = [
            (layers.parts["style"][codes["style"]], tint["background_color"]),
            (np.broadcast_to(layers.parts["body"], top.shape), tint["skin_color"]),
            (layers.parts["clothing"][codes["clothing"]], tint["clothing_color"]),
            *((layers.parts[part][codes[part]], none) for part in FACE),
            (layers.top[top, 0], top_tint),
        ]
        for place in (0, 1):
            bearded = layers.slots[top, place] == 1
            hanging = np.where(bearded, codes["facial_hair"], codes["accessory"])
            hanging = np.where(layers.slots[top, place] == 0, 0, hanging)
            stack.append(
                (
                    layers.hung[top, place, hanging],
                    np.where(bearded[:, None], tint["facial_hair_color"], none),
                )
            )
            stack.append((layers.top[top, place + 1], top_tint))
        chosen = np.stack([layer for layer, _ in stack], axis=1)
        return chosen, np.stack([colour for _, colour in stack], axis=1)
