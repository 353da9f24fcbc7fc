"""Which columns of a table are what, decided by their names and by what the user declares.

Nothing is guessed from values. Where names leave a choice, the user decides: reading a table as
something that it is not would spend a privacy budget on nonsense.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from pe_host.privacy.readers.series.step_names import (
    Group,
    is_aligned,
    looks_tabular,
    step_groups,
)
from pe_sdk import SourceError, SourceOptions

LABELS = ("label", "labels", "class", "class_label")
"""Names of a column of labels, in any case."""

PERSONS = (
    *("client", "customer", "consumer", "user", "person", "patient", "subject", "participant"),
    *("individual", "member", "account", "household", "student", "employee", "driver"),
)
"""Names of a column of clients, perhaps with `_id`. If there is one, it is the unit of privacy."""

IDS = (
    *("id", "series", "record", "sequence", "sample", "trace", "unique", "unit", "entity", "item"),
    *("meter", "device", "machine", "sensor", "engine", "station", "site", "building", "home"),
    *("house", "vehicle", "store", "segment", "window", "case", "episode", "session"),
)
"""Names of a column that says to which series a row belongs, perhaps with `_id`."""

TIMES = (
    *("time", "timestamp", "datetime", "date", "date_time", "date time", "ds", "ts", "t"),
    *("step", "timestep", "time_step", "time_index", "cycle"),
)

OTHERS = (
    *("day", "week", "month", "year", "hour", "minute", "weekday", "day_of_week", "holiday"),
    *("type", "kind", "category", "group", "name", "region", "city", "country", "zone", "location"),
    *("tariff", "split", "fold", "set", "index", "row", "target", "status", "state", "code"),
)
"""Names of columns that are seldom a feature of a series: only the user can say so."""

INDEX = re.compile(r"|Unnamed: 0(\.\d+)?|__index_level_\d+__")
"""The index of a data frame, which other programs write as a column."""

WHAT_IS_READ = (
    "series are read with a row a step (--id COLUMN --time COLUMN), with a row a series (numbered "
    "columns, or --values A,B,… for its steps), and from lists in Parquet"
)


@dataclass(frozen=True)
class Layout:
    """The columns of a table of series.

    Args:
        long: whether a row is a step of a series; else it is a whole series.
        features: names of the features.
        values: for each feature its columns: one in a long table, T in a wide one.
        id, time, client, label: names of the other columns; "" where there is none.
        passed_over: columns that are not read.
        lists: whether the single column of a feature holds its steps as a list.
    """

    long: bool
    features: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    id: str = ""
    time: str = ""
    client: str = ""
    label: str = ""
    passed_over: tuple[str, ...] = ()
    lists: bool = False

    @property
    def steps(self) -> int:
        """Number of steps in a row of a wide table."""
        return len(self.values[0])

    def needed(self) -> tuple[str, ...]:
        """Every column that is read."""
        others = filter(None, (self.id, self.time, self.client, self.label))
        return (*others, *(name for columns in self.values for name in columns))

    def fill_in(self, options: SourceOptions) -> SourceOptions:
        """The options, with the columns that names have decided."""
        return replace(
            options,
            labels=self.label,
            client=self.client,
            id=self.id,
            time=self.time,
            values=self.features if self.long else options.values,
        )


def find_layout(
    names: Sequence[str],
    options: SourceOptions,
    where: str,
    numeric: Collection[str] | None = None,
) -> Layout:
    """Decide which columns are what.

    Args:
        names: names of all columns, in order.
        options: what the user declares.
        where: the file, for errors.
        numeric: the columns that hold numbers, where the file says so; None if it does not.

    Raises:
        SourceError: a column is missing, or names do not decide.
    """
    return _Finder(names, options, where, numeric).find()


def find_lists(
    names: Sequence[str], lists: Sequence[str], options: SourceOptions, where: str
) -> Layout:
    """Decide which columns are what, in a file that holds lists of numbers.

    Args:
        names: names of all columns, in order.
        lists: the columns of lists of numbers, in order.
        options: what the user declares.
        where: the file, for errors.

    Raises:
        SourceError: a column is missing, or is not what it is declared to be.
    """
    return _Finder(names, options, where, lists).find_lists()


class _Finder:
    def __init__(
        self,
        names: Sequence[str],
        options: SourceOptions,
        where: str,
        numeric: Collection[str] | None,
    ) -> None:
        self.names, self.options, self.where = names, options, where
        self._check_names()
        self.label = options.labels or self._named(LABELS)
        self.client = options.client or self._person()
        self.times = self._times()
        self.time = options.time or next(iter(self.times), "")
        self.id = options.id or self._id()
        if not self.id and self.time:  # each customer is a series
            self.id = self.client
        taken = {self.label, self.client, self.time, self.id}
        rest = [name for name in names if name not in taken and not INDEX.fullmatch(name)]
        self.rest = [name for name in rest if numeric is None or name in numeric]

    def find(self) -> Layout:
        options = self.options
        groups = step_groups(self.rest)
        steps = len(groups[0][1]) if groups else 0
        if options.id or options.time:
            return self._long()
        if options.values:
            if self.id and self.time:
                return self._long()
            if len(options.values) > 1:
                return self._wide([("x1", options.values)])
        elif options.length and options.length > 1 and options.length in (steps, len(self.rest)):
            if options.length == steps:
                return self._wide(groups)
            if not (self.id and self.time):
                return self._wide([("x1", tuple(self.rest))])
        if self.id and self.time and not groups:
            return self._long()
        if not groups:
            raise self._refusal()
        if self.time or looks_tabular(groups):
            raise self._ambiguous(groups)
        return self._wide(groups)

    def find_lists(self) -> Layout:
        values = self.options.values or tuple(self.rest)
        if not values:
            raise self._no_values()
        if other := [name for name in values if name not in self.rest]:
            raise SourceError(
                f"the column {other[0]!r} does not hold lists of numbers",
                where=self.where,
                fix=f"name such columns with --values; there are {_listed(self.rest)}",
            )
        return self._layout(False, [(name, (name,)) for name in values], lists=True)

    def _long(self) -> Layout:
        if not self.id:
            raise self._one_series()
        if len(self.times) > 1 and not self.options.time:
            raise SourceError(
                f"several columns could be the time: {_listed(self.times)}",
                where=self.where,
                fix=f"name it, as in --time {self.times[0]}, or join them to one",
            )
        values = self.options.values or tuple(self.rest)
        known = {_plain(f"{n}{end}") for n in (*PERSONS, *IDS, *TIMES) for end in ("", "_id")}
        known |= {_plain(name) for name in (*LABELS, *OTHERS)}
        odd = [name for name in self.rest if _plain(name) in known]
        if odd and not self.options.values:
            plain = [name for name in self.rest if name not in odd] or self.rest
            raise SourceError(
                f"these columns can be features of the series or not: {_listed(odd)}",
                where=self.where,
                fix=f"name the features, as in --values {','.join(plain[:8])}; other columns are "
                "named with --id, --labels or --client, or are passed over",
            )
        if not values:
            raise self._no_values()
        return self._layout(True, [(name, (name,)) for name in values])

    def _no_values(self) -> SourceError:
        return SourceError(
            "there is no column of values",
            where=self.where,
            fix="name the features of the series with --values A,B,…",
        )

    def _wide(self, groups: "list[Group]") -> Layout:
        if not is_aligned(groups):
            raise SourceError(
                f"the columns of {_listed([feature for feature, _ in groups])} do not count the "
                "same steps",
                where=self.where,
                fix="rename them, as in a_1,a_2,b_1,b_2, or give the steps of one feature, in "
                "order, with --values A,B,…",
            )
        used = {name for _, columns in groups for name in columns}
        other = [name for name in self.rest if name not in used]
        if other and not self.options.values:
            raise SourceError(
                f"these columns are not steps of a series: {_listed(other)}",
                where=self.where,
                fix="name the label with --labels, the client with --client, or all steps, in "
                "order, with --values A,B,…",
            )
        return self._layout(False, groups)

    def _layout(self, long: bool, groups: "list[Group]", *, lists: bool = False) -> Layout:
        used = {name for _, columns in groups for name in columns}
        roles = {self.label, self.client} | ({self.id, self.time} if long else set())
        roles -= {""}
        if both := sorted(used & roles):
            raise SourceError(
                f"the column {both[0]!r} cannot be a value as well",
                where=self.where,
                fix="leave it out of --values",
            )
        return Layout(
            long,
            tuple(feature for feature, _ in groups),
            tuple(columns for _, columns in groups),
            id=self.id if long else "",
            time=self.time if long else "",
            client=self.client,
            label=self.label,
            passed_over=tuple(n for n in self.names if n not in used | roles),
            lists=lists,
        )

    def _check_names(self) -> None:
        options = self.options
        given = (options.labels, options.client, options.id, options.time, *options.values)
        for name in filter(None, given):
            if name not in self.names:
                raise SourceError(
                    f"there is no column {name!r}",
                    where=self.where,
                    fix=f"the columns are {_listed(self.names)}",
                )
        for name in set(self.names):
            if self.names.count(name) > 1 and not INDEX.fullmatch(name):
                raise SourceError(
                    f"two columns have the name {name!r}", where=self.where, fix="rename one"
                )

    def _named(self, known: Sequence[str], *endings: str) -> str:
        """The first column with a known name, in the order of these."""
        plain = {_plain(name): name for name in reversed(self.names)}
        options = (name + ending for name in known for ending in ("", *endings))
        return next((plain[_plain(name)] for name in options if _plain(name) in plain), "")

    def _person(self) -> str:
        taken = (self.label, self.options.id, self.options.time, *self.options.values)
        found = self._named(PERSONS, "_id")
        return "" if found in taken else found

    def _id(self) -> str:
        found = self._named(IDS, "_id")
        return "" if found in (self.label, self.client, *self.options.values) else found

    def _times(self) -> list[str]:
        known = {_plain(name) for name in TIMES}
        taken = (self.label, self.client, self.options.id, *self.options.values)
        return [name for name in self.names if _plain(name) in known and name not in taken]

    def _one_series(self) -> SourceError:
        return SourceError(
            "no column says to which series a row belongs",
            where=self.where,
            fix="name it with --id; if the file is one long series, add such a column first, "
            "with the day or the week of each row",
        )

    def _ambiguous(self, groups: "list[Group]") -> SourceError:
        columns, steps = groups[0][1], len(groups[0][1])
        ways = [f"--length {steps} if each row is a series of {steps} steps"]
        if self.time:
            ident = self.id or "COLUMN"
            ways.append(f"--id {ident} --time {self.time} if each row is a step of a series")
        return SourceError(
            f"the columns {columns[0]} … {columns[-1]} can be the steps of a series or not",
            where=self.where,
            fix=f"add {', or '.join(ways)}",
        )

    def _refusal(self) -> SourceError:
        if self.time and not self.id and self.rest:
            return self._one_series()
        return SourceError(
            f"the columns {_listed(self.names)} are not those of series; tables and text are not "
            "supported yet",
            where=self.where,
            fix=WHAT_IS_READ,
        )


def _plain(name: str) -> str:
    """The name in small letters, without what separates words."""
    return re.sub(r"[\s_.-]", "", name).lower()


def _listed(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more
