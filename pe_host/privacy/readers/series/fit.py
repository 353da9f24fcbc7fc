"""Missing values and lengths of series: each series is brought to the public length by itself."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pe_host.files import most_bytes
from pe_sdk import SourceError, SourceOptions

_BLOCK = 1 << 22
"""Values that are prepared at once."""

_POLICIES = (
    "--missing hold, interpolate or zero fills it in, and --missing drop leaves such series out"
)
_LENGTHS = "--fit crop, pad or stretch brings every series to the length that --length says"


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
        data: float32 [n, T, F].
        faults: what is wrong, by series.
        dropped: the series that `--missing drop` leaves out, bool [n].
    """

    data: NDArray[np.float32]
    faults: dict[int, SourceError]
    dropped: NDArray[np.bool_]

    def kept_faults(self) -> dict[int, SourceError]:
        """The faults by number among the series that are not dropped."""
        place = np.cumsum(~self.dropped) - 1
        return {int(place[i]): fault for i, fault in self.faults.items() if not self.dropped[i]}


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


def fit(series: Ragged, length: int, options: SourceOptions, where: str) -> Fitted:
    """Bring every series to `length` steps, and treat its missing values.

    A series with a fault holds zeros.

    Args:
        series: the series.
        length: the public number of steps.
        options: the policy for missing values and for lengths.
        where: the file, for errors.

    Raises:
        SourceError: the series take more than half of this machine's memory.
    """
    count, features = len(series.lengths), series.values.shape[1]
    if 4 * count * length * features > most_bytes():
        raise too_large(where)
    data = np.zeros((count, length, features), np.float32)
    faults, dropped = dict(series.faults), np.zeros(count, np.bool_)
    starts = np.cumsum(series.lengths) - series.lengths
    fitted = _can_fit(series.lengths, length, options.fit)
    for i in np.flatnonzero(~fitted).tolist():
        what = f"{series.places(i)} has {steps(int(series.lengths[i]))}, expected {length}"
        faults.setdefault(i, SourceError(what, where=where, fix=_fix_length(options)))
    for own in np.unique(series.lengths[fitted]).tolist():
        rows = np.flatnonzero(fitted & (series.lengths == own))
        size = max(1, _BLOCK // (max(own, length) * features))
        for part in (rows[at : at + size] for at in range(0, len(rows), size)):
            block = series.values[starts[part, None] + np.arange(own)].reshape(-1, own, features)
            if options.fit in ("crop", "pad"):
                block = block[:, :length]
            filled, missing = _fill(block, options.missing)
            data[part] = _to_length(filled, length, options.fit)
            for i in part[missing].tolist():
                if options.missing == "drop":
                    dropped[i] = i not in faults
                else:
                    faults.setdefault(i, _missing_fault(series.places(i), options, where))
    data[list(faults)] = 0
    return Fitted(data, faults, dropped)


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


def _fix_length(options: SourceOptions) -> str:
    if options.fit == "crop":
        return "use --fit pad or --fit stretch, or a smaller --length"
    return _LENGTHS


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
