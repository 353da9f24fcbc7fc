"""What a net is to read off the pictures of given parameters; for its training and its tests."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.appearance import shown_facial_hair
from pe_pyrender_faces.reading import CHROMA, LAYOUT
from pe_pyrender_faces.space import SPACE

Columns = Mapping[str, NDArray[Any]]


def targets(columns: Columns) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """What is to be read off the pictures of these parameters: numbers float32 [n, len(LAYOUT.numbers)] and codes [n, choices]."""
    known = dict(columns) | {"facial_hair": shown_facial_hair(columns)}
    for name in CHROMA:
        angle, radius = np.radians(columns[f"{name}_hue"]), columns[f"{name}_saturation"]
        known[f"{name}_cos"], known[f"{name}_sin"] = np.cos(angle) * radius, np.sin(angle) * radius
    numbers = [
        2 * SPACE[n].distance(np.full(1, SPACE[n].low), known[n]) - 1 if n in SPACE else known[n]
        for n in LAYOUT.numbers
    ]
    return np.stack(numbers, axis=1).astype(np.float32), np.stack(
        [known[n] for n in LAYOUT.choices], axis=1
    )
