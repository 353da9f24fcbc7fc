"""The layout of records in a Parquet file.

There is a row for each record, a column `label`, and the values in list columns. A series has a
column for each feature, with its name, of lists of T float32. A record of another kind is one list
of its values in the column `record`. The metadata of the file hold the spec and the label names
under the key `pe`, so that reading restores what was written.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.modality import modality_of
from pe_sdk import OutputSpec

LABEL, CLIENT, RECORD = "label", "client", "record"

MISSING, INSTALL = "Parquet needs the package pyarrow", "pip install 'pe-host[parquet]'"
"""What is wrong if pyarrow cannot be imported, and what to do."""

KEY = b"pe"
SCHEMA = 1


def columns_of(output: OutputSpec) -> tuple[str, ...]:
    """The list columns, in order: one for each feature of a series.

    A feature that shares its name with another column gets an underscore.
    """
    if not modality_of(output).feature_columns:
        return (RECORD,)
    taken = {LABEL, CLIENT, *(feature.name for feature in output.features)}
    return tuple(
        _free(f.name, taken) if f.name in (LABEL, CLIENT) else f.name for f in output.features
    )


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def to_columns(output: OutputSpec, data: NDArray[Any]) -> list[NDArray[Any]]:
    """Split records [n, *shape] into matrices [n, length], in the order of `columns_of`."""
    if not modality_of(output).feature_columns:
        return [data.reshape(len(data), math.prod(output.shape))]
    return [
        data[..., i].reshape(len(data), math.prod(output.shape[:-1]))
        for i in range(output.shape[-1])
    ]


def from_columns(output: OutputSpec, columns: list[NDArray[Any]]) -> NDArray[Any]:
    """Join the matrices of `to_columns` to records of the dtype of `output`.

    A value too large for this dtype becomes infinite.
    """
    with np.errstate(over="ignore"):
        cast = [column.astype(output.dtype, copy=False) for column in columns]
    if not modality_of(output).feature_columns:
        return cast[0].reshape(len(cast[0]), *output.shape)
    return np.stack(cast, axis=-1).reshape(len(cast[0]), *output.shape)


def write_about(output: OutputSpec, names: tuple[str, ...]) -> bytes:
    """Return the value of `KEY` in the metadata."""
    document = {"schema": SCHEMA, "output": output.to_json(), "label_names": list(names)}
    return json.dumps(document, sort_keys=True, ensure_ascii=True).encode()


def read_about(metadata: Mapping[bytes, bytes] | None) -> tuple[OutputSpec, tuple[str, ...]] | None:
    """Return the spec and the label names, or None if pe did not write the file.

    Raises:
        ValueError: the value is invalid, or has another schema.
    """
    if not metadata or KEY not in metadata:
        return None
    document = json.loads(metadata[KEY])
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"the metadata have another schema than {SCHEMA}")
    names = tuple(document["label_names"])
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise ValueError("the label names must be distinct texts")
    return OutputSpec.from_json(document["output"]), names
