"""Missing values and lengths of series: each series is brought to the public length by itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pe_host.privacy.records import PrivateRecords
from pe_host.privacy.stored import new_records
from pe_sdk import OutputSpec, Records, SourceError, SourceOptions, Table

_BLOCK = 1 << 22
"""Values that are prepared at once."""

_POLICIES = (
    "--missing hold, interpolate or zero fills it in, and --missing drop leaves such series out"
)


@dataclass(frozen=True)
class Ragged:
    """Series of any length, one after the other.

    Args:
        values: float32 [sum of the lengths, F]; NaN where a value is missing.
        lengths: int64 [n].
        places: returns where series i is, for errors: "row 3", "the series that begins in line 4".
        faults: what is already known to be wrong, by series.
    """

    values: NDArray[np.float32]
    lengths: NDArray[np.int64]
    places: Callable[[int], str]
    faults: dict[int, SourceError]


@dataclass(frozen=True)
class Fitted:
    """Series of one length.

    Args:
        data: float32 [m, T, F], those that are not left out.
        kept: which series these are, bool [n].
        faults: what is wrong, by number among all series.
    """

    data: Records
    kept: NDArray[np.bool_]
    faults: dict[int, SourceError]

    def table(
        self,
        labels: NDArray[np.int64],
        clients: NDArray[np.int64] | None,
        faults: Mapping[int, SourceError],
    ) -> Table:
        """The series that are kept, with their labels and clients.

        Args:
            labels, clients: of all series, [n].
            faults: what else is wrong, by number among all series.
        """
        place, kept = np.cumsum(self.kept) - 1, self.kept
        found = {**faults, **self.faults}
        return Table(
            self.data,
            labels[kept],
            None if clients is None else clients[kept],
            faults={int(place[i]): found[i] for i in sorted(found) if kept[i]},
        )


def describe_fit(length: int, options: SourceOptions) -> tuple[str, ...]:
    """What happens to missing values, and to lengths other than `length`, in words."""
    said = {
        "": "missing values: refused (--missing decides otherwise)",
        "refuse": "missing values: refused",
        "drop": "missing values: such series are left out",
        "hold": "missing values: the last value before them, else the first after them",
        "interpolate": "missing values: interpolated, and held at the ends",
        "zero": "missing values: zero",
    }
    lengths = {
        "crop": "longer series are cut to their first {}",
        "pad": "shorter series repeat their last value up to {}, longer ones are cut to them",
        "stretch": "series of other lengths are interpolated to {}",
    }
    fit = [lengths[options.fit].format(steps(length))] if options.fit else []
    return (*fit, said[options.missing])


def steps(number: int) -> str:
    """The number of steps in words."""
    return "1 step" if number == 1 else f"{number} steps"


class Fitter:
    """Brings series to one length, and treats their missing values, some series at a time.

    A series with a fault holds zeros.

    Args:
        count: number of series.
        output: the planned spec.
        options: the policy for missing values and for lengths.
        where: the file, for errors.

    Raises:
        SourceError: the disk has no room for the series; also when they are added.
    """

    def __init__(self, count: int, output: OutputSpec, options: SourceOptions, where: str) -> None:
        self.length, self.features = output.shape
        self.options, self.where = options, where
        self._data = new_records(count, output.shape, np.float32, where)
        self._dropped = np.zeros(count, np.bool_)
        self._faults: dict[int, SourceError] = {}
        self._next = 0

    def add(self, series: Ragged) -> None:
        """Take the next series."""
        ends = np.cumsum(series.lengths)
        step = max(1, _BLOCK // (max(self.length, int(series.lengths.max(initial=1)))))
        for start in range(0, len(ends), max(1, step // self.features)):
            rows = np.arange(start, min(len(ends), start + max(1, step // self.features)))
            self._add(series, rows, ends - series.lengths)
        self._next += len(ends)

    def finish(self) -> Fitted:
        """The series that are not left out."""
        kept = ~self._dropped
        data: Records = self._data
        if self._dropped.any():
            rows = np.flatnonzero(kept)
            if isinstance(data, np.ndarray):
                data = data[rows]
            else:
                data = PrivateRecords(data, rows, self.where)
        return Fitted(data, kept, self._faults)

    def _add(self, series: Ragged, rows: NDArray[np.int64], starts: NDArray[np.int64]) -> None:
        """Take some of the series, all of which stand in memory."""
        block = np.zeros((len(rows), self.length, self.features), np.float32)
        lengths, how, first = series.lengths[rows], self.options.fit, self._next + int(rows[0])
        faults = {int(i) - int(rows[0]): series.faults[int(i)] for i in rows if i in series.faults}
        fits = _can_fit(lengths, self.length, how)
        for i in np.flatnonzero(~fits).tolist():
            what = f"{series.places(rows[i])} has {steps(int(lengths[i]))}, expected {self.length}"
            fix = _fix_length(self.length, self.options)
            faults.setdefault(i, SourceError(what, where=self.where, fix=fix))
        for own in np.unique(lengths[fits]).tolist():
            part = np.flatnonzero(fits & (lengths == own))
            values = series.values[starts[rows[part], None] + np.arange(own)]
            if how in ("crop", "pad"):
                values = values[:, : self.length]
            filled, missing = _fill(values, self.options.missing)
            block[part] = _to_length(filled, self.length, how)
            for i in part[missing].tolist():
                if self.options.missing == "drop":
                    self._dropped[first + i] = i not in faults
                else:
                    place = series.places(int(rows[i]))
                    faults.setdefault(i, _missing_fault(place, self.options, self.where))
        block[list(faults)] = 0
        self._data[first : first + len(rows)] = block
        self._faults |= {first + i: fault for i, fault in sorted(faults.items())}


def fit(series: Ragged, output: OutputSpec, options: SourceOptions, where: str) -> Fitted:
    """Fit series that all stand in memory; see `Fitter`."""
    fitter = Fitter(len(series.lengths), output, options, where)
    fitter.add(series)
    return fitter.finish()


def rows_from(start: int) -> Callable[[int], str]:
    """Return where each series is, for errors, in a file whose row `start` is the first of them."""
    return lambda row: f"row {start + row}"


def too_large(where: str) -> SourceError:
    return SourceError(
        "the series take more than half of this machine's memory",
        where=where,
        fix="use fewer records, or a machine with more memory",
    )


def _can_fit(lengths: NDArray[np.int64], length: int, how: str) -> NDArray[np.bool_]:
    """Which series can be brought to the length."""
    if how in ("pad", "stretch"):
        return lengths > 0
    return (lengths >= length) if how == "crop" else (lengths == length)


def _fix_length(length: int, options: SourceOptions) -> str:
    if options.fit == "crop":
        return "use --fit pad or --fit stretch, or a smaller --length"
    return f"add --length {length} --fit pad (or crop, or stretch): it brings every series to it"


def _missing_fault(place: str, options: SourceOptions, where: str) -> SourceError:
    if options.missing in ("", "refuse"):
        return SourceError(f"a value is missing in {place}", where=where, fix=_POLICIES)
    return SourceError(
        f"a feature has no value at all in {place}",
        where=where,
        fix="remove the series, or fill it with --missing zero",
    )


def _fill(block: NDArray[np.float32], policy: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Fill in missing values [m, L, F], and return the series where this is not possible."""
    gaps = np.isnan(block)
    odd = np.asarray(gaps.any(axis=(1, 2)))
    if not odd.any() or policy in ("", "refuse", "drop"):
        return block, odd
    if policy == "zero":
        return np.where(gaps, np.float32(0), block), np.zeros(len(block), np.bool_)
    steps = np.arange(block.shape[1])[:, None]
    before = np.maximum.accumulate(np.where(gaps, -1, steps), axis=1)
    after = np.minimum.accumulate(np.where(gaps, block.shape[1], steps)[:, ::-1], axis=1)[:, ::-1]
    empty = np.asarray(np.asarray(gaps.all(axis=1)).any(axis=1))
    low = np.where(before < 0, np.minimum(after, block.shape[1] - 1), before)
    left = np.take_along_axis(block, low, axis=1)
    if policy == "hold":
        return left, empty
    high = np.where(after >= block.shape[1], low, after)
    right = np.take_along_axis(block, high, axis=1)
    share = (steps - low) / np.maximum(high - low, 1)
    with np.errstate(over="ignore", invalid="ignore"):  # infinite values are refused later
        filled = (left + share * (right.astype(np.float64) - left)).astype(np.float32)
    return np.where(gaps, filled, block), empty


def _to_length(block: NDArray[np.float32], length: int, how: str) -> NDArray[np.float32]:
    """Bring series [m, L, F] to `length`: by interpolation, or by repeating the last step."""
    own = block.shape[1]
    if own == length:
        return block
    if how != "stretch":
        return np.concatenate([block, np.repeat(block[:, -1:], length - own, axis=1)], axis=1)
    places = np.arange(length) * ((own - 1) / max(length - 1, 1))
    low = np.minimum(places.astype(np.int64), own - 1)
    left, right = block[:, low], block[:, np.minimum(low + 1, own - 1)]
    with np.errstate(over="ignore", invalid="ignore"):  # infinite values are refused later
        between = left + (places - low)[:, None] * (right.astype(np.float64) - left)
        return np.asarray(between, np.float32)
