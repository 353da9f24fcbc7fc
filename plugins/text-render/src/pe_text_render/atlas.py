"""The glyph atlas: faces with the cells and metrics of their characters, shipped or user-made."""

import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pe_text_render.cells import SIZE, grow, pack, shrink, unpack

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PUNCTUATION = " .,:;!?'\"()-+=/&@#%*"
PARTS = {"digits": DIGITS, "others": LETTERS + PUNCTUATION}
"""Files of the shipped atlas: digits load without the rest."""
CHARS = "".join(PARTS.values())


@dataclass(frozen=True)
class Face:
    """One face.

    Args:
        name: unique name, the value of the parameter "font".
        family: family name in the font.
        style: style name in the font.
        handwriting: whether it looks handwritten.
        licence: SPDX expression.
        source: package that the face was taken from.
        version: version of that package.
        notice: file name in LICENSES.
    """

    name: str
    family: str
    style: str
    handwriting: bool
    licence: str
    source: str
    version: str
    notice: str


@dataclass(frozen=True)
class Atlas:
    """Glyphs of F faces for G characters.

    Args:
        faces: F faces.
        chars: G characters.
        cells: uint8 [F, G, SIZE, SIZE] (see `cells`).
        metrics: float32 [F, G, 5] in em (columns: see `cells`).
        present: bool [F, G], whether the face has the character.
    """

    faces: tuple[Face, ...]
    chars: str
    cells: NDArray[np.uint8]
    metrics: NDArray[np.float32]
    present: NDArray[np.bool_]

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> "Atlas":
        """The given faces, in that order."""
        index = np.asarray(rows, dtype=np.int64)
        faces = tuple(self.faces[i] for i in index)
        return Atlas(faces, self.chars, self.cells[index], self.metrics[index], self.present[index])


def join(parts: Iterable[Atlas]) -> Atlas:
    """Join atlases of the same faces into one with the union of their characters."""
    parts = list(parts)
    return Atlas(
        parts[0].faces,
        "".join(p.chars for p in parts),
        np.concatenate([p.cells for p in parts], axis=1),
        np.concatenate([p.metrics for p in parts], axis=1),
        np.concatenate([p.present for p in parts], axis=1),
    )


def write_part(path: Path, atlas: Atlas, small: bool) -> None:
    """Write glyphs (not the faces) as an LZMA-compressed npz; `small` stores `cells.shrink`."""
    members = {
        "chars": np.array(atlas.chars),
        "metrics": atlas.metrics,
        "present": atlas.present,
        "small": np.array(small),
    }
    for char, cells in zip(atlas.chars, np.moveaxis(atlas.cells, 1, 0), strict=True):
        members[_member(char)] = pack(shrink(cells) if small else cells)
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in members.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # fixed date: same glyphs, same bytes
            member.compress_type = zipfile.ZIP_LZMA
            with archive.open(member, "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def read_part(path: Path, faces: tuple[Face, ...], wanted: str) -> Atlas:
    """Read the wanted characters of a written part.

    Raises:
        ValueError: the file holds another set of faces.
    """
    with np.load(path, allow_pickle=False) as archive:
        held, small = str(archive["chars"]), bool(archive["small"])
        metrics, present = archive["metrics"], archive["present"]
        if present.shape != (len(faces), len(held)):
            raise ValueError(
                f"{path.name} holds {present.shape} glyphs, not {(len(faces), len(held))}"
            )
        chars = "".join(char for char in held if char in wanted)
        cells = np.empty((len(faces), len(chars), SIZE, SIZE), np.uint8)
        for i, char in enumerate(chars):
            stored = unpack(archive[_member(char)])
            cells[:, i] = grow(stored) if small else stored
    columns = [held.index(char) for char in chars]
    return Atlas(faces, chars, cells, metrics[:, columns], present[:, columns])


def _member(char: str) -> str:
    return f"u{ord(char):04x}"


def write_faces(path: Path, faces: Iterable[Face]) -> None:
    """Write the face table as JSON, one face per line."""
    lines = ",\n".join(json.dumps(asdict(face), ensure_ascii=False) for face in faces)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def shipped_faces() -> tuple[Face, ...]:
    """The faces of the shipped atlas."""
    text = (resources.files("pe_text_render") / "assets" / "faces.json").read_text(encoding="utf-8")
    return tuple(Face(**entry) for entry in json.loads(text))


def shipped(chars: str) -> Atlas:
    """The shipped faces with the characters of `chars` that the atlas has.

    Ten digits load in a tenth of a second.
    """
    faces = shipped_faces()
    names = [name for name, held in PARTS.items() if set(held) & set(chars)] or ["digits"]
    with resources.as_file(resources.files("pe_text_render") / "assets") as folder:
        return join(read_part(folder / f"{name}.npz", faces, chars) for name in names)
