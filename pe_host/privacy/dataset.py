"""The private records in memory.

Their content never shows in a repr or an error, and they cannot be pickled.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import DataError
from pe_host.privacy.plan import PrivacyPlan
from pe_sdk import OutputSpec, ReaderSpec, SourceError, Table


class PrivateDataset:
    """Checked records of the public spec and classes.

    Args:
        table: what a reader returned.
        output: spec of a record.
        classes: number of classes; a class may have no records.
        where: the source, for errors.

    Raises:
        DataError: there are no records, a value is not finite, or records, labels, clients or
            parameters do not fit; names the first such row, never its content.
    """

    __slots__ = ("_classes", "clients", "data", "labels", "parameters")

    data: NDArray[Any]
    labels: NDArray[np.int64]
    clients: NDArray[np.int64] | None
    parameters: dict[str, NDArray[Any]]
    """Columns [n] by name, int64 or finite float64; empty if the source knows none.

    Only `pe_host.privacy.evaluation` uses them.
    """

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
            raise DataError(
                f"records must have the shape {output.shape} and one label each",
                where=where,
                fix="bring all records to one shape, and give each a label",
            )
        if rows == 0:
            raise DataError(
                "there are no records", where=where, fix="pass --data a source with records"
            )
        if table.data.dtype.kind == "f":
            finite = np.isfinite(table.data).reshape(rows, -1).all(axis=1)
            if not finite.all():
                raise DataError(
                    f"the record in row {int((~finite).argmax())} has a value that is not finite "
                    f"in {output.dtype}",
                    where=where,
                    fix="replace such values, or remove such records",
                )
        self._classes = classes
        self.data = table.data
        self.labels = _integers(labels, "labels", where)
        outside = (self.labels < 0) | (self.labels >= classes)
        if outside.any():
            raise DataError(
                f"the label in row {int(outside.argmax())} is not one of the {classes} classes",
                where=where,
                fix="declare every class with --classes, or remove such records",
            )
        self.clients = None
        if table.clients is not None:
            clients = np.asarray(table.clients)
            if clients.shape != (rows,):
                raise DataError(
                    "each record needs one client", where=where, fix="store a client per record"
                )
            # Clients are numbered 0..m-1; their IDs are not needed again.
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
        """Read the records with the reader, and check them against the plan.

        Args:
            reader: reads the records.
            location: what it reads.
            plan: spec of a record, classes, unit.
            parameters: keep the parameters of the records, which only the evaluation uses.

        Raises:
            DataError: see the class; or the reader cannot use its source, or failed. The message of
                an unexpected error is withheld: it may quote a record.
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
        table = Table(table.data, table.labels, clients, table.parameters if parameters else None)
        return cls(table, plan.output, len(plan.class_names), where)

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
