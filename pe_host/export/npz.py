"""One npz file, as the npz reader reads it.

It contains the records in the layout of `pe_host.formats.npz`, `labels` int64 [n] and
`label_names`.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.export.atomic import new_file
from pe_host.export.table import RecordTable
from pe_host.formats.npz import layout_of

# The earliest time in a zip file. The real time would make different files of equal data.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_npz(path: Path, table: RecordTable) -> Path:
    """Write released records. The bytes are a function of the table (and of the zlib in use).

    Args:
        path: file to create.
        table: records of any kind; names are stored as unicode arrays, so nothing needs pickle.

    Raises:
        DataError: `path` exists.
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
