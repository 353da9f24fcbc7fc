"""Files of Hugging Face data sets: Parquet, and Arrow as `save_to_disk` writes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pe_host.files import NotAFile, open_regular
from pe_host.formats.parquet import INSTALL, MISSING
from pe_host.privacy.readers.parquet_file import open_parquet
from pe_sdk import SourceError

if TYPE_CHECKING:
    import pyarrow as pa

PICTURES = 16
"""Pictures in a batch: a few bytes of a file can stand for any number of large ones."""

_ROWS = 1 << 14
_POINTER = b"version https://git-lfs"


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
        self._check()
        if self.path.suffix.lower() == ".arrow":
            with _open_arrow(self.path, where) as opened:
                yield opened
            return
        with open_parquet(where) as file:

            def read(column: str, rows: int) -> Iterator["pa.Array[Any]"]:
                left = file.metadata.num_rows
                reading = _guarded(lambda: file.iter_batches(rows, columns=[column]), where)
                while (batch := _guarded(lambda: next(reading, None), where)) is not None:
                    left -= batch.num_rows
                    if left < 0:
                        break
                    yield batch.column(0)
                if left:
                    raise _damaged(where)

            yield _guarded(lambda: file.schema_arrow, where), read

    def _check(self) -> None:
        """Raise SourceError for what is not a file of a data set, before a library opens it."""
        where = str(self.path)
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise SourceError(MISSING, where=where, fix=INSTALL) from None
        try:
            with open_regular(self.path, self.inside) as file:
                head = file.read(len(_POINTER))
        except (OSError, NotAFile) as error:
            cause = error.strerror if isinstance(error, OSError) else f"it is {error}"
            fix = "check the path and its permissions"
            raise SourceError(f"cannot be opened ({cause})", where=where, fix=fix) from None
        if head == _POINTER:
            raise SourceError(
                "this is a pointer of Git LFS in place of the file",
                where=where,
                fix="fetch the files with `git lfs pull` in the folder of the data set",
            )


_Read = Callable[[str, int], Iterator[Any]]


@contextmanager
def _open_arrow(path: Path, where: str) -> Iterator[tuple["pa.Schema", _Read]]:
    """Open an Arrow file or stream. It is mapped, so that rows take memory when they are read."""
    import pyarrow as pa

    with _guarded(lambda: pa.memory_map(str(path)), where) as content:

        def opened() -> Any:
            with suppress(pa.ArrowInvalid):
                return pa.ipc.open_file(content)
            content.seek(0)
            return pa.ipc.open_stream(content)

        reader = _guarded(opened, where)

        def all_batches() -> Iterator["pa.RecordBatch"]:
            if hasattr(reader, "num_record_batches"):
                for number in range(_guarded(lambda: reader.num_record_batches, where)):
                    yield _guarded(partial(reader.get_batch, number), where)
                return
            while (batch := _guarded(lambda: _next(reader), where)) is not None:
                yield batch

        def read(column: str, rows: int) -> Iterator["pa.Array[Any]"]:
            for batch in all_batches():
                values = _guarded(partial(batch.column, column), where)
                # Offsets in the file are not trusted.
                _guarded(partial(values.validate, full=True), where)
                for start in range(0, len(values), rows):
                    yield values.slice(start, rows)

        yield _guarded(lambda: reader.schema, where), read


def _next(reader: Any) -> Any:
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None


def _guarded(call: Callable[[], Any], where: str) -> Any:
    """The result of a pyarrow call. Its error messages are withheld: they may quote a value."""
    with suppress(Exception):
        return call()
    raise _damaged(where)


def _damaged(where: str) -> SourceError:
    return SourceError(
        "this file cannot be read as a table",
        where=where,
        fix="check that other programs can read it; if it is damaged, download or save it again",
    )
