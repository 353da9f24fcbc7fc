"""Records with labels: class names, positions, and what readers return about them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pe_host.files import most_bytes
from pe_host.privacy.readers.arrays.images import Faults
from pe_host.privacy.readers.arrays.labels import PlainLabels
from pe_host.privacy.readers.classes import Classes, check_first, find_classes, positions
from pe_sdk import OutputSpec, SourceError, SourceInfo, SourceOptions, Table

ONE_CLASS = "all"
"""The name of the class of records without labels, unless the user names it."""


@dataclass(frozen=True)
class LabelledRecords:
    """The records of a source, which are not read yet.

    Args:
        output: spec of a record.
        count: number of records in the source.
        sentences: what happens to each, in a few words.
        public_ranges: as in `SourceInfo`.
        table: reads them; called with labels, clients and what is wrong with which of those.
    """

    output: OutputSpec
    count: int
    sentences: tuple[str, ...]
    public_ranges: bool
    table: Callable[[NDArray[np.int64], NDArray[np.int64] | None, Faults], Table]


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """What is known about a source before its records are read.

    Args:
        where: the source, for errors.
        layout: what it is taken for, in words.
        records: what the records are.
        labels: the labels, None if there are none.
        own_names: the class names in the source, or ().
        names_in: where these are, in words.
        clients: the clients, None if each record is its own unit.
        clients_in: where these are, in words.
        passed_over: what is not read, in words.
        options: the options, with what the reader chose filled in.
    """

    where: str
    layout: str
    records: LabelledRecords
    labels: PlainLabels | None
    own_names: tuple[str, ...]
    names_in: str
    clients: PlainLabels | None
    clients_in: str
    passed_over: tuple[str, ...]
    options: SourceOptions

    def describe(self) -> SourceInfo:
        """Return the spec of a record, the classes, and the options with all decisions.

        Raises:
            SourceError: the classes have no names, or others than the user declares.
        """
        classes = self._classes()
        return SourceInfo(
            self.records.output,
            classes.names,
            clients=self.clients is not None,
            layout=self.layout,
            names_from=classes.origin,
            clients_from=self.clients_in,
            public_ranges=self.records.public_ranges,
            preparation=self.records.sentences,
            passed_over=self.passed_over,
            counted=classes.counted,
            options=classes.options,
        )

    def read(self, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
        """Return every record. Labels are matched by name where they have names.

        Args:
            output: the planned spec of a record.
            label_names: the planned class names.

        Raises:
            SourceError: records do not have the shape of `output`, or cannot be read.
        """
        found = self.records.output
        if (found.kind, found.shape) != (output.kind, output.shape):
            raise SourceError(
                f"records have the shape {found.shape} ({found.kind}), "
                f"expected {output.shape} ({output.kind})",
                where=self.where,
                fix="convert the records to the planned shape",
            )
        if self.records.count * np.dtype(np.int64).itemsize > most_bytes():
            raise SourceError(
                f"the labels of {self.records.count:,} records take more than half of this "
                "machine's memory",
                where=self.where,
                fix="use fewer records, or a machine with more memory",
            )
        faults: Faults = {}
        if self.clients is not None:
            self._add_faults(faults, self.clients, "the client")
        places = self._places(label_names, faults)
        clients = None if self.clients is None else self.clients.values
        return self.records.table(places, clients, faults)

    def _classes(self) -> Classes:
        options, own = self.options, self.own_names
        if self.labels is None:
            names = options.classes or (own if len(own) == 1 else (ONE_CLASS,))
            if len(names) != 1:
                raise SourceError(
                    f"there are no labels, so there is one class and not {len(names)}",
                    where=self.where,
                    fix="name one class with --classes, or say where the labels are with --labels",
                )
            return Classes(names, "no labels: one class", False, options)
        if self.labels.classes is not None:
            return self._of_columns(self.labels.classes)
        if own:
            # Their order says which integer each stands for, also where they are numbers.
            check_first(self.labels.good, own, options, self.where)
            classes = Classes(own, self.names_in, False, options)
        else:
            classes = find_classes(self.labels.good, options, self.where)
        if (first := classes.options.labels_from) and not classes.counted:
            return replace(classes, origin=f"{classes.origin}, for labels from {first}")
        return classes

    def _of_columns(self, count: int) -> Classes:
        """The classes of one-hot labels, of which each has a column."""
        options, own = self.options, self.own_names
        names = own or options.classes or tuple(map(str, range(count)))
        if len(names) != count:
            raise SourceError(
                f"one-hot labels have {count} columns, and there are {len(names)} class names",
                where=self.where,
                fix=f"name all {count} classes, in order, with --classes A,B,…; or, if these are "
                "not one-hot, take a column with --labels KEY:COLUMN",
            )
        origin = self.names_in if own else "the columns of the labels"
        return Classes(names, origin, False, replace(options, labels_from=None))

    def _places(self, wanted: tuple[str, ...], faults: Faults) -> NDArray[np.int64]:
        """Positions in the wanted names; -1 for a name that is not wanted: the host refuses it."""
        if self.labels is None:
            return np.zeros(self.records.count, np.int64)
        self._add_faults(faults, self.labels, "the label")
        own, options = self.own_names, self.options
        columns = self.labels.classes is not None  # such labels are places, whatever the names
        if not own:
            options = replace(options, labels_from=0) if columns else options
            return positions(self.labels.values, wanted, options)
        first = 0 if columns else options.labels_from or 0
        places = positions(self.labels.values, own, replace(options, labels_from=first))
        if own == wanted:
            return places
        for row in np.flatnonzero(places < 0).tolist():
            what = f"the label in row {row} has no name in {self.names_in}"
            fix = "store a name for every label, starting with label 0, or remove such records"
            faults.setdefault(row, SourceError(what, where=self.where, fix=fix))
        place = [wanted.index(name) if name in wanted else -1 for name in own]
        return np.array(place, dtype=np.int64)[np.where(places < 0, 0, places)]

    def _add_faults(self, faults: Faults, plain: PlainLabels, subject: str) -> None:
        for row, what in plain.faults.items():
            fix = "fix it, or remove such records; `--bad-records drop` leaves them out"
            what = f"{subject} in row {row} {what}"
            faults.setdefault(row, SourceError(what, where=self.where, fix=fix))


def of_parts(parts: Sequence[str], chosen: str, shown: Collection[str] | None = None) -> str:
    """What is said about the part that is read, behind what is read; "" if there is one only.

    Args:
        parts: all parts.
        chosen: the one that is read.
        shown: those that may be named; None for all.
    """
    others = [part for part in parts if part != chosen]
    if not others:
        return ""
    said = f", the part {chosen or 'without a name'}"
    named = [part for part in others if part and (shown is None or part in shown)]
    if not named:
        return f"{said} of {len(parts)}"
    return f"{said}; --split {' or '.join(named)} reads another"
