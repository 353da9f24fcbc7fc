"""One Parquet file in the layout of `pe_host.formats.parquet`.

pandas, Polars, DuckDB and data set libraries read it.
"""

from pathlib import Path

from pe_host.errors import DataError
from pe_host.export.atomic import new_file
from pe_host.export.table import RecordTable
from pe_host.formats.parquet import (
    INSTALL,
    KEY,
    LABEL,
    MISSING,
    columns_of,
    to_columns,
    write_about,
)


def write_parquet(path: Path, table: RecordTable) -> Path:
    """Write released records: a column `label` of texts, and columns of fixed-size lists.

    There is such a column for each feature of a series, and one for the records of another kind.

    Raises:
        DataError: `path` exists, pyarrow is missing, or the records are images.
    """
    table.refuse_unless("parquet")
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise DataError(MISSING, where="--to parquet", fix=INSTALL) from None
    columns = columns_of(table.output)
    if any(_broken(name) for name in (*table.names, *columns)):
        raise DataError(
            "a name is not valid Unicode",
            where="--to parquet",
            fix="use npz, or rename it",
        )
    arrays = [pa.array([table.names[label] for label in table.labels], pa.string())]
    for column in to_columns(table.output, table.data):
        values = pa.array(column.reshape(-1), pa.from_numpy_dtype(column.dtype))
        arrays.append(pa.FixedSizeListArray.from_arrays(values, column.shape[1]))
    rows = pa.table(arrays, names=[LABEL, *columns])
    rows = rows.replace_schema_metadata({KEY: write_about(table.output, table.names)})
    with new_file(path) as temporary:
        pq.write_table(rows, temporary, compression="zstd")
    return path


def _broken(name: str) -> bool:
    return name.encode("utf-8", "replace") != name.encode("utf-8", "surrogatepass")
