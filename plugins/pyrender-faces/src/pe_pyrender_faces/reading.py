"""The readable parameters of a face as numbers, and their weights in the distance of two faces."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.space import SPACE
from pe_sdk import Categorical

_WEIGHTS = {
    **dict.fromkeys(
        ("sex", "age", "african", "asian", "skin", "yaw", "hair_melanin", "light_yaw"), 1.0
    ),
    **dict.fromkeys(("expression", "hair", "facial_hair", "glasses"), 1.0),
    **dict.fromkeys(("pitch", "zoom", "hair_grey", "background_value"), 0.8),
    **dict.fromkeys(
        ("mouth_open", "brows", "lipstick", "roll", "x", "y", "weight", "redness", "exposure"), 0.6
    ),
    **dict.fromkeys(("light_pitch", "light_key", "light_warmth", "hair_red"), 0.6),
    **dict.fromkeys(
        ("background_gradient", "background_fall", "clothes_value", "eyelids", "gaze_x", "gaze_y"),
        0.4,
    ),
}
"""Weights of the parameters; 0.3 for the others.

People come before pictures: identity, then expression, then light and place.
"""

CHROMA = ("clothes", "background")
"""Colours whose hue and saturation are read as a point in the plane of colours.

Hue by itself means nothing where there is no colour.
"""


@dataclass(frozen=True)
class Layout:
    """The layout of a vector of readings.

    Args:
        numbers: names of the numerical entries, which lie in -1..1.
        number_weights: float32 [len(numbers)].
        choices: names of the categorical parameters, whose entries are probabilities.
        counts: number of entries of each categorical parameter.
        choice_weights: weight of each categorical parameter.
    """

    numbers: tuple[str, ...]
    number_weights: NDArray[np.float32]
    choices: tuple[str, ...]
    counts: tuple[int, ...]
    choice_weights: tuple[float, ...]

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return len(self.numbers) + sum(self.counts)


def _layout() -> Layout:
    in_plane = tuple(f"{name}_{part}" for name in CHROMA for part in ("hue", "saturation"))
    numbers = [
        name for name, p in SPACE.items() if not isinstance(p, Categorical) and name not in in_plane
    ]
    numbers += [f"{name}_{axis}" for name in CHROMA for axis in ("cos", "sin")]
    choices = tuple(name for name, p in SPACE.items() if isinstance(p, Categorical))
    return Layout(
        tuple(numbers),
        np.array([_WEIGHTS.get(name, 0.3) for name in numbers], np.float32),
        choices,
        tuple(
            len(parameter.choices)
            for parameter in SPACE.values()
            if isinstance(parameter, Categorical)
        ),
        tuple(_WEIGHTS.get(name, 0.3) for name in choices),
    )


LAYOUT = _layout()
