"""Exporter `parquet`: one Parquet file, which pandas, Polars, DuckDB and data set libraries read.

Series and other records are as `pe_host.formats.parquet` describes them. Images are as the library
`datasets` stores them: a column `image` of PNG bytes and a column `label` of positions, with the
features in the metadata of the schema.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pe_host.export.png import from_png, image_spec, to_png
from pe_host.formats.parquet import (
    INSTALL,
    KEY,
    LABEL,
    MISSING,
    columns_of,
    from_columns,
    read_about,
    to_columns,
    write_about,
)
from pe_sdk import CannotMake, ExporterSpec, Release, hookimpl

if TYPE_CHECKING:
    import pyarrow as pa

IMAGE = "image"


def write(path: Path, release: Release) -> None:
    """Write released records.

    Raises:
        CannotMake: pyarrow is missing, or a name cannot be stored.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise CannotMake(f"{MISSING}; {INSTALL}") from None
    if any(_broken(name) for name in (*release.label_names, *columns_of(release.output))):
        raise CannotMake("a name is not valid Unicode; use npz, or rename it")
    rows = _images(release) if release.output.kind == "image" else _lists(release)
    # Small groups of rows: a viewer that shows a few images need not read them all.
    pq.write_table(rows, path, compression="zstd", row_group_size=1_000)


def _lists(release: Release) -> "pa.Table":
    import pyarrow as pa

    names = release.label_names
    arrays = [pa.array([names[label] for label in release.labels], pa.string())]
    for column in to_columns(release.output, release.data):
        values = pa.array(column.reshape(-1), pa.from_numpy_dtype(column.dtype))
        arrays.append(pa.FixedSizeListArray.from_arrays(values, column.shape[1]))
    rows = pa.table(arrays, names=[LABEL, *columns_of(release.output)])
    return rows.replace_schema_metadata({KEY: write_about(release.output, names)})


def _images(release: Release) -> "pa.Table":
    import pyarrow as pa

    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    images = [
        {"bytes": to_png(image), "path": f"{row}.png"} for row, image in enumerate(release.data)
    ]
    arrays = [pa.array(images, kind), pa.array(release.labels, pa.int64())]
    features = {
        IMAGE: {"_type": "Image"},
        LABEL: {"_type": "ClassLabel", "names": list(release.label_names)},
    }
    about = json.dumps({"info": {"features": features}}, ensure_ascii=True)
    return pa.table(arrays, names=[IMAGE, LABEL]).replace_schema_metadata({"huggingface": about})


def read(path: Path) -> Release:
    """Read what `write` wrote."""
    import pyarrow.parquet as pq

    rows = pq.read_table(path)
    about = read_about(rows.schema.metadata)
    if about is None:
        stored = json.loads(rows.schema.metadata[b"huggingface"])
        names = tuple(stored["info"]["features"][LABEL]["names"])
        images = np.stack([from_png(row["bytes"]) for row in rows.column(IMAGE).to_pylist()])
        labels = np.asarray(rows.column(LABEL), np.int64)
        return Release(image_spec(images), images, labels, names)
    output, names = about
    columns = [
        np.asarray(rows.column(name).combine_chunks().flatten()).reshape(len(rows), -1)
        for name in columns_of(output)
    ]
    labels = np.array([names.index(name) for name in rows.column(LABEL).to_pylist()], np.int64)
    return Release(output, from_columns(output, columns), labels, names)


def _broken(name: str) -> bool:
    return name.encode("utf-8", "replace") != name.encode("utf-8", "surrogatepass")


PARQUET = ExporterSpec(
    "parquet", "one Parquet file; images as `datasets` has them", write, read=read
)


@hookimpl
def pe_exporters() -> Iterable[ExporterSpec]:
    return [PARQUET]
