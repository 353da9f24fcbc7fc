"""Binding of meshes to a head.

Each vertex follows the three corners of the triangle nearest to it, or one vertex, and keeps its
offset.
"""

import numpy as np
from hair_mesh import Mesh
from hair_scalp import Array
from numpy.typing import NDArray
from scipy.spatial import cKDTree


class Anchors:
    """The triangles of a head that may carry parts, found by the nearest of many points on them."""

    def __init__(
        self,
        vertices: Array,
        faces: NDArray[np.int64],
        rng: np.random.Generator,
        samples: int = 80_000,
    ) -> None:
        self.vertices, self.faces = vertices, faces
        a, b, c = (vertices[faces[:, k]] for k in range(3))
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        self.face = rng.choice(len(faces), samples, p=area / area.sum())
        self.weight = rng.dirichlet(np.ones(3), samples)
        self.tree = cKDTree(np.einsum("nk,nki->ni", self.weight, vertices[faces[self.face]]))

    def bind(self, part: Mesh) -> tuple[NDArray[np.int64], NDArray[np.float16], Array]:
        """Bind vertices: anchors [V, 3], weights [V, 3] as stored, and offsets [V, 3].

        The offsets make up for the rounding of the weights.
        """
        _, near = self.tree.query(part.vertices)
        anchors = np.where(part.anchors >= 0, part.anchors, self.faces[self.face[near]])
        weights = np.where(part.anchors >= 0, part.weights, self.weight[near]).astype(np.float16)
        carried = np.einsum("nk,nki->ni", weights.astype(float), self.vertices[anchors])
        return anchors, weights, part.vertices - carried
