"""One npz file: `images` uint8 [n, H, W(, C)], `labels` int64 [n], `label_names`; what the npz reader reads."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.export.atomic import new_file
from pe_host.export.table import ImageTable

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can tell; a real time would make equal data unequal files


def write_npz(path: Path, images: NDArray[Any], labels: NDArray[Any], names: Sequence[str]) -> Path:
    """Write the released images. The bytes are a function of the arguments (and of the zlib in use).

    Args:
        path: file to make; DataError where it exists.
        images: uint8 [n, H, W, C]; stored as [n, H, W] where C = 1.
        labels: integers [n], positions in `names`.
        names: label names; stored as a unicode array, so that nothing needs pickle.
    """
    table = ImageTable.check(images, labels, names)
    arrays: dict[str, NDArray[Any]] = {
        "images": table.images[..., 0] if table.images.shape[3] == 1 else table.images,
        "labels": table.labels,
        "label_names": np.array(table.names, dtype=np.str_),
    }
    with new_file(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
    return path
