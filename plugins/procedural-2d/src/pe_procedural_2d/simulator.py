"""The simulator: from columns of parameters to pictures."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pe_procedural_2d.paint import render
from pe_procedural_2d.space import SPACE
from pe_procedural_2d.surface import LATTICE
from pe_sdk import (
    CannotMake,
    Categorical,
    Columns,
    Int,
    OutputSpec,
    ParameterSpace,
    Seeds,
    Simulator,
    random,
)

_ROW = np.dtype(
    [
        (name, np.int64 if isinstance(p, Categorical | Int) else np.float64)
        for name, p in SPACE.items()
    ]
)


class ShapeSimulator(Simulator):
    """Shapes on a ground. Row i of a picture is a function, bit for bit, of row i of the arguments.

    Args:
        output: an image of at least 8 x 8 pixels with 1 or 3 channels; a single channel is the
            luminance of colourless shapes.
        spaces: the space of each label, by its name.

    Raises:
        CannotMake: the output is another.
    """

    def __init__(self, output: OutputSpec, spaces: Mapping[str, ParameterSpace]) -> None:
        if output.kind != "image" or output.dtype != "uint8" or len(output.shape) != 3:
            raise CannotMake(
                "procedural-2d makes uint8 images, "
                f"not {output.kind} of {output.dtype} {list(output.shape)}"
            )
        height, width, channels = output.shape
        if min(height, width) < 8 or channels not in (1, 3):
            raise CannotMake(
                "procedural-2d needs at least 8 x 8 pixels and 1 or 3 channels, "
                f"got {list(output.shape)}"
            )
        self.output = output
        self.space = SPACE
        self._spaces = dict(spaces)

    def space_for(self, label: str) -> ParameterSpace:
        return self._spaces[label]

    def render(self, params: Columns, labels: NDArray[np.int64], seeds: Seeds) -> NDArray[np.uint8]:
        rows = np.empty(len(labels), _ROW)
        for name, parameter in SPACE.items():
            # The compiled code checks nothing: a value outside the space could reach other memory.
            if not parameter.contains(params[name]).all():
                raise ValueError(f"{name} has values outside the space")
            rows[name] = params[name]
        out = np.empty((len(labels), *self.output.shape), np.uint8)
        render(rows, random.uniforms(seeds, "procedural-2d", size=LATTICE * LATTICE), out)
        return out
