"""The head's surface as triangles whose vertices are linear in those of MakeHuman's base mesh.

So a displacement of the base mesh is also one of the finer mesh: base vertices are kept, and new
ones are weighted sums of old ones.
"""

from dataclasses import dataclass

import numpy as np
from head_source import Floats, Ints, Source
from scipy.sparse import coo_matrix, csr_matrix, vstack

PIVOT = np.array([0.0, 6.62, 0.12])
"""Position of the origin in the base mesh: between the ears, at the top of the neck."""
BOTTOM, SIDE = 4.1, 2.75
"""The bust ends below this height and beyond this half width, in the base mesh."""
TEETH = ("helper-upper-teeth", "helper-lower-teeth")
UNDER = (0.05, 0.16)
"""Extent of the skin below the rim of the clothes in decimetres: first as is, then drawing back."""
SOCKET = 1.06
"""Skin that faces the eyeball within this many radii of its centre is the hidden socket."""


@dataclass(frozen=True)
class Mesh:
    """A mesh.

    Args:
        combine: sparse [V, vertices of the base mesh], rows sum to 1.
        faces: int64 [F, 3], counter-clockwise from outside.
    """

    combine: csr_matrix
    faces: Ints

    def points(self, base: Floats) -> Floats:
        """Values at the vertices, from those at the base mesh's vertices."""
        return np.asarray(self.combine @ base)


def triangles(points: Floats, quads: Ints) -> Ints:
    """Cut each quad along its shorter diagonal, or along the one with the higher end.

    The latter decides where both are about equal, so that left and right are cut alike.
    """
    a, b, c, d = (points[quads[:, k]] for k in range(4))
    first, second = np.linalg.norm(c - a, axis=1), np.linalg.norm(d - b, axis=1)
    higher = np.maximum(a[:, 1], c[:, 1]) > np.maximum(b[:, 1], d[:, 1])
    equal = np.abs(first - second) < 0.02 * (first + second)
    along = np.where(equal, higher, first < second)[:, None, None]
    one = np.stack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], 1)
    other = np.stack([quads[:, [0, 1, 3]], quads[:, [1, 2, 3]]], 1)
    return np.where(along, one, other).reshape(-1, 3)


def vertex_normals(points: Floats, faces: Ints) -> Floats:
    """Unit normals [V, 3], area-weighted; zero where a vertex has no face."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    total = np.zeros_like(points)
    for k in range(3):
        np.add.at(total, faces[:, k], normal)
    return total / np.maximum(np.linalg.norm(total, axis=1), 1e-12)[:, None]


def head_vertices(source: Source) -> Ints:
    """Vertices of the head's skin above the neck."""
    v = source.vertices
    body = np.unique(source.quads("body"))
    return body[v[body, 1] + 0.3 * v[body, 2] > 6.35]


def whole(source: Source, points: Floats, eyes: tuple[Floats, Floats]) -> Mesh:
    """Head, bust, teeth and tongue, without the insides of the eye sockets.

    Args:
        points: the neutral base mesh.
        eyes: centres and half axes of its eyeballs.
    """
    v = source.vertices
    body = source.quads("body")
    body = body[(v[body, 1].mean(1) > BOTTOM) & (np.abs(v[body, 0]).mean(1) < SIDE)]
    skin = triangles(points, body)
    normal = vertex_normals(points, skin)
    hidden = np.zeros(len(v), bool)
    for centre, axes in zip(*eyes, strict=True):
        q = (points - centre) / axes
        hidden |= (
            (np.linalg.norm(q, axis=1) < SOCKET) & (np.sum(q * normal, 1) < 0.2) & (q[:, 2] < 0.3)
        )
    skin = skin[~hidden[skin].all(1)]
    rest = [triangles(points, source.quads(group)) for group in (*TEETH, "helper-tongue")]
    faces = np.concatenate([skin, *rest])
    used, index = np.unique(faces, return_inverse=True)
    count = len(used)
    combine = coo_matrix((np.ones(count), (np.arange(count), used)), (count, len(v))).tocsr()
    return Mesh(combine, index.reshape(-1, 3))


def edges_of(faces: Ints) -> tuple[Ints, Ints]:
    """Unique edges [E, 2] with ascending ends, and the edges [F, 3] of each face.

    Edge k of a face is opposite to corner k.
    """
    all_edges = np.sort(np.stack([faces[:, [1, 2]], faces[:, [2, 0]], faces[:, [0, 1]]], 1), 2)
    unique, index = np.unique(all_edges.reshape(-1, 2), axis=0, return_inverse=True)
    return unique, index.reshape(-1, 3)


def cut(mesh: Mesh, value: Floats) -> tuple[Mesh, Floats]:
    """Split triangles where `value` [V] changes its sign.

    Returns:
        The mesh, and the values at its vertices (0 on the cut).
    """
    value = value.copy()
    edges, of = edges_of(mesh.faces)
    a, b = value[edges].T
    share = np.divide(a, a - b, out=np.zeros_like(a), where=a * b < 0)
    near = edges[(a * b < 0) & (share < 0.08), 0], edges[(a * b < 0) & (share > 0.92), 1]
    value[np.concatenate(near)] = 0  # cut through a vertex rather than beside it
    a, b = value[edges].T
    split = a * b < 0
    share = np.divide(a, a - b, out=np.zeros_like(a), where=split)[split]
    ends = mesh.combine[edges[split, 0]].multiply((1 - share)[:, None]) + mesh.combine[
        edges[split, 1]
    ].multiply(share[:, None])
    new = np.full(len(edges), -1)
    new[split] = mesh.combine.shape[0] + np.arange(split.sum())
    combine = vstack([mesh.combine, ends]).tocsr()
    return Mesh(combine, refined(mesh.faces, of, new)), np.concatenate(
        [value, np.zeros(int(split.sum()))]
    )


