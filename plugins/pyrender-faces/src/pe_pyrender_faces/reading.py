"""What a face says at sight: the parameters as numbers to be read off a picture, and how much each counts between two faces."""

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
"""How much a parameter counts; 0.3 where nothing is said. People before pictures: who it is, what it does, then light and place."""

CHROMA = ("clothes", "background")
"""Hue and saturation together are a place in the plane of colours: hue alone means nothing where there is no colour."""


@dataclass(frozen=True)
class Layout:
    """What stands where in a vector of readings.

    Args:
        numbers: names of the numerical entries, which lie in -1..1.
        number_weights: float32 [len(numbers)].
        choices: names of the categorical parameters, whose entries are probabilities.
        counts: how many entries each has.
        choice_weights: a weight each.
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
