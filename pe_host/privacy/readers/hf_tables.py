"""Files of Hugging Face data sets: Parquet, and Arrow as `save_to_disk` writes it."""

import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pe_host.privacy.readers.parquet_file import batches, guarded, open_parquet, open_table

if TYPE_CHECKING:
    import pyarrow as pa

PICTURES = 16
"""Pictures in a batch: a few bytes of a file can stand for any number of large ones."""

_ROWS = 1 << 14


@dataclass(frozen=True)
class TableFile:
    """One file of a data set.

    Args:
        path: the file.
        inside: the folder that it must lie in; None for a file that the user named.
    """

    path: Path
    inside: Path | None

    def schema(self) -> "pa.Schema":
        """Its schema.

        Raises:
            SourceError: it cannot be read.
        """
        with self._open() as (schema, _):
            return schema

    def batches(self, column: str, rows: int = _ROWS) -> Iterator["pa.Array[Any]"]:
        """Yield a column in pieces.

        Args:
            column: its name.
            rows: most rows in a piece.

        Raises:
            SourceError: the file is damaged.
        """
        with self._open() as (_, read):
            yield from read(column, rows)

    def count(self) -> int:
        """Number of rows."""
        schema = self.schema()
        return sum(len(piece) for piece in self.batches(schema.names[0])) if len(schema) else 0

    @contextmanager
    def _open(self) -> Iterator[tuple["pa.Schema", "_Read"]]:
        where = str(self.path)
        if self.path.suffix.lower() == ".arrow":
            with open_table(where, self.inside) as content, _open_arrow(content, where) as opened:
                yield opened
            return
        with open_parquet(where, self.inside) as file:

            def read(column: str, rows: int) -> Iterator["pa.Array[Any]"]:
                for batch in batches(file, where, [column], rows=rows):
                    yield batch.column(0)

            yield guarded(lambda: file.schema_arrow, where), read


_Read = Callable[[str, int], Iterator[Any]]


@contextmanager
def _open_arrow(file: BinaryIO, where: str) -> Iterator[tuple["pa.Schema", _Read]]:
    """Read an Arrow file or stream. It is mapped, so that rows take memory when they are read."""
    import pyarrow as pa

    def mapped() -> Any:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return pa.BufferReader(pa.py_buffer(content))

    with guarded(mapped, where) as content:

        def opened() -> Any:
            with suppress(pa.ArrowInvalid):
                return pa.ipc.open_file(content)
            content.seek(0)
            return pa.ipc.open_stream(content)

        reader = guarded(opened, where)

        def all_batches() -> Iterator["pa.RecordBatch"]:
            if hasattr(reader, "num_record_batches"):
                for number in range(guarded(lambda: reader.num_record_batches, where)):
                    yield guarded(partial(reader.get_batch, number), where)
                return
            while (batch := guarded(lambda: _next(reader), where)) is not None:
                yield batch

        def read(column: str, rows: int) -> Iterator["pa.Array[Any]"]:
            for batch in all_batches():
                values = guarded(partial(batch.column, column), where)
                # Offsets in the file are not trusted.
                guarded(partial(values.validate, full=True), where)
                for start in range(0, len(values), rows):
                    yield values.slice(start, rows)

        yield guarded(lambda: reader.schema, where), read


def _next(reader: Any) -> Any:
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None
