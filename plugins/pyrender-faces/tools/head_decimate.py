"""Progressive simplification: edges collapse onto one of their ends.

The vertices of every coarser level are therefore some of the finer level's. The error is the
quadric one of Garland and Heckbert (SIGGRAPH 1997), summed over several poses of the head as in
Mohr and Gleicher (Deformation sensitive decimation, 2003), times an importance for each vertex. As
no vertex moves, displacements and masks carry over without interpolation, and a closed mesh stays
closed.
"""

import heapq
from collections.abc import Sequence

import numpy as np
from head_source import Floats, Ints

BORDER = 20.0
"""Weight of the planes that keep a border in its place."""


def quadrics(poses: Floats, faces: Ints) -> Floats:
    """Area-weighted sums [V, P, 4, 4] of outer products of the planes around each vertex."""
    total = np.zeros((poses.shape[1], len(poses), 4, 4))
    for p, points in enumerate(poses):
        a, b, c = points[faces].transpose(1, 0, 2)
        normal = np.cross(b - a, c - a)
        area = np.linalg.norm(normal, axis=1)
        normal /= np.maximum(area, 1e-12)[:, None]
        plane = np.concatenate([normal, -np.sum(normal * a, 1)[:, None]], 1)
        outer = plane[:, :, None] * plane[:, None, :] * area[:, None, None]
        edges = np.concatenate(
            [np.stack([faces[:, i], faces[:, (i + 1) % 3]], 1) for i in range(3)]
        )
        of = np.tile(np.arange(len(faces)), 3)
        key = np.sort(edges, 1)
        _, index, count = np.unique(key, axis=0, return_inverse=True, return_counts=True)
        rim = count[index.ravel()] == 1
        along = points[edges[rim, 1]] - points[edges[rim, 0]]
        wall = np.cross(along, normal[of[rim]])
        wall /= np.maximum(np.linalg.norm(wall, axis=1), 1e-12)[:, None]
        side = np.concatenate([wall, -np.sum(wall * points[edges[rim, 0]], 1)[:, None]], 1)
        border = side[:, :, None] * side[:, None, :] * (BORDER * np.sum(along**2, 1))[:, None, None]
        for k in range(3):
            np.add.at(total[:, p], faces[:, k], outer)
        for k in range(2):
            np.add.at(total[:, p], edges[rim, k], border)
    return total


