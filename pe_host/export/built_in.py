"""The exporters of the host, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from pe_host.export.csv import CSV
from pe_host.export.huggingface import HUGGINGFACE
from pe_host.export.image_folder import IMAGE_FOLDER
from pe_host.export.npz import NPZ
from pe_host.export.parquet import PARQUET
from pe_host.export.webdataset import WEBDATASET
from pe_sdk import ExporterSpec

BUILT_IN: Mapping[str, ExporterSpec] = MappingProxyType(
    {spec.name: spec for spec in (NPZ, IMAGE_FOLDER, PARQUET, HUGGINGFACE, WEBDATASET, CSV)}
)
