"""Target values of a network that reads pictures with known parameters, for training and tests."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.appearance import shown_facial_hair
from pe_pyrender_faces.reading import CHROMA, LAYOUT
from pe_pyrender_faces.space import SPACE
from pe_sdk import Float, Int

Columns = Mapping[str, NDArray[Any]]


def targets(columns: Columns) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The values to read from the pictures of these parameters.

    Returns:
        Numbers, float32 [n, len(LAYOUT.numbers)], and codes, [n, choices].
    """
    known = dict(columns) | {"facial_hair": shown_facial_hair(columns)}
    for name in CHROMA:
        angle, radius = np.radians(columns[f"{name}_hue"]), columns[f"{name}_saturation"]
        known[f"{name}_cos"], known[f"{name}_sin"] = np.cos(angle) * radius, np.sin(angle) * radius
    numbers = [_scaled(name, known[name]) for name in LAYOUT.numbers]
    return np.stack(numbers, axis=1).astype(np.float32), np.stack(
        [known[n] for n in LAYOUT.choices], axis=1
    )


def _scaled(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Values of a numerical parameter on a scale of -1 to 1; others as they are."""
    parameter = SPACE.get(name)
    if not isinstance(parameter, Float | Int):
        return values
    return 2 * parameter.distance(np.full(1, parameter.low), values) - 1
