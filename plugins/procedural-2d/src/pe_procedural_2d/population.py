"""Hidden populations of the synthetic data sets: skewed, unlike uniform draws of the simulator."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pe_procedural_2d import GARMENTS
from pe_procedural_2d.preset import preset_of
from pe_procedural_2d.space import SPACE
from pe_sdk import Columns, Float, Seeds, narrowed, random

_TILE = "repeat:once,texture:plain|noise,texture_contrast:0..0.6,saturation:0..0.6,soft:0..0.7"
_ICON = "shape:icon,repeat:once,rotation:-20..20,ground:0.05..0.35,texture:plain,ink:0.6..1.1"


@dataclass(frozen=True)
class Population:
    """Labels with their constraints and shares, and the skew: the power of uniforms for numbers."""

    constraints: dict[str, str]
    shares: tuple[float, ...]
    skew: float


def population(name: str) -> Population:
    """The population named garments, icons or tiles.

    Raises:
        KeyError: the name is another.
    """
    return {
        "garments": Population(
            preset_of(GARMENTS), (0.16, 0.1, 0.1, 0.1, 0.1, 0.08, 0.1, 0.1, 0.06, 0.1), 1.8
        ),
        "icons": Population(
            {
                "polygon": f"{_ICON},waist:0..0.1,opening:0..0.2",
                "star": f"{_ICON},waist:0.5..1,opening:0..0.2,roundness:0..0.5",
                "ring": f"{_ICON},waist:0..0.1,opening:0.5..1,roundness:0.7..1,handle:0..0.2",
            },
            (0.5, 0.3, 0.2),
            1.8,
        ),
        "tiles": Population(
            {
                "sparse": f"{_TILE},shape:tissue,count:3..5,ink:0.6..0.9,accent:0.1..0.4",
                "dense": f"{_TILE},shape:tissue,count:7..9,ink:0.6..0.9,accent:0.1..0.4",
                "vessels": f"{_TILE},shape:vessels,ink:0.5..0.9,accent:0.1..0.4",
            },
            (0.5, 0.2, 0.3),
            1.8,
        ),
    }[name]


def drawn(people: Population, seeds: Seeds) -> tuple[NDArray[np.int64], Columns]:
    """Draw labels int64 [n] and the columns of the parameters, row i from seed i.

    Numbers are skewed towards one end of their range; which end depends only on the parameter.
    """
    edges = np.cumsum(people.shares)[:-1]
    labels = np.searchsorted(
        edges, random.uniforms(seeds, "population/label"), side="right"
    ).astype(np.int64)
    columns = {name: p.column(np.zeros(len(seeds))) for name, p in SPACE.items()}
    for code, (label, text) in enumerate(people.constraints.items()):
        rows = np.flatnonzero(labels == code)
        for index, (name, parameter) in enumerate(narrowed(SPACE, text, label).items()):
            u = random.uniforms(seeds[rows], f"population/{name}")
            if isinstance(parameter, Float) and not parameter.wrap:
                u = u**people.skew if index % 2 else 1.0 - (1.0 - u) ** people.skew
            columns[name][rows] = parameter.sample(u)
    return labels, columns


def degraded(pictures: NDArray[np.uint8], seeds: Seeds) -> NDArray[np.uint8]:
    """Degrade pictures as another camera would: shifted by up to two pixels, blurred, noisy.

    uint8 [n, H, W, C], row i by seed i.
    """
    n, height, width, channels = pictures.shape
    shift = random.integers(seeds, "camera/shift", 5, size=2) - 2
    down = np.clip(np.arange(height)[None] - shift[:, :1], 0, height - 1)
    across = np.clip(np.arange(width)[None] - shift[:, 1:], 0, width - 1)
    moved = pictures[np.arange(n)[:, None, None], down[:, :, None], across[:, None, :]].astype(
        np.float64
    )
    weight = 0.2 * random.uniforms(seeds, "camera/blur")[:, None, None, None]
    for axis in (1, 2):
        beside = np.concatenate([moved.take([0], axis), moved, moved.take([-1], axis)], axis)
        size = moved.shape[axis]
        around = beside.take(range(size), axis) + beside.take(range(2, size + 2), axis)
        moved = moved + weight * (around - 2.0 * moved)
    noise = random.normals(seeds, "camera/noise", size=height * width * channels).reshape(
        moved.shape
    )
    level = 10.0 * random.uniforms(seeds, "camera/level")[:, None, None, None]
    noisy: NDArray[np.float64] = np.clip(np.rint(moved + level * noise), 0, 255)
    return noisy.astype(np.uint8)
