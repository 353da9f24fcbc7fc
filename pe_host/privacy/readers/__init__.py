"""Readers turn a SOURCE into records, inside the private side.

Built in are npz, npy, parquet, series, idx, cifar, hf, folder, zip, webdataset and sklearn.
"""

from pathlib import Path

from pe_host.errors import DataError
from pe_host.files import exists
from pe_host.privacy.readers import archive_names, array_names, hf_names
from pe_host.privacy.readers.series_names import is_series_file, is_series_folder


def guess_scheme(path: Path) -> str:
    """The name of the built-in reader for a path given without a scheme.

    The path may be several with commas between them, such as images and labels, or a pattern of
    Parquet files, such as `train-*.parquet`.

    Raises:
        DataError: the path does not exist, or no built-in reader knows the file.
    """
    if not exists(path) and not (array_names.is_pair(path) or hf_names.matches(path)):
        raise DataError(
            "there is no such file or folder",
            where=str(path),
            fix="pass --data a path or scheme:location",
        )
    for guess in (array_names.scheme_of, hf_names.scheme_of, archive_names.scheme_of):
        if scheme := guess(path):
            return scheme
    if path.is_dir():
        return "series" if is_series_folder(path) else "folder"
    if is_series_file(path):
        return "series"
    raise DataError(
        "no built-in reader knows this kind of file",
        where=str(path),
        fix="use an .npz, .npy, .parquet, .csv or .ts file, a folder or .zip of images, .tar "
        "shards, or scheme:location",
    )
