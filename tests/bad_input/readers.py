"""The files of each reader that the tests try; a new reader is one more entry."""

from bad_input.cifar_files import cifar_files
from bad_input.hf_folders import hf_folders
from bad_input.idx_files import idx_files
from bad_input.label_files import label_files
from bad_input.npy_files import npy_files
from bad_input.npz_files import npz_files
from bad_input.parquet_files import parquet_files
from bad_input.picture_folders import picture_folders
from bad_input.series_files import series_files
from bad_input.tar_shards import tar_shards
from bad_input.zip_files import zip_files

READERS = {
    "npz": npz_files(),
    "npy": npy_files(),
    "idx": idx_files(),
    "cifar": cifar_files(),
    "folder": picture_folders(),
    "label file": label_files(),
    "zip": zip_files(),
    "webdataset": tar_shards(),
    "hf": hf_folders(),
    "parquet": parquet_files(),
    "series": series_files(),
}
"""Strategies of `bad_input.cases.Case`, by what they try: a reader, or files beside its records."""
