"""One npz file: the records as `pe_host.formats.npz` has them, `labels` int64 [n], `label_names`; what the npz reader reads."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.export.atomic import new_file
from pe_host.export.table import RecordTable
from pe_host.formats.npz import layout_of

_EPOCH = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the earliest a zip can tell; a real time would make equal data unequal files


def write_npz(path: Path, table: RecordTable) -> Path:
    """Write released records. The bytes are a function of the table (and of the zlib in use).

    Args:
        path: file to make; DataError where it exists.
        table: records of any kind; names are stored as unicode arrays, so that nothing needs pickle.
    """
    stored = layout_of(table.output).arrays(table.output, table.data)
    main, *rest = stored.items()
    arrays: dict[str, NDArray[Any]] = {
        main[0]: main[1],
        "labels": table.labels,
        "label_names": np.array(table.names, dtype=np.str_),
        **dict(rest),
    }
    with (
        new_file(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asarray(array, order="C"), allow_pickle=False)
    return path
