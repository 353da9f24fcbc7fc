"""Names of files of series, by which a path is known to hold them."""

import re
from pathlib import Path

SUFFIXES = (".csv", ".tsv", ".txt", ".ts", ".arff")
"""Suffixes of the files that the reader `series` reads, each perhaps with `.gz`."""

PART = re.compile(
    r"(?P<name>.+)_(?P<part>train|test)(\.(tsv|txt|ts|arff|csv))?(\.gz)?", re.IGNORECASE
)
"""A part of a data set in the UCR archive."""

DIMENSION = re.compile(r"Dimension\d+$")
"""The end of the name of a file that holds one dimension of a data set of several."""


def is_series_file(path: Path) -> bool:
    """Whether the name of a file is that of a text file of series."""
    name = path.name.lower().removesuffix(".gz")
    return name.endswith(SUFFIXES) or PART.fullmatch(path.name) is not None


def is_series_folder(path: Path) -> bool:
    """Whether a folder holds a data set of the UCR archive: files without folders beside them."""
    entries = list(path.iterdir())
    return not any(entry.is_dir() for entry in entries) and any(
        PART.fullmatch(entry.name) for entry in entries
    )
