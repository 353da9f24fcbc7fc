"""The basis of shape, from MakeHuman's targets.

It holds corner heads, thin and heavy, principal components of identity, and expressions. Every
function returns displacements [19158, 3] of the whole base mesh in decimetres. Macro targets also
move the body, so heads of different sizes would leave the origin: each is shifted so that the mean
of the head's skin stays. The shift is linear, so sums of targets stay exact.
"""

from collections.abc import Mapping

import numpy as np
from head_source import Floats, Ints, Source

SEXES, AGES, ANCESTRIES = ("female", "male"), ("young", "old"), ("african", "asian", "european")
MAKEHUMAN = {"african": "african", "asian": "asian", "european": "caucasian"}
"""Names of the ancestries in the source."""

HEAVY = {
    "head/head-fat-incr": 0.7,
    "neck/neck-double-incr": 0.5,
    "neck/neck-scale-horiz-incr": 0.25,
}
THIN = {"head/head-fat-decr": 0.7, "neck/neck-scale-horiz-decr": 0.2}
"""Corrections to the macro targets of weight, which end at the neck."""

EXPRESSIONS: Mapping[str, Mapping[str, float]] = {
    "smile": {"mouth-corner-puller": 0.8, "mouth-retraction": 0.25, "eye-slit": 0.2},
    "laugh": {
        "mouth-corner-puller": 0.75, "mouth-upward-retraction": 0.75, "mouth-open": 0.17,
        "eye-slit": 0.35,
    },
    "sad": {"mouth-depression": 0.75, "eyebrows-inner-up": 1.1, "eye-slit": 0.1},
    "angry": {
        "eyebrows-down": 1.2, "nose-elevation": 0.5, "nose-dilatation": 0.5,
        "mouth-depression": 0.35, "eye-slit": 0.2,
        "mouth-compression": 0.2,
    },
    "surprised": {"eyebrows-up": 1.3, "mouth-open": 0.4, "eye-opened-up": 0.65},
    "disgusted": {
        "nose-elevation": 1.0, "nose-compression": 0.6, "mouth-elevation": 0.4,
        "mouth-depression": 0.45,
        "eyebrows-down": 0.8, "eye-slit": 0.35,
    },
    "pout": {"mouth-pursing": 0.9, "mouth-eversion": 0.25, "eyebrows-down": 0.2},
    "mouth_open": {"mouth-open": 0.75},
    "eyes_closed": {"eye-closure": 1.0},
    "brows_up": {"eyebrows-up": 1.2},
    "brows_down": {"eyebrows-down": 1.1},
}  # fmt: skip
"""Units of each expression and their shares; a unit of the left and the right is used for both."""


def centred(moved: Floats, head: Ints) -> Floats:
    """Shift displacements so that the mean of the vertices `head` stays."""
    return moved - moved[head].mean(0)


def combine(source: Source, shares: Mapping[str, float]) -> Floats:
    return np.sum([share * source.target(name) for name, share in shares.items()], axis=0)


def corners(source: Source, head: Ints) -> dict[str, Floats]:
    """The 12 heads of sex, age and ancestry, at average weight and muscle."""
    found = {}
    for sex in SEXES:
        for age in AGES:
            body = source.target(f"macrodetails/universal-{sex}-{age}-averagemuscle-averageweight")
            for ancestry in ANCESTRIES:
                face = source.target(f"macrodetails/{MAKEHUMAN[ancestry]}-{sex}-{age}")
                found[f"{ancestry}_{sex}_{age}"] = centred(face + body, head)
    return found


def weights(source: Source, head: Ints) -> dict[str, Floats]:
    """Thin and heavy of each sex, averaged over age, as differences from the average weight."""
    found = {}
    for sex in SEXES:
        for name, end, more in (("thin", "min", THIN), ("heavy", "max", HEAVY)):
            total = combine(source, more)
            for age in AGES:
                stem = f"macrodetails/universal-{sex}-{age}-averagemuscle-"
                total += (
                    source.target(f"{stem}{end}weight") - source.target(f"{stem}averageweight")
                ) / len(AGES)
            found[f"{name}_{sex}"] = centred(total, head)
    return found


def units(source: Source, name: str) -> Floats:
    """A unit of expression, of both sides, averaged over the three ancestries."""
    side, _, rest = name.partition("-")
    total = np.zeros_like(source.vertices)
    for folder in MAKEHUMAN.values():
        stem = f"expression/units/{folder}/"
        both = (f"{stem}{side}-left-{rest}", f"{stem}{side}-right-{rest}")
        known = source.names(f"expression/units/{folder}")
        for target in both if both[0] in known else (f"{stem}{name}",):
            total += source.target(target) / len(MAKEHUMAN)
    return total


