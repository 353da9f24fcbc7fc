"""The files of each reader that the tests try; a new reader is one more entry."""

from bad_input.idx_files import idx_files
from bad_input.npz_files import npz_files
from bad_input.parquet_files import parquet_files
from bad_input.picture_folders import picture_folders

READERS = {
    "npz": npz_files(),
    "folder": picture_folders(),
    "idx": idx_files(),
    "parquet": parquet_files(),
}
"""Strategies of `bad_input.cases.Case`, by name of the reader."""
