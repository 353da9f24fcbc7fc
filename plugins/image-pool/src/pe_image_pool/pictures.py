"""The pictures of a pool in the form of a record, on disk: how they get there, and how they are read."""

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
from pe_image_pool.fit import decode, fit
from pe_image_pool.sources import Picture
from pe_sdk import CannotMake

FORMAT = 1
"""Part of the digest of a pool: counted up when its files change."""
BLOCK = 256
Rows = tuple[NDArray[np.uint8], list[str | None]]
"""Pictures uint8 [m, H, W, C] and the label name of each, or None."""


@dataclass
class Bad:
    """What could not be used, counted while a pool is read."""

    count: int = 0
    first: str = ""

    def add(self, what: str) -> None:
        self.first = self.first or what
        self.count += 1


class Pictures:
    """n pictures, numbered as they were written.

    Args:
        folder: as `write` filled it.
        shape: of one picture.

    Attributes:
        identity: 64 bits that differ between pools of other pictures or labels, or of the same in another order.
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

        Read, not mapped: pages of a mapped file that were touched count as memory of the process, in the end all of them.

        Raises:
            OSError: the file has gone or ends early.
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
    """Write what `Pictures` reads, block by block: memory does not grow with the pool, but for 4 bytes a picture.

    Labels are numbered in order of their names; where a picture has none, the pool has none.

    Args:
        blocks: in the form of a record, at most a few hundred at a time.
        bad: read when the blocks are used up.
        shape: of one picture.
        folder: where.

    Raises:
        CannotMake: not one picture.
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
            f"there is no usable picture in the pool; {bad.count} were tried, the first is {bad.first}"
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
    """Pictures of a source in the form of a record; those that cannot be read are added to `bad`."""
    out = np.empty((BLOCK, *shape), np.uint8)
    names: list[str | None] = []
    for picture in pictures:
        try:
            out[len(names)] = fit(decode(picture.read()), shape)
        except Exception as error:  # a broken file makes the decoders raise anything at all
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
