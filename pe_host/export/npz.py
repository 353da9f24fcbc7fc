"""Exporter `npz`: one NumPy archive, as the npz reader reads it.

It contains the records in the layout of `pe_host.formats.npz`, `labels` int64 [n] and
`label_names`.
"""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.formats.npz import layout_of, layouts
from pe_sdk import ExporterSpec, Release, hookimpl

# The earliest time in a zip file. The real time would make different files of equal data.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write(path: Path, release: Release) -> None:
    """Write released records. The bytes are a function of the release (and of the zlib in use).

    Args:
        path: file to create.
        release: records of any kind; names are stored as unicode arrays, so nothing needs pickle.
    """
    stored = layout_of(release.output).arrays(release.output, release.data)
    main, *rest = stored.items()
    arrays: dict[str, NDArray[Any]] = {
        main[0]: main[1],
        "labels": release.labels,
        "label_names": np.array(release.label_names, dtype=np.str_),
        **dict(rest),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asarray(array, order="C"), allow_pickle=False)


def read(path: Path) -> Release:
    """Read what `write` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    layout = next(layout for layout in layouts() if layout.array in arrays)
    found = arrays[layout.array]
    output = layout.spec(found.shape, found.dtype, arrays.get)
    names = tuple(map(str, arrays["label_names"]))
    return Release(output, layout.records(output, found), arrays["labels"], names)


NPZ = ExporterSpec("npz", "one NumPy archive", write, read=read)


@hookimpl
def pe_exporters() -> Iterable[ExporterSpec]:
    return [NPZ]
