"""Repairs where single targets fail: lids that cut into the eyeball, and a mouth that shows."""

import numpy as np
from head_eyes import placed
from head_source import Floats, Ints, Source
from head_surface import TEETH, lookup, smoothstep, triangles, vertex_normals
from scipy.spatial import cKDTree

LID = 1.07
"""Lids are kept this many radii from the eye's centre."""
TEETH_BACK, UPPER_DOWN, LOWER_DOWN, TEETH_WIDTH = 0.04, 0.035, 0.05, 0.94
"""Shift of the teeth back and down in decimetres, and factor of their width: they met the lips."""
LIPS = 0.004
"""Decimetres between closed lips."""
LIFTED = {"african_male_old": 0.2}
"""Corner heads whose lids cover the pupil, and their extra opening as a share of closing."""
CAVITY, TONGUE, MOUTH = 0.6, 0.7, 6.62
"""Factors of the mouth's inside and of the tongue, which showed through small heads.

They are of the width and height behind the lips and of the tongue's height, about this y in the
base mesh.
"""


def inside_mouth(source: Source) -> np.ndarray:
    """The inside of the mouth by the source's mask, and the tongue: bool [19158]."""
    inside = lookup(source.picture("mpfb_inside-mouth.jpg"), source.texture) > 0.5
    inside[np.unique(source.quads("body")).max() + 1 :] = False
    inside[np.unique(source.quads("helper-tongue"))] = True
    return inside


def inner_shift(source: Source) -> Floats:
    """Constant shift of teeth and mouth, [19158, 3]."""
    v = source.vertices
    shift = np.zeros_like(v)
    walls = inside_mouth(source)
    tongue = np.unique(source.quads("helper-tongue"))
    walls[tongue] = False
    narrow = smoothstep(1.4, 1.15, v[:, 2]) * walls * (1 - CAVITY)
    shift[:, 0] = -narrow * v[:, 0]
    shift[:, 1] = -narrow * (v[:, 1] - MOUTH)
    shift[tongue, 1] = (TONGUE - 1) * (v[tongue, 1] - MOUTH)
    for group, down in zip(TEETH, (UPPER_DOWN, LOWER_DOWN), strict=True):
        index = np.unique(source.quads(group))
        shift[index] = [0, -down, -TEETH_BACK]
        shift[index, 0] = (TEETH_WIDTH - 1) * v[index, 0]
    return shift


class Lips:
    """The repair that closes the gap between the lips."""

    def __init__(self, source: Source) -> None:
        v = source.vertices
        quads = source.quads("body")
        near = np.flatnonzero(
            (np.abs(v[:, 1] - 6.605) < 0.05) & (v[:, 2] > 1.35) & (np.abs(v[:, 0]) < 0.25)
        )
        near = near[near < source.quads("body").max() + 1]
        normal = vertex_normals(v, triangles(v, quads))
        upper, lower = near[normal[near, 1] < -0.5], near[normal[near, 1] > 0.5]
        distance, index = cKDTree(v[lower]).query(v[upper])
        back, home = cKDTree(v[upper]).query(v[lower])
        one, two = distance < 0.03, back < 0.03
        self.pairs = np.concatenate(
            [
                np.stack([upper[one], lower[index[one]]], 1),
                np.stack([upper[home[two]], lower[two]], 1),
            ]
        )
        self.graph = Neighbours(quads, len(v))

    def close(self, points: Floats) -> Floats:
        """Displacement [19158, 3] that brings opposite vertices of the lips to LIPS of each other.

        It fades over the lips.
        """
        upper, lower = self.pairs.T
        half = np.clip(points[upper, 1] - points[lower, 1] - LIPS, 0, 0.1) / 2
        fixed = np.zeros(len(points))
        np.minimum.at(fixed, upper, -half)
        np.maximum.at(fixed, lower, half)
        return np.stack(
            [
                np.zeros_like(fixed),
                self.graph.spread(fixed, self.pairs.ravel(), 4),
                np.zeros_like(fixed),
            ],
            1,
        )


