"""Coefficients of the head's basis, from the parameters of a person and an expression."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.head import load_head

Floats = NDArray[np.float32]

EXPRESSIONS = ("neutral", "smile", "laugh", "sad", "angry", "surprised", "disgusted", "pout")
"""Choices of the column `expression`, in the order of their codes."""

YOUNG, OLD = 25.0, 90.0
"""Ages of the corner heads in years (MakeHuman: human.py, getAgeYears)."""
YOUNGEST = -0.12
"""Extrapolation of a head younger than `YOUNG`, as a share of the way to `OLD`."""
STRONG_LIDS = {"laugh": 0.45, "smile": 0.2, "sad": 0.15, "angry": 0.3, "disgusted": 0.4}
"""Share of the way to closed eyes of an expression by itself; closing covers only the rest."""
WIDE, WIDE_OLD = 0.2, 0.15
"""Extra opening of the lids, as a share of the way to closed, and its increase with age.

MakeHuman's lids lie on the pupil.
"""
OPEN_MOUTH = {"laugh": 0.6, "surprised": 0.75, "pout": 0.5, "disgusted": 0.3}
"""Share by which an expression reduces `mouth_open`.

It opens the mouth itself, or needs it nearly shut.
"""


def coefficients(columns: Mapping[str, NDArray[Any]]) -> Floats:
    """Coefficients float32 [n, B] in the order of `Head.basis_names`, each row by itself.

    Args:
        columns: arrays [n]: `sex`, `weight`, `african`, `asian` in 0..1, `age` in years,
            `identity_1`.. in -1..1, `expression` codes into `EXPRESSIONS`, `intensity`,
            `mouth_open`, `eyelids` in 0..1, `brows` in -1..1.

    Raises:
        KeyError: a column is missing.
    """
    names = load_head(32).basis_names
    shares = _shares({name: np.asarray(column) for name, column in columns.items()}, names)
    return np.stack([np.asarray(shares[name], np.float32) for name in names], axis=1)


def _shares(columns: Mapping[str, NDArray[Any]], names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    found = _person(columns)
    found |= {name: columns[name] for name in names if name.startswith("identity_")}
    return found | _face(columns)


def _person(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Multilinear weights of the corner heads, and of thin and heavy."""
    sex = {"female": 1 - columns["sex"], "male": columns["sex"]}
    old = _old(columns)
    age = {"young": 1 - old, "old": old}
    african, asian = columns["african"], columns["asian"]
    ancestry = {
        "african": african,
        "asian": (1 - african) * asian,
        "european": (1 - african) * (1 - asian),
    }
    found = {
        f"{a}_{s}_{y}": ancestry[a] * sex[s] * age[y] for a in ancestry for s in sex for y in age
    }
    amount = {
        "thin": np.maximum(1 - 2 * columns["weight"], 0),
        "heavy": np.maximum(2 * columns["weight"] - 1, 0),
    }
    return found | {f"{name}_{s}": amount[name] * sex[s] for name in amount for s in sex}


def _old(columns: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Share of the way from the young to the old corner heads."""
    return np.asarray(np.maximum((columns["age"] - YOUNG) / (OLD - YOUNG), YOUNGEST))


def _face(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Intensities of the named expression, and what it leaves for mouth, lids and brows."""
    code, intensity = columns["expression"], columns["intensity"]
    found = {
        name: np.where(code == k, intensity, 0.0)
        for k, name in enumerate(EXPRESSIONS)
        if name != "neutral"
    }
    lids = sum(found[name] * share for name, share in STRONG_LIDS.items())
    mouth = sum(found[name] * share for name, share in OPEN_MOUTH.items())
    brows, closed = columns["brows"], columns["eyelids"] * (1 - lids)
    wide = (WIDE + WIDE_OLD * _old(columns)) * (1 - columns["eyelids"]) * (1 - lids)
    return found | {
        "mouth_open": columns["mouth_open"] * (1 - mouth),
        "eyes_closed": closed - wide,
        "lids_half": 4 * closed * (1 - closed),  # lids go round the eyeball, not through it
        "brows_up": np.maximum(brows, 0),
        "brows_down": np.maximum(-brows, 0),
    }