class Collapser:
    """A mesh that loses vertices one by one."""

    def __init__(self, poses: Floats, faces: Ints, importance: Floats, length: float) -> None:
        """Start from a mesh.

        Args:
            poses: [P, V, 3].
            faces: [F, 3].
            importance: [V].
            length: weight of squared edge length against squared distance.
        """
        self.points = np.ascontiguousarray(poses.transpose(1, 0, 2))
        self.quadric = quadrics(poses, faces)
        self.weight = importance.copy()
        self.length = length
        self.faces = faces.copy()
        self.alive = np.ones(len(faces), bool)
        self.around: list[set[int]] = [set() for _ in range(len(self.points))]
        for f, face in enumerate(faces.tolist()):
            for v in face:
                self.around[v].add(f)
        self.left = len(faces)
        self.stamp = np.zeros(len(self.points), np.int64)
        self.heap: list[tuple[float, int, int, int, int]] = []
        edges = np.unique(
            np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1),
            axis=0,
        )
        self._push(np.concatenate([edges, edges[:, ::-1]]))

    def _push(self, pairs: Ints) -> None:
        """Queue the collapse of each pair (gone, kept)."""
        gone, kept = pairs.T
        home = np.concatenate([self.points[kept], np.ones((len(kept), self.points.shape[1], 1))], 2)
        quadric = self.quadric[gone] + self.quadric[kept]
        error = np.einsum("npi,npij,npj->n", home, quadric, home) / self.points.shape[1]
        reach = np.sum((self.points[gone] - self.points[kept]) ** 2, (1, 2)) / self.points.shape[1]
        cost = self.weight[gone] * (np.maximum(error, 0) + self.length * reach**2)
        for c, a, b in zip(cost.tolist(), gone.tolist(), kept.tolist(), strict=True):
            heapq.heappush(self.heap, (c, a, b, int(self.stamp[a]), int(self.stamp[b])))

    def _neighbours(self, v: int) -> set[int]:
        return {int(u) for f in self.around[v] for u in self.faces[f]} - {v}

    def _allowed(self, gone: int, kept: int) -> bool:
        """Whether a collapse makes no fold, no sliver and no change of topology."""
        shared = self.around[gone] & self.around[kept]
        common = self._neighbours(gone) & self._neighbours(kept)
        if not shared or len(common) != len(shared):  # no longer an edge, or a handle would close
            return False
        if len(shared) == 2 and self._rim(gone):  # a border vertex must move along its border
            return False
        moving = list(self.around[gone] - shared)
        if not moving:
            return False
        before = self.faces[moving]
        after = np.where(before == gone, kept, before)
        old, new = self._normals(before), self._normals(after)
        sizes = np.linalg.norm(old, axis=2) * np.linalg.norm(new, axis=2)
        if np.any(np.sum(old * new, 2) < 0.2 * sizes):
            return False
        corner = self.points[after]
        longest = np.max(np.sum((corner - np.roll(corner, 1, 1)) ** 2, 3), 1)
        return bool(np.all(np.linalg.norm(new, axis=2) > 0.04 * longest))

    def _rim(self, v: int) -> bool:
        return len(self._neighbours(v)) != len(self.around[v])

    def _normals(self, faces: Ints) -> Floats:
        a, b, c = (self.points[faces[:, k]] for k in range(3))
        return np.cross(b - a, c - a)

    def run(self, faces: int) -> bool:
        """Collapse until at most `faces` are left; False if nothing more can be collapsed."""
        while self.left > faces:
            if not self.heap:
                return False
            _, gone, kept, stamp_gone, stamp_kept = heapq.heappop(self.heap)
            if (
                self.stamp[gone] != stamp_gone
                or self.stamp[kept] != stamp_kept
                or not self.around[gone]
            ):
                continue
            if self._allowed(gone, kept):
                self._collapse(gone, kept)
        return True

    def _collapse(self, gone: int, kept: int) -> None:
        for f in list(self.around[gone]):
            face = self.faces[f]
            if kept in face:
                self.alive[f] = False
                self.left -= 1
                for v in face:
                    self.around[int(v)].discard(f)
            else:
                face[face == gone] = kept
                self.around[kept].add(f)
        self.around[gone] = set()
        self.quadric[kept] += self.quadric[gone]
        self.weight[kept] = max(self.weight[kept], self.weight[gone])
        self.stamp[kept] += 1
        ring = self._neighbours(kept)
        pairs = [(kept, u) for u in ring] + [(u, kept) for u in ring]
        self._push(np.array(pairs))

    def current(self) -> Ints:
        """The remaining faces, [F, 3]."""
        return self.faces[self.alive]


def progressive(
    poses: Floats, faces: Ints, importance: Floats, counts: Sequence[int], evenness: float
) -> list[Ints]:
    """The faces [F, 3] that remain at each of the counts, which fall."""
    mesh = Collapser(poses, faces, importance, evenness)
    levels = []
    for count in counts:
        mesh.run(count)
        levels.append(mesh.current())
    return levels


def nested(levels: Sequence[Ints]) -> tuple[Ints, list[Ints]]:
    """Order the used vertices so that those of a coarser level come first.

    Args:
        levels: faces, the finest first.

    Returns:
        The vertices in that order, and the levels as indices into it.
    """
    order = np.zeros(0, np.int64)
    for level in levels[::-1]:
        order = np.concatenate([order, np.setdiff1d(level, order)])
    place = np.full(order.max() + 1, -1)
    place[order] = np.arange(len(order))
    return order, [place[level] for level in levels]
