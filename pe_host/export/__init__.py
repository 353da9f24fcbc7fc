"""Writers of released data.

Each writes beside the destination and then renames, and never replaces anything that exists.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from pe_host.export.image_folder import write_image_folder
from pe_host.export.npz import write_npz
from pe_host.export.parquet import write_parquet
from pe_host.export.table import RecordTable

Writer = Callable[[Path, RecordTable], Path]

WRITERS: Mapping[str, Writer] = MappingProxyType(
    {"npz": write_npz, "imagefolder": write_image_folder, "parquet": write_parquet}
)
"""Writer of each format of `pe export --to`. It raises DataError for kinds that it cannot write."""

__all__ = ["WRITERS", "RecordTable", "Writer", "write_image_folder", "write_npz", "write_parquet"]
