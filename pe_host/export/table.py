"""What is exported, checked once for every writer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import DataError


@dataclass(frozen=True)
class ImageTable:
    """Released images with their labels.

    Args:
        images: uint8 [n, H, W, C], C = 1 or 3.
        labels: int64 [n], positions in `names`.
        names: label names, all different.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]

    @classmethod
    def check(cls, images: NDArray[Any], labels: NDArray[Any], names: Sequence[str]) -> "ImageTable":
        """The table, or DataError where the arrays are not what the class describes."""
        names = tuple(names)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3) or 0 in images.shape[1:]:
            raise DataError(
                f"images must be uint8 [n, H, W, C] with 1 or 3 channels, these are {images.dtype} {list(images.shape)}"
            )
        if labels.shape != (len(images),) or labels.dtype.kind not in "iu":
            raise DataError(
                f"{len(images)} images need as many integer labels, got {labels.dtype} {list(labels.shape)}"
            )
        if len(labels) and (labels.min() < 0 or labels.max() >= len(names)):
            raise DataError(f"labels go from {labels.min()} to {labels.max()}, but there are {len(names)} label names")
        if len(set(names)) != len(names):
            raise DataError("two label names are the same")
        # numpy drops trailing NULs of a unicode array, which would make two names one.
        if any("\0" in name for name in names):
            raise DataError("a label name holds a NUL character")
        return cls(images, labels.astype("<i8"), names)
