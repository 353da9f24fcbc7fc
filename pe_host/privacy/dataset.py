"""The private records in memory. Nothing about them shows: not in repr, not in errors, and they cannot be pickled."""

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import DataError
from pe_host.privacy.plan import PrivacyPlan
from pe_sdk import OutputSpec, ReaderSpec, SourceError, Table


class PrivateDataset:
    """Checked records of the public form and classes.

    Args:
        table: what a reader gave.
        output: form of a record.
        classes: number of classes; one without records is fine.
        where: the source, for errors.

    Raises:
        DataError: no records, values that are not finite, or records, labels, clients or parameters of another form; names the
            first such row, never its content.
    """

    __slots__ = ("_classes", "clients", "data", "labels", "parameters")

    data: NDArray[Any]
    labels: NDArray[np.int64]
    clients: NDArray[np.int64] | None
    parameters: dict[str, NDArray[Any]]
    """Columns [n] by name, int64 or finite float64; none where the source knows none. For `pe_host.privacy.evaluation` alone."""

    def __init__(self, table: Table, output: OutputSpec, classes: int, where: str = "") -> None:
        labels = np.asarray(table.labels)
        rows = len(labels) if labels.ndim == 1 else 0
        if not isinstance(table.data, np.ndarray) or table.data.dtype != np.dtype(output.dtype):
            raise DataError(
                f"records must be {output.dtype}",
                where=where,
                fix=f"convert them to {output.dtype} first",
            )
        if labels.ndim != 1 or table.data.shape != (rows, *output.shape):
            fix = "bring all records to one shape, with a label for each"
            raise DataError(
                f"records must have the shape {output.shape}, and one label each",
                where=where,
                fix=fix,
            )
        if rows == 0:
            raise DataError(
                "there are no records", where=where, fix="give --data a source that holds some"
            )
        if table.data.dtype.kind == "f":
            finite = np.isfinite(table.data).reshape(rows, -1).all(axis=1)
            if not finite.all():
                raise DataError(
                    f"the record of row {int((~finite).argmax())} has a value that is not finite in {output.dtype}",
                    where=where,
                    fix="fill such values in, or take such records out",
                )
        self._classes = classes
        self.data = table.data
        self.labels = _integers(labels, "labels", where)
        outside = (self.labels < 0) | (self.labels >= classes)
        if outside.any():
            raise DataError(
                f"the label of row {int(outside.argmax())} is none of the {classes} classes",
                where=where,
                fix="declare every class with --classes, or take such records out",
            )
        self.clients = None
        if table.clients is not None:
            clients = np.asarray(table.clients)
            if clients.shape != (rows,):
                fix = "store as many clients as records"
                raise DataError("there must be one client for each record", where=where, fix=fix)
            # Numbered 0..m-1; the ids themselves are not needed again.
            self.clients = np.unique(_integers(clients, "clients", where), return_inverse=True)[
                1
            ].astype(np.int64)
        self.parameters = (
            {} if table.parameters is None else _columns(table.parameters, rows, where)
        )

    @classmethod
    def read(
        cls, reader: ReaderSpec, location: str, plan: PrivacyPlan, parameters: bool = False
    ) -> "PrivateDataset":
        """Have the reader read, and check what it gave against the plan.

        Args:
            reader, location: what reads, and what it reads.
            plan: form of a record, classes, unit.
            parameters: keep the parameters of the records, which serve the evaluation alone.

        Raises:
            DataError: see the class; or the reader cannot use its source; or it failed. What an unexpected error said is
                withheld, as it may quote a record.
        """
        where = f"{reader.name}:{location}"
        table: Any = None
        refusal, failure = None, ""
        try:
            table = reader.read(location, plan.output, plan.class_names)
        except SourceError as error:
            refusal = DataError(error.what, where=error.where or where, fix=error.fix)
        except Exception as error:
            failure = f"failed with {type(error).__name__}"
        # Raised out here, so that the error holds no reference to the reader's, whose frames hold records.
        if refusal is not None:
            raise refusal
        if not isinstance(table, Table):
            what = f"the reader {failure or f'gave {type(table).__name__}, not a Table'}"
            raise DataError(
                what,
                where=where,
                fix="check the source; if it is whole, tell the authors of the reader",
            )
        if plan.unit == "client" and table.clients is None:
            fix = "use a source that names them, or one that says it has none"
            raise DataError(
                "the unit of privacy is the client, but the records name no clients",
                where=where,
                fix=fix,
            )
        clients = None if plan.unit == "record" else table.clients
        table = Table(table.data, table.labels, clients, table.parameters if parameters else None)
        return cls(table, plan.output, len(plan.class_names), where)

    @property
    def units(self) -> int:
        """Number of clients, or of records where there are none. Private."""
        return len(self.labels) if self.clients is None else int(self.clients.max()) + 1

    def class_counts(self) -> NDArray[np.int64]:
        """Clean counts of the classes, int64 [C]: each unit counts once, a client for its most frequent class (ties to
        the lower).

        So adding or removing a unit moves one count by one.
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


def _integers(values: NDArray[Any], what: str, where: str) -> NDArray[np.int64]:
    if values.dtype.kind not in "iu" or (
        values.dtype == np.uint64 and values.max(initial=0) > np.iinfo(np.int64).max
    ):
        raise DataError(
            f"{what} must be whole numbers of 64 bits", where=where, fix="store them as int64"
        )
    return values.astype(np.int64)


def _columns(columns: Any, rows: int, where: str) -> dict[str, NDArray[Any]]:
    """Checked columns of parameters. Their names are the source's, so errors count instead of naming."""
    if not isinstance(columns, Mapping) or not all(isinstance(name, str) for name in columns):
        fix = "give the parameters as a mapping of names to columns"
        raise DataError(
            "the parameters of the records are no columns by name", where=where, fix=fix
        )
    kept = {}
    for number, (name, column) in enumerate(columns.items(), 1):
        good = _column(column, rows)
        if good is None:
            raise DataError(
                f"column {number} of the parameters is not one finite number of 64 bits for each record",
                where=where,
                fix="store columns as a ParameterSpace has them: float64, or int64 with the positions of choices",
            )
        kept[name] = good
    return kept


def _column(column: Any, rows: int) -> NDArray[Any] | None:
    """As int64 or float64, which no sum or difference of narrow ones wraps around; None where that cannot be."""
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
