"""The private records, in memory or on disk.

Their content never shows in a repr or an error, and they cannot be pickled.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import DataError
from pe_host.privacy.records import PrivateRecords, blocks
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceOptions, Table

_DROP = "`--bad-records drop` leaves them out"


class ReadingPlan(Protocol):
    """What is needed to read records; a `PrivacyPlan` has it."""

    @property
    def output(self) -> OutputSpec: ...
    @property
    def class_names(self) -> tuple[str, ...]: ...
    @property
    def unit(self) -> str: ...
    @property
    def bad_records(self) -> str: ...
    @property
    def reading(self) -> SourceOptions: ...


class PrivateDataset:
    """Checked records of the public spec and classes.

    A record can have a fault: one that the reader found, a value that is not finite, a label that
    is not one of the classes. Whether it has one depends on this record and on public values only.
    So the run may leave such records out (`drop`): each of them then contributes nothing anywhere,
    and one record still changes the rest by one record at most.

    Args:
        table: what a reader returned.
        output: spec of a record.
        classes: number of classes; a class may have no records.
        where: the source, for errors.
        drop: leave out records with a fault, instead of refusing them.

    Raises:
        DataError: there are no records, a record has a fault, or records, labels, clients or
            parameters do not fit; names the first such row, never its content.
    """

    __slots__ = ("_classes", "clients", "data", "labels", "parameters")

    data: PrivateRecords
    labels: NDArray[np.int64]
    clients: NDArray[np.int64] | None
    parameters: dict[str, NDArray[Any]]
    """Columns [n] by name, int64 or finite float64; empty if the source knows none.

    Only `pe_host.privacy.evaluation` uses them.
    """

    def __init__(
        self,
        table: Table,
        output: OutputSpec,
        classes: int,
        where: str = "",
        *,
        drop: bool = False,
    ) -> None:
        rows = _check_shapes(table, output, where)
        labels = _integers(_array(table.labels), "labels", where)
        good = np.ones(rows, np.bool_)
        for faulty, error in _faults(table, labels, classes, where):
            if faulty.any() and not drop:
                raise error(int(faulty.argmax()))
            good &= ~faulty
        if not good.any():
            raise DataError(
                "there is no record that can be used",
                where=where,
                fix="leave out --bad-records drop: the first fault is then named",
            )
        self._classes = classes
        used = None if good.all() else np.flatnonzero(good)
        self.data = PrivateRecords(table.data, used, where)
        kept = slice(None) if used is None else used
        self.labels = labels[kept]
        self.clients = None
        if table.clients is not None:
            clients = _array(table.clients)
            if clients.shape != (rows,):
                raise DataError(
                    "each record needs one client", where=where, fix="store a client per record"
                )
            # Clients are numbered 0..m-1; their IDs are not needed again.
            self.clients = np.unique(
                _integers(clients, "clients", where)[kept], return_inverse=True
            )[1].astype(np.int64)
        columns = {} if table.parameters is None else _columns(table.parameters, rows, where)
        self.parameters = {name: column[kept] for name, column in columns.items()}

    @classmethod
    def read(
        cls, reader: ReaderSpec, location: str, plan: ReadingPlan, parameters: bool = False
    ) -> "PrivateDataset":
        """Read the records with the reader, and check them against the plan.

        Args:
            reader: reads the records.
            location: what it reads.
            plan: spec of a record, classes, unit, options.
            parameters: keep the parameters of the records, which only the evaluation uses.

        Raises:
            DataError: see the class; or the reader cannot use its source, or failed. The message of
                an unexpected error is withheld: it may quote a record.
        """
        where = f"{reader.name}:{location}"
        table: Any = None
        refusal, failure = None, ""
        try:
            table = reader.read_with(location, plan.output, plan.class_names, plan.reading)
        except SourceError as error:
            refusal = _as_data_error(error, where)
        except (Exception, SystemExit) as error:
            failure = f"failed with {type(error).__name__}"
        # Raised outside the handler: the reader's own error must not be attached to this one,
        # because its frames hold records.
        if refusal is not None:
            raise refusal
        if not isinstance(table, Table):
            raise DataError(
                f"the reader {failure or f'returned {type(table).__name__}, not a Table'}",
                where=where,
                fix="check the source; if it is intact, report this to the reader's authors",
            )
        if plan.unit == "client" and table.clients is None:
            raise DataError(
                "the unit of privacy is the client, but the records name no clients",
                where=where,
                fix="use a source with a client per record, or one described as having none",
            )
        clients = None if plan.unit == "record" else table.clients
        columns = table.parameters if parameters else None
        table = Table(table.data, table.labels, clients, columns, table.faults)
        drop = plan.bad_records == "drop"
        return cls(table, plan.output, len(plan.class_names), where, drop=drop)

    @property
    def units(self) -> int:
        """Number of clients, or of records if there are no clients. Private."""
        return len(self.labels) if self.clients is None else int(self.clients.max()) + 1

    def class_counts(self) -> NDArray[np.int64]:
        """Clean counts of the classes, int64 [C].

        Each unit counts once: a client counts for its most frequent class, ties to the lower. So
        adding or removing a unit moves one count by one.
        """
        if self.clients is None:
            return np.bincount(self.labels, minlength=self._classes).astype(np.int64)
        table = np.zeros((self.units, self._classes), dtype=np.int64)
        np.add.at(table, (self.clients, self.labels), 1)
        return np.bincount(table.argmax(axis=1), minlength=self._classes).astype(np.int64)

    def __repr__(self) -> str:
        return "PrivateDataset(withheld)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("private records are never pickled or copied")


def _array(values: Any) -> NDArray[Any]:
    """What a reader returned as an array; one of objects where numpy makes none of it."""
    try:
        return np.asarray(values)
    except (ValueError, TypeError, OverflowError):  # rows of different lengths
        return np.zeros((), object)


def _check_shapes(table: Table, output: OutputSpec, where: str) -> int:
    """Return the number of rows, which must be positive; see `PrivateDataset`."""
    labels = _array(table.labels)
    rows = len(labels) if labels.ndim == 1 else 0
    dtype, shape = (getattr(table.data, name, None) for name in ("dtype", "shape"))
    if not isinstance(dtype, np.dtype) or dtype != np.dtype(output.dtype):
        raise DataError(
            f"records must be {output.dtype}",
            where=where,
            fix=f"convert them to {output.dtype} first",
        )
    if labels.ndim != 1 or shape != (rows, *output.shape):
        raise DataError(
            f"records must have the shape {output.shape} and one label each",
            where=where,
            fix="bring all records to one shape, and give each a label",
        )
    if rows == 0:
        raise DataError(
            "there are no records", where=where, fix="pass --data a source with records"
        )
    return rows


def _faults(
    table: Table, labels: NDArray[np.int64], classes: int, where: str
) -> Iterator[tuple[NDArray[np.bool_], Callable[[int], DataError]]]:
    """Yield for each kind of fault the rows that have it, bool [n], and the error of a row."""
    found = _found_by_reader(table, len(labels), where)
    by_reader = np.zeros(len(labels), np.bool_)
    by_reader[list(found)] = True
    yield by_reader, lambda row: _as_data_error(found[row], where)
    if table.data.dtype.kind == "f":
        finite = _finite(PrivateRecords(table.data, None, where))
        yield (
            ~finite,
            lambda row: DataError(
                f"the record in row {row} has a value that is not finite in {table.data.dtype}",
                where=where,
                fix=f"replace such values, or remove such records; {_DROP}",
            ),
        )
    yield (
        (labels < 0) | (labels >= classes),
        lambda row: DataError(
            f"the label in row {row} is not one of the {classes} classes",
            where=where,
            fix=f"declare every class with --classes, or remove such records; {_DROP}",
        ),
    )


def _finite(records: PrivateRecords) -> NDArray[np.bool_]:
    """Rows without a value that is not finite, bool [n]."""
    finite = np.empty(len(records), np.bool_)
    for start, block in blocks(records):
        rows = np.isfinite(block).reshape(len(block), -1).all(axis=1)
        finite[start : start + len(block)] = rows
    return finite


def _found_by_reader(table: Table, rows: int, where: str) -> dict[int, SourceError]:
    """The faults that the reader reports, by row in increasing order."""
    given: Any = {} if table.faults is None else table.faults
    fits = isinstance(given, Mapping) and all(
        isinstance(row, int | np.integer) and 0 <= row < rows and isinstance(error, SourceError)
        for row, error in given.items()
    )
    if not fits:
        raise DataError(
            "the reader reports faults in another way than as a SourceError per row",
            where=where,
            fix="report this to the reader's authors",
        )
    return {int(row): given[row] for row in sorted(given)}


def _as_data_error(error: SourceError, where: str) -> DataError:
    return DataError(error.what, where=error.where or where, fix=error.fix, name=error.name)


def _integers(values: NDArray[Any], what: str, where: str) -> NDArray[np.int64]:
    if values.dtype.kind not in "iu" or (
        values.dtype == np.uint64 and values.max(initial=0) > np.iinfo(np.int64).max
    ):
        raise DataError(
            f"{what} must be integers of at most 64 bits", where=where, fix="store them as int64"
        )
    return values.astype(np.int64)


def _columns(columns: Any, rows: int, where: str) -> dict[str, NDArray[Any]]:
    """Checked columns of parameters. Their names come from the source, so errors number them."""
    if not isinstance(columns, Mapping) or not all(isinstance(name, str) for name in columns):
        raise DataError(
            "the parameters of the records must be named columns",
            where=where,
            fix="return the parameters as a mapping from names to columns",
        )
    kept = {}
    for number, (name, column) in enumerate(columns.items(), 1):
        checked = _column(column, rows)
        if checked is None:
            raise DataError(
                f"parameter column {number} must hold one finite number per record, "
                "of at most 64 bits",
                where=where,
                fix="store columns as a ParameterSpace does: float64, or int64 with the positions "
                "of choices",
            )
        kept[name] = checked
    return kept


def _column(column: Any, rows: int) -> NDArray[Any] | None:
    """The column as int64 or float64, so that no sum wraps around; None if it does not fit."""
    if (
        not isinstance(column, np.ndarray)
        or column.shape != (rows,)
        or column.dtype.kind not in "iuf"
    ):
        return None
    if column.dtype.kind == "f":
        with np.errstate(over="ignore"):
            values = column.astype(np.float64)
        return values if np.isfinite(values).all() else None
    if column.dtype == np.uint64 and column.max(initial=0) > np.iinfo(np.int64).max:
        return None
    return column.astype(np.int64)
