"""Readers turn a SOURCE into records, inside the private side.

Built in are npz, parquet, idx, folder, zip, webdataset and sklearn.
"""

from pathlib import Path

from pe_host.errors import DataError
from pe_host.privacy.readers import archive_names


def guess_scheme(path: Path) -> str:
    """The name of the built-in reader for a path given without a scheme.

    Raises:
        DataError: the path does not exist, or no built-in reader knows the file.
    """
    if not path.exists():
        raise DataError(
            "there is no such file or folder",
            where=str(path),
            fix="pass --data a path or scheme:location",
        )
    if scheme := archive_names.scheme_of(path):
        return scheme
    if path.is_dir():
        return "idx" if any("-idx3-ubyte" in entry.name for entry in path.iterdir()) else "folder"
    if path.suffix in (".npz", ".parquet"):
        return path.suffix[1:]
    if "-idx3-ubyte" in path.name:
        return "idx"
    raise DataError(
        "no built-in reader knows this kind of file",
        where=str(path),
        fix="use an .npz or .parquet file, a folder or .zip of images, .tar shards, or "
        "scheme:location",
    )
