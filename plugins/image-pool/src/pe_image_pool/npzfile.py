"""Pools in npz files: `images` uint8 [n, H, W(, C)], optional `labels` int [n] and `label_names`.

Rows are read as a stream.
"""

import math
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import CannotMake
from pe_sdk.pictures import PIXELS

_BROKEN = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    MemoryError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""Errors of numpy and zipfile for a file that is damaged, encrypted (RuntimeError) or compressed
in an unknown way."""


_BYTES = 1 << 30
"""Largest array of labels or names."""


def rows(path: Path) -> Iterator[tuple[str, str | None, NDArray[np.uint8]]]:
    """Yield name, label and pixels of each row; memory does not grow with n.

    Raises:
        CannotMake: the file is not an npz file, or its arrays have another shape or type.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = _labels(path, archive)
            with archive.open("images.npy") as file:
                count, shape = _header(path, file)
                if names is not None and len(names) != count:
                    raise CannotMake(f"{path} has {count} images and {len(names)} labels")
                size = math.prod(shape)
                for row in range(count):
                    content = file.read(size)
                    if len(content) != size:
                        raise EOFError("the array 'images' ends too early")
                    picture = np.frombuffer(content, np.uint8).reshape(shape)
                    yield f"row {row}", None if names is None else names[row], picture
    except _BROKEN as error:
        raise CannotMake(
            f"{path} cannot be read as an npz file with an array 'images': {error}"
        ) from None


def _header(path: Path, file: IO[bytes]) -> tuple[int, tuple[int, ...]]:
    """Number of rows and shape of one row."""
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read(file)
    good = (
        dtype == np.uint8
        and not fortran
        and (len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3)))
    )
    if not good or not 1 <= math.prod(shape[1:]) <= 3 * PIXELS:
        raise CannotMake(
            f"'images' in {path} is {dtype} {list(shape)}; it must be uint8 [n, H, W] or "
            f"[n, H, W, 1 or 3], with at most {PIXELS:,} pixels"
        )
    return shape[0], shape[1:]


def _array(path: Path, archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """A small array; its member and its own header may announce no more than `_BYTES`."""
    with archive.open(name) as file:
        shape, _, dtype = (
            np.lib.format.read_array_header_1_0(file)
            if (np.lib.format.read_magic(file) == (1, 0))
            else np.lib.format.read_array_header_2_0(file)
        )
        size = math.prod(shape) * dtype.itemsize
    if max(size, archive.getinfo(name).file_size) > _BYTES:
        raise CannotMake(f"{name!r} in {path} is larger than {_BYTES >> 20} MiB")
    with archive.open(name) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _labels(path: Path, archive: zipfile.ZipFile) -> list[str] | None:
    """The label name of each row, or None if there are no labels."""
    if "labels.npy" not in archive.namelist():
        return None
    codes = _array(path, archive, "labels.npy")
    if codes.ndim != 1:
        raise CannotMake(
            f"'labels' in {path} has the shape {list(codes.shape)}; it must hold one number or "
            "name for each row"
        )
    if "label_names.npy" not in archive.namelist():
        return [str(code) for code in codes.tolist()]
    names = [str(name) for name in _array(path, archive, "label_names.npy").ravel().tolist()]
    if codes.dtype.kind not in "iu" or (
        len(codes) and not 0 <= codes.min() <= codes.max() < len(names)
    ):
        raise CannotMake(f"'labels' in {path} must be positions in its {len(names)} 'label_names'")
    return [names[code] for code in codes.tolist()]
