"""Writers of released data. Each writes beside the destination and renames, and never over anything that exists."""

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
"""What `pe export --to` takes, to the function that writes it. One that cannot write a kind says so."""

__all__ = ["WRITERS", "RecordTable", "Writer", "write_image_folder", "write_npz", "write_parquet"]