class Neighbours:
    """Averages over the neighbours of vertices."""

    def __init__(self, faces: Ints, count: int) -> None:
        edges = np.concatenate(
            [np.stack([faces[:, k], np.roll(faces, -1, 1)[:, k]], 1) for k in range(faces.shape[1])]
        )
        self.edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
        self.count = np.maximum(np.bincount(self.edges[:, 0], minlength=count), 1)

    def mean(self, values: Floats) -> Floats:
        return np.bincount(self.edges[:, 0], values[self.edges[:, 1]], len(values)) / self.count

    def spread(self, values: Floats, fixed: Ints, rounds: int) -> Floats:
        """`values` at the vertices `fixed`, averages of neighbours elsewhere, after some rounds."""
        result = values.copy()
        for _ in range(rounds):
            result = self.mean(result)
            result[fixed] = values[fixed]
        return result


class Lids:
    """The repair that pushes lids out of the eyeballs."""

    def __init__(self, source: Source, neutral: Floats) -> None:
        self.source = source
        faces = triangles(neutral, source.quads("body"))
        self.faces = faces[(source.vertices[faces, 1] > 6.9).all(1)]
        normal = vertex_normals(neutral, self.faces)
        self.graph = Neighbours(self.faces, len(neutral))
        self.outer = []
        for centre, axes in zip(*placed(source, neutral), strict=True):
            q = (neutral - centre) / axes
            self.outer.append(
                (np.sum(q * normal, 1) > 0.35) & (np.linalg.norm(q, axis=1) < 1.7) & (q[:, 2] > 0.1)
            )

    def push(self, points: Floats, eyes: tuple[Floats, Floats], margin: float = LID) -> Floats:
        """Displacement [19158, 3] that brings the lids' outer side to `margin` radii.

        It is smoothed so that it leaves no dents.
        """
        total = np.zeros_like(points)
        for outer, centre, axes in zip(self.outer, *eyes, strict=True):
            q = (points - centre) / axes
            radius = np.maximum(np.linalg.norm(q, axis=1), 1e-6)
            need = np.where(outer & (q[:, 2] > 0), np.clip(margin - radius, 0, 0.4), 0.0)
            soft = need
            for _ in range(2):
                soft = (soft + self.graph.mean(soft)) / 2
            total += (q / radius[:, None]) * axes * np.maximum(need, soft * outer)[:, None]
        return total


def repaired(
    source: Source, start: Floats, moves: dict[str, Floats], corners: int
) -> tuple[Floats, dict[str, Floats]]:
    """Neutral and moves with closed lips and lids outside of the eyeballs, and `lids_half`.

    Closing moves lids along a straight line, which passes through the ball. `lids_half` is the
    extra move of half closed lids; its coefficient is 4 c (1 - c) for a closure of c.

    Args:
        corners: number of the first moves that are corner heads.
    """
    lids, lips = Lids(source, start), Lips(source)
    names = list(moves)[:corners]
    heads = {name: start + moves[name] for name in names}
    eyes = {name: placed(source, heads[name]) for name in names}
    for name, share in LIFTED.items():
        heads[name] = heads[name] - share * moves["eyes_closed"]
    for name in names:
        heads[name] = heads[name] + lids.push(heads[name], eyes[name]) + lips.close(heads[name])
    new_start = np.mean(list(heads.values()), axis=0)
    result = dict(moves) | {name: heads[name] - new_start for name in names}
    closed = moves["eyes_closed"]
    more = np.mean([lids.push(heads[n] + closed, eyes[n], LID + 0.02) for n in names], axis=0)
    result["eyes_closed"] = closed = closed + 1.15 * more
    for name in ("smile", "laugh", "sad", "angry", "disgusted"):  # they narrow the eyes
        result[name] = moves[name] + np.mean(
            [lids.push(heads[n] + moves[name], eyes[n]) for n in names], axis=0
        )
    result["lids_half"] = 1.15 * np.mean(
        [lids.push(heads[n] + 0.5 * closed, eyes[n], LID + 0.02) for n in names], axis=0
    )
    return new_start, result
