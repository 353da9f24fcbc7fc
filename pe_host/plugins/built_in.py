"""Summaries of the host's own plugins, known without importing them.

A test compares them with the specs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pe_host.plugins.names import EMBEDDING, EXPORTER, READER

SUMMARIES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        (EMBEDDING, "pixels"): "the pixel values themselves",
        (
            EMBEDDING,
            "simulator-features",
        ): "a small net, trained on the generator's output to read labels and parameters",
        (
            EMBEDDING,
            "values",
        ): "the values, on the scale of their declared ranges or of the generator's own values",
        (
            READER,
            "folder",
        ): "images in a folder for each class, or with labels in a file or in their names",
        (
            READER,
            "cifar",
        ): "CIFAR-10 and CIFAR-100 as they are distributed, in Python or binary files",
        (
            READER,
            "hf",
        ): "images in Parquet, in a data set saved by Hugging Face, or in one of its hub",
        (
            READER,
            "idx",
        ): "IDX files like those of MNIST, plain or gzipped, in the folders that people have",
        (
            READER,
            "npy",
        ): "NumPy files of images and of labels: a file, IMAGES,LABELS, or a folder of them",
        (
            READER,
            "npz",
        ): "NumPy archive with images or series, labels and optional label_names, clients",
        (
            READER,
            "parquet",
        ): "Parquet file of series, in lists or with a row a step, or as pe export writes it",
        (
            READER,
            "series",
        ): "time series in CSV or TSV files, long or wide, and in UCR files (.tsv, .ts, .arff)",
        (READER, "sklearn"): "data sets that come with scikit-learn: digits",
        (EXPORTER, "npz"): "one NumPy archive",
        (EXPORTER, "imagefolder"): "PNG files, a folder for each label",
        (EXPORTER, "parquet"): "one Parquet file; images as `datasets` has them",
        (EXPORTER, "huggingface"): "a folder for a data set hub: Parquet and a card",
        (EXPORTER, "webdataset"): "tar files of PNG images and labels",
        (EXPORTER, "csv"): "series as a table, a row for each step",
        (READER, "webdataset"): "images in WebDataset shards: tar files, plain or gzipped",
        (READER, "zip"): "images in a zip archive, laid out like those of a folder",
    }
)
"""Summary of the spec, by (kind, name)."""
