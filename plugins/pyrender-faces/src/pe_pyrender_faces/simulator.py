"""The simulator: from parameter columns to pictures."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.appearance import batch_of
from pe_pyrender_faces.backends import LARGEST, SMALLEST, make_renderer
from pe_pyrender_faces.labels import label_spaces
from pe_pyrender_faces.space import SPACE
from pe_sdk import CannotMake, Columns, OutputSpec, ParameterSpace, Seeds, Simulator


class FaceSimulator(Simulator):
    """Human heads. Row i of the pictures depends, bit for bit, on row i of the parameters.

    Args:
        output: an image of 16 to 512 pixels a side with 1 (luma) or 3 channels.
        labels: label names.
        asked: constraints of labels on the parameters (see `labels`).
        backend: auto, pyrender or numba.

    Raises:
        CannotMake: another output, an invalid constraint, or a backend that does not work here.
    """

    space = SPACE

    def __init__(
        self, output: OutputSpec, labels: tuple[str, ...], asked: Mapping[str, str], backend: str
    ) -> None:
        if output.kind != "image" or output.dtype != "uint8" or len(output.shape) != 3:
            raise CannotMake(
                f"pyrender-faces makes uint8 images, not {output.kind} of {output.dtype} "
                f"{list(output.shape)}"
            )
        height, width, channels = output.shape
        if min(height, width) < SMALLEST or max(height, width) > LARGEST or channels not in (1, 3):
            raise CannotMake(
                f"pyrender-faces needs {SMALLEST} to {LARGEST} pixels a side and 1 or 3 channels, "
                f"got {list(output.shape)}"
            )
        self._spaces = label_spaces(SPACE, labels, asked)
        self._channels = channels
        self._renderer = make_renderer(height, width, backend)

    def space_for(self, label: str) -> ParameterSpace:
        return self._spaces[label]

    def render(self, params: Columns, labels: NDArray[np.int64], seeds: Seeds) -> NDArray[np.uint8]:
        if not SPACE.contains(params).all():  # compiled code trusts its indices
            raise ValueError("parameters lie outside the space; clip them to its ranges")
        pictures = self._renderer.render(batch_of(params))
        return pictures if self._channels == 3 else luma(pictures)


def luma(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey values [n, H, W, 1] of colours [n, H, W, 3]: ITU-R BT.601 weights, in integers."""
    weighted = pictures.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)
    return ((weighted + 32768) >> 16).astype(np.uint8)[..., None]
