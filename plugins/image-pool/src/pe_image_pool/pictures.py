"""The pictures of a pool on disk, in the shape of a record: writing and reading them."""

import json
import os
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pe_image_pool.features import describe, width
from pe_image_pool.sources import Picture
from pe_sdk import CannotMake
from pe_sdk.pictures import Preparation, prepare, prepare_array

FORMAT = 2
"""Version of a pool's files and of how pictures are brought to them, part of its digest."""
BLOCK = 256
Rows = tuple[NDArray[np.uint8], list[str | None]]
"""Pictures uint8 [m, H, W, C] and the label name of each, or None."""


@dataclass
class Bad:
    """Count of the pictures that could not be used, and which was the first."""

    count: int = 0
    first: str = ""

    def add(self, what: str) -> None:
        self.first = self.first or what
        self.count += 1


class Pictures:
    """The n pictures of a pool, numbered as they were written.

    Args:
        folder: as `write` filled it.
        shape: shape of one picture.

    Attributes:
        identity: 64 bits that change with any picture, any label and their order.
    """

    def __init__(self, folder: Path, shape: tuple[int, ...]) -> None:
        about = json.loads((folder / "pool.json").read_text(encoding="utf-8"))
        self.count: int = about["count"]
        self.label_names: tuple[str, ...] = tuple(about["label_names"])
        self.identity = np.uint64(about["identity"])
        self.bad = Bad(about["bad"], about["first_bad"])
        self.shape = shape
        self.labels: NDArray[np.int32] = np.memmap(
            folder / "labels.i32", np.int32, "r", shape=(self.count,)
        )
        self.features: NDArray[np.uint8] = np.memmap(
            folder / "features.u8", np.uint8, "r", shape=(self.count, width(shape[2]))
        )
        self._images = os.open(folder / "images.u8", os.O_RDONLY)
        weakref.finalize(self, os.close, self._images)

    def take(self, ids: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Pictures of these ids, uint8 [m, H, W, C].

        They are read, not memory-mapped: touched pages of a mapped file count as memory of the
        process, in the end all of them.

        Raises:
            OSError: the file is gone or ends early.
        """
        out = np.empty((len(ids), *self.shape), np.uint8)
        size = int(np.prod(self.shape))
        rows = out.reshape(len(ids), size)
        for row, picture in enumerate(ids.tolist()):
            if os.preadv(self._images, [rows[row]], picture * size) != size:
                raise OSError(
                    f"picture {picture} of the pool cannot be read; remove its folder in the cache"
                )
        return out


def write(blocks: Iterable[Rows], bad: Bad, shape: tuple[int, ...], folder: Path) -> None:
    """Write the files that `Pictures` reads, block by block.

    Memory does not grow with the pool, except for 4 bytes a picture. Labels are numbered in the
    order of their names; if any picture has no label, the pool has none.

    Args:
        blocks: pictures in the shape of a record, at most a few hundred in each block.
        bad: read after the last block.
        shape: shape of one picture.
        folder: where the files go.

    Raises:
        CannotMake: there is not a single picture.
    """
    codes: dict[str | None, int] = {}
    labels: list[NDArray[np.int32]] = []
    hasher = blake2b(digest_size=8)
    with (
        (folder / "images.u8").open("wb") as images,
        (folder / "features.u8").open("wb") as features,
    ):
        for pictures, names in blocks:
            content = pictures.tobytes()
            hasher.update(content)
            hasher.update(json.dumps(names).encode())
            images.write(content)
            features.write(describe(pictures).tobytes())
            labels.append(
                np.array([codes.setdefault(name, len(codes)) for name in names], np.int32)
            )
    count = sum(map(len, labels))
    if not count:
        raise CannotMake(
            f"there is no usable picture in the pool; {bad.count} were tried, "
            f"the first is {bad.first}"
        )
    known = [] if None in codes else sorted(name for name in codes if name is not None)
    code = {name: i for i, name in enumerate(known)}
    place = np.array([code.get(name or "", 0) for name in codes], np.int32)
    (folder / "labels.i32").write_bytes(place[np.concatenate(labels)].tobytes())
    identity = int.from_bytes(hasher.digest(), "little")
    about = {
        "count": count,
        "label_names": known,
        "bad": bad.count,
        "first_bad": bad.first,
        "identity": identity,
    }
    (folder / "pool.json").write_text(json.dumps(about), encoding="utf-8")


def fitted(pictures: Iterable[Picture], shape: tuple[int, ...], bad: Bad) -> Iterator[Rows]:
    """Yield the pictures of a source in the shape of a record; add unreadable ones to `bad`.

    They are decoded as the host decodes private pictures, so that both show the same: upright, on
    white, cropped to the middle.
    """
    height, width, channels = shape
    preparation = Preparation((height, width, channels), fit="crop", convert=True)
    out = np.empty((BLOCK, *shape), np.uint8)
    names: list[str | None] = []
    for picture in pictures:
        try:
            content = picture.read()
            out[len(names)] = (
                prepare(content, preparation)
                if isinstance(content, bytes)
                else prepare_array(content, preparation)
            )
        except Exception as error:  # decoders raise anything at all for a broken file
            bad.add(
                f"{picture.name} ({(str(error).splitlines() or [''])[0] or type(error).__name__})"
            )
            continue
        names.append(picture.label)
        if len(names) == BLOCK:
            yield out, names
            names = []
    if names:
        yield out[: len(names)], names
