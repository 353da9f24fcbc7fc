"""A population described by a file: parameter columns of invented people.

`assets/demo_faces.json` is an example of the format.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import Categorical, Columns, ParameterSpace, Seeds, random

Rule = Mapping[str, Any]
Array = NDArray[np.float64]


def draw_labels(population: Rule, seeds: Seeds) -> NDArray[np.int64]:
    """Draw a label for each person: int64 [n], positions in the order of the file."""
    return _weighted(list(population["labels"].values()), random.uniforms(seeds, "label"))


def draw_people(
    population: Rule, space: ParameterSpace, labels: NDArray[np.int64], seeds: Seeds
) -> Columns:
    """Draw the parameters of people with these labels.

    Args:
        population: the content of the file.
        space: the parameters to draw.
        labels: int64 [n].
        seeds: uint64 [n]. Row i of the result depends on row i of `labels` and `seeds` only.
    """
    names = list(population["labels"])
    columns: Columns = {}
    for name, parameter in space.items():
        where = random.uniforms(seeds, f"person/{name}", size=2)
        general = population["parameters"].get(name)
        if general is None and not isinstance(parameter, Categorical):
            general = population["others"]
        column = parameter.column(np.zeros(len(seeds)))
        if general is not None:
            column[:] = _drawn(general, parameter, where)
        for case in population["where"]:
            if name not in case["parameters"]:
                continue
            rows = (
                labels == names.index(case["label"])
                if "label" in case
                else (columns["sex"] >= case["sex"][0]) & (columns["sex"] < case["sex"][1])
            )
            column[rows] = _drawn(case["parameters"][name], parameter, where[rows])
        columns[name] = column
    return columns


def _drawn(rule: Rule, parameter: Any, where: Array) -> NDArray[Any]:
    """Draw values by a rule; `where` holds uniforms [n, 2], the second to choose in a mixture."""
    if "weights" in rule:
        codes = np.array([parameter.choices.index(name) for name in rule["weights"]])
        return np.asarray(codes[_weighted(list(rule["weights"].values()), where[:, 0])])
    if "mixture" in rule:
        part = _weighted([weight for weight, _ in rule["mixture"]], where[:, 1])
        values = np.stack([_drawn(inner, parameter, where) for _, inner in rule["mixture"]])
        return np.asarray(values[part, np.arange(len(part))])
    low, mode, high = rule["triangular"]
    return _triangular(low, mode, high, where[:, 0])


def _weighted(weights: list[float], uniform: Array) -> NDArray[np.int64]:
    edges = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(edges, uniform, side="right"), len(weights) - 1)


def _triangular(low: float, mode: float, high: float, uniform: Array) -> Array:
    """The triangular distribution by its inverse distribution function."""
    split = (mode - low) / (high - low)
    rising = low + np.sqrt(uniform * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - uniform) * (high - low) * (high - mode))
    return np.where(uniform < split, rising, falling)