def dressed(mesh: Mesh, value: Floats) -> tuple[Mesh, Ints]:
    """Add a shell of clothes over the skin where `value` is negative; the skin ends below its rim.

    Returns:
        The cut mesh, and int64 [V]: 1 for clothes, -1 where the skin under them draws back,
        0 elsewhere.
    """
    for shift in (0.0, *UNDER):
        mesh, value = cut(mesh, value + shift)
        value = value - shift
    value = np.round(value, 9)
    shell = mesh.faces[value[mesh.faces].max(1) <= 0]
    skin = mesh.faces[value[mesh.faces].min(1) >= -UNDER[1]]
    own, index = np.unique(shell, return_inverse=True)
    faces = np.concatenate([skin, index.reshape(-1, 3) + len(value)])
    side = np.concatenate([np.where(value < -UNDER[0], -1, 0), np.ones(len(own), np.int64)])
    used, index = np.unique(faces, return_inverse=True)
    combine = vstack([mesh.combine, mesh.combine[own]]).tocsr()[used]
    return Mesh(combine, index.reshape(-1, 3)), side[used]


def refined(faces: Ints, of: Ints, new: Ints) -> Ints:
    """Split some edges of faces: the faces become two, three or four, without T-junctions.

    Args:
        of: [F, 3], edges of a face.
        new: [E], the vertex that splits an edge, or -1.
    """
    result = []
    for face, middle in zip(faces.tolist(), new[of].tolist(), strict=True):
        count = sum(m >= 0 for m in middle)
        if count == 0:
            result.append(face)
            continue
        # a: the corner whose opposite edge is the only one split, or the only one not split
        lone = count == 1
        turn = 0 if count == 3 else [m >= 0 for m in middle].index(lone)
        (a, b, c), (x, y, z) = face[turn:] + face[:turn], middle[turn:] + middle[:turn]
        if lone:
            result += [[a, b, x], [a, x, c]]
        elif count == 2:
            result += [[a, z, y], [z, b, y], [b, c, y]]
        else:
            result += [[a, z, y], [z, b, x], [y, x, c], [x, y, z]]
    return np.array(result)


def butterfly(mesh: Mesh, chosen: "np.ndarray") -> Mesh:
    """Split the chosen faces [F] in four, and their neighbours as needed; old vertices stay.

    The rule for a new vertex is that of Dyn, Levin and Gregory (A butterfly subdivision scheme,
    1990) with w = 1/16; on a border, or where a wing is missing, it is the middle of the edge.
    """
    edges, of = edges_of(mesh.faces)
    split = np.zeros(len(edges), bool)
    split[of[chosen].ravel()] = True
    # of an edge: (face, corner opposite to it)
    sides: list[list[tuple[int, int]]] = [[] for _ in edges]
    for f, three in enumerate(of.tolist()):
        for k, e in enumerate(three):
            sides[e].append((f, k))
    rows, columns, shares = [], [], []
    for row, e in enumerate(np.flatnonzero(split)):
        stencil = {int(edges[e, 0]): 0.5, int(edges[e, 1]): 0.5}
        wings = []
        if len(sides[e]) == 2:
            for f, k in sides[e]:
                stencil[int(mesh.faces[f, k])] = stencil.get(int(mesh.faces[f, k]), 0) + 0.125
                for near in (of[f, (k + 1) % 3], of[f, (k + 2) % 3]):
                    wings += [
                        int(mesh.faces[g, j])
                        for g, j in sides[near]
                        if g != f and len(sides[near]) == 2
                    ]
        if len(wings) == 4:
            for w in wings:
                stencil[w] = stencil.get(w, 0) - 0.0625
        else:
            stencil = {int(edges[e, 0]): 0.5, int(edges[e, 1]): 0.5}
        rows += [row] * len(stencil)
        columns += list(stencil)
        shares += list(stencil.values())
    count = int(split.sum())
    rule = coo_matrix((shares, (rows, columns)), (count, mesh.combine.shape[0])).tocsr()
    new = np.full(len(edges), -1)
    new[split] = mesh.combine.shape[0] + np.arange(count)
    return Mesh(vstack([mesh.combine, rule @ mesh.combine]).tocsr(), refined(mesh.faces, of, new))


def smoothstep(low: float, high: float, x: Floats) -> Floats:
    """A smooth step: 0 at low, 1 at high, level at both."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def lookup(picture: Floats, texture: Floats) -> Floats:
    """Bilinear samples [V] of a mask at texture coordinates [V, 2]."""
    height, width = picture.shape
    x = np.clip(texture[:, 0] * width - 0.5, 0, width - 1.001)
    y = np.clip((1 - texture[:, 1]) * height - 0.5, 0, height - 1.001)
    i, j = y.astype(int), x.astype(int)
    a, b = y - i, x - j
    upper = (1 - b) * picture[i, j] + b * picture[i, j + 1]
    lower = (1 - b) * picture[i + 1, j] + b * picture[i + 1, j + 1]
    return np.asarray((1 - a) * upper + a * lower)