def expressions(source: Source) -> dict[str, Floats]:
    """Each expression at full intensity."""
    return {
        name: np.sum([share * units(source, unit) for unit, share in shares.items()], axis=0)
        for name, shares in EXPRESSIONS.items()
    }


LOCAL = {
    "nose": 0.26, "mouth": 0.2, "eyes": 0.22, "eyebrows": 0.26, "cheek": 0.26, "chin": 0.15,
    "ears": 0.18, "forehead": 0.2,
    "head": 0.12, "asym": 0.08,
}  # fmt: skip
"""Standard deviation of the sliders of each folder; MakeHuman's range from -1 to 1."""
LEFT_OUT = (
    "head-age", "head-fat", "head-trans", "head-angle", "nose-trans-out", "nose-trans-in",
    "mouth-trans-in", "mouth-trans-out",
    "shape-pointed", "shape-triangle", "breast", "trunk", "eye-push", "nubian", "scale-vert",
    "epicanthus", "eyefold-con",
)  # fmt: skip
"""Excluded targets.

They are not identity (another axis, or a shift of the head), are cartoons, or turn triangles of
the lids over.
"""
OPPOSITES = (
    ("incr", "decr"), ("up", "down"), ("in", "out"), ("forward", "backward"), ("convex", "concave"),
    ("compress", "uncompress"),
)  # fmt: skip
"""Name endings of a slider's two ends."""


def sliders(source: Source, head: Ints) -> list[tuple[float, Floats, Floats]]:
    """Sliders as (standard deviation, displacement at 1, displacement at -1).

    Left and right move together, except for `asym`.
    """
    found = []
    for folder, deviation in LOCAL.items():
        names = [n for n in source.names(folder) if not any(word in n for word in LEFT_OUT)]
        done: set[str] = set()
        for name in names:
            if name in done or "/r-" in name:
                continue
            stem, _, end = name.rpartition("-")
            other = next(
                (f"{stem}-{b if end == a else a}" for a, b in OPPOSITES if end in (a, b)), ""
            )
            if folder == "asym":
                other = f"{stem}-{'r' if end == 'l' else 'l'}"
            done |= {name, other}
            pair = [
                both_sides(source, n) if n in names else np.zeros_like(source.vertices)
                for n in (name, other)
            ]
            found.append((deviation, centred(pair[0], head), centred(pair[1], head)))
    return found


def both_sides(source: Source, name: str) -> Floats:
    """A target, together with its right counterpart if it is of the left side."""
    moved = source.target(name)
    return moved + source.target(name.replace("/l-", "/r-")) if "/l-" in name else moved


def identity(
    source: Source, head: Ints, importance: Floats, count: int, reach: float
) -> list[Floats]:
    """Principal components of random sliders, each scaled to `reach` standard deviations.

    Args:
        importance: [len(head)], weight of a vertex in the analysis.
        count: number of components.
    """
    random = np.random.default_rng(2026)
    pairs = sliders(source, head)
    dials = np.clip(random.normal(0, 1, (1500, len(pairs))), -2, 2) * np.array(
        [d for d, _, _ in pairs]
    )
    up, down = np.maximum(dials, 0), np.maximum(-dials, 0)
    dials = np.concatenate([up, down], 1)
    dials -= dials.mean(0)
    moved = np.stack([p for _, p, _ in pairs] + [m for _, _, m in pairs])
    seen = (moved[:, head] * np.sqrt(importance)[:, None]).reshape(len(moved), -1)
    root = np.linalg.cholesky(seen @ seen.T + 1e-9 * np.eye(len(seen)))
    left, _, _ = np.linalg.svd(dials @ root, full_matrices=False)
    components = []
    for k in range(count):
        score = left[:, k] * np.sqrt(len(dials))  # of unit variance
        component = np.tensordot(dials.T @ score / len(dials), moved, 1)
        components.append(component * np.sign(component[head].sum() or 1.0) * reach)
    return components


def basis(
    source: Source, head: Ints, importance: Floats, count: int = 10, reach: float = 2.0
) -> tuple[Floats, dict[str, Floats]]:
    """The neutral head's displacement (the mean of the corners), and the named ones from it."""
    heads = corners(source, head)
    neutral = np.mean(list(heads.values()), axis=0)
    named = {name: moved - neutral for name, moved in heads.items()} | weights(source, head)
    named |= {
        f"identity_{k + 1}": m
        for k, m in enumerate(identity(source, head, importance, count, reach))
    }
    return neutral, named | expressions(source)
