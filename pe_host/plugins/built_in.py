"""What the host's own plugins are, said without importing them; a test compares it with their specs."""

from collections.abc import Mapping
from types import MappingProxyType

from pe_host.plugins.names import EMBEDDING, READER

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
        (READER, "folder"): "a folder of images for each class",
        (READER, "idx"): "IDX files as of MNIST, plain or gzipped; class names by --classes",
        (
            READER,
            "npz",
        ): "NumPy archive with images or series, labels and optional label_names, clients",
        (
            READER,
            "parquet",
        ): "Parquet file with a list column for each feature of a series, label and optional client",
        (READER, "sklearn"): "data sets carried by scikit-learn: digits",
    }
)
"""(kind, name) -> the summary of the spec."""
