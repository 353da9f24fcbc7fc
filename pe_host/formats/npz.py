"""How records lie in an npz file, by kind: what export and release write, and the reader and replay read.

Beside the records every such file has `labels` int [n], and perhaps `label_names` and `clients`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.modality import MODALITIES, load_part, modality_of
from pe_sdk import Feature, OutputSpec, SourceError

Arrays = Mapping[str, NDArray[Any]]
Small = Callable[[str], NDArray[Any] | None]
"""Gives a small array of a file, which tells of the records and is public; None where there is none of that name."""


class Layout(ABC):
    """Of one kind. `array` is the name of the array of records, whose first axis counts them."""

    array: str

    @abstractmethod
    def form(self, shape: tuple[int, ...], dtype: np.dtype[Any], small: Small) -> OutputSpec:
        """The form of the records of a file, from the header of `array` and the small arrays.

        Raises:
            SourceError: they are no records of this kind; says what, and what to do.
        """

    @abstractmethod
    def arrays(self, output: OutputSpec, data: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """What is stored for records [n, *shape]: `array`, and what its form needs besides."""

    def records(self, output: OutputSpec, stored: NDArray[Any]) -> NDArray[Any]:
        """[n, *shape] of the dtype of `output`, of what is stored as `array`. A value too large for it becomes infinite."""
        with np.errstate(over="ignore"):
            return stored.astype(output.dtype, copy=False).reshape(len(stored), *output.shape)


class _Images(Layout):
    """`images` uint8 [n, H, W(, C)]."""

    array = "images"

    def form(self, shape: tuple[int, ...], dtype: np.dtype[Any], small: Small) -> OutputSpec:
        if dtype != np.uint8:
            raise SourceError(
                f"images must be uint8, not {dtype}", fix="scale them to 0..255 and round"
            )
        if (
            len(shape) not in (3, 4)
            or (len(shape) == 4 and shape[3] not in (1, 3))
            or 0 in shape[1:]
        ):
            raise SourceError(
                f"images must be [n, H, W] or [n, H, W, 1 or 3], not {list(shape)[1:]} a record",
                fix="store an array of gray or colour pictures of one size",
            )
        return OutputSpec.image(*shape[1:3], *shape[3:])

    def arrays(self, output: OutputSpec, data: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return {self.array: data[..., 0] if output.shape[2] == 1 else data}


class _Series(Layout):
    """`series` [n, T, F] of numbers, which are rounded to float32; what `_features` says, `step`, `step_unit`."""

    array = "series"

    def form(self, shape: tuple[int, ...], dtype: np.dtype[Any], small: Small) -> OutputSpec:
        if dtype.kind not in "iuf":
            raise SourceError(f"series must be numbers, not {dtype}", fix="store float32")
        if len(shape) != 3 or 0 in shape[1:]:
            raise SourceError(
                f"series must be [n, T, F], not {list(shape)[1:]} a record",
                fix="store T steps of F features for each record; one feature has an axis too",
            )
        step, unit = small("step"), small("step_unit")
        try:
            return OutputSpec.series(
                shape[1],
                _features(shape[2], small) or shape[2],
                1.0 if step is None else float(step),
                "" if unit is None else str(unit),
            )
        except (TypeError, ValueError) as error:
            raise _told_wrongly(error) from None

    def arrays(self, output: OutputSpec, data: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return {self.array: data, **_told(output)}


class _Records(Layout):
    """`records` [n, …] of any kind: `kind`, and where features are declared what `_features` says."""

    array = "records"

    def form(self, shape: tuple[int, ...], dtype: np.dtype[Any], small: Small) -> OutputSpec:
        kind, step, unit = small("kind"), small("step"), small("step_unit")
        if len(shape) < 2:
            raise SourceError(
                f"records must be [n, …], not {list(shape)}",
                fix="store an array with an axis of records",
            )
        if kind is None:
            raise SourceError(
                "the array 'kind' is missing", fix="store the name of the kind of the records"
            )
        try:
            return OutputSpec(
                str(kind),
                shape[1:],
                dtype.name,
                _features(shape[-1], small),
                1.0 if step is None else float(step),
                "" if unit is None else str(unit),
            )
        except (TypeError, ValueError) as error:
            raise _told_wrongly(error) from None

    def arrays(self, output: OutputSpec, data: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return {self.array: data, "kind": np.array(output.kind), **_told(output)}


IMAGES: Layout = _Images()
SERIES: Layout = _Series()
RECORDS: Layout = _Records()


def layouts() -> tuple[Layout, ...]:
    """Every layout: those of the modalities, then that of all other kinds."""
    return (*(load_part(modality.layout) for modality in MODALITIES.values()), RECORDS)


def layout_of(output: OutputSpec) -> Layout:
    """The layout of records of this spec."""
    layout: Layout = load_part(modality_of(output).layout)
    return layout


def _features(count: int, small: Small) -> tuple[Feature, ...]:
    """Of `feature_names` and `feature_units` [F], texts, and `feature_ranges` float [F, 2], NaN where there is none."""
    names, units, ranges = (small(f"feature_{what}") for what in ("names", "units", "ranges"))
    if names is None:
        return ()
    if names.shape != (count,) or names.dtype.kind != "U":
        raise ValueError(f"feature_names must be {count} texts")
    if units is not None and (units.shape != (count,) or units.dtype.kind != "U"):
        raise ValueError(f"feature_units must be {count} texts")
    if ranges is not None and (ranges.shape != (count, 2) or ranges.dtype.kind not in "iuf"):
        raise ValueError(f"feature_ranges must be numbers [{count}, 2]")
    bounds = [
        [None if np.isnan(end) else float(end) for end in row]
        for row in ([[np.nan] * 2] * count if ranges is None else ranges)
    ]
    return tuple(
        Feature(str(name), "" if units is None else str(units[i]), *bounds[i])
        for i, name in enumerate(names)
    )


def _told(output: OutputSpec) -> dict[str, NDArray[Any]]:
    told: dict[str, NDArray[Any]] = {}
    if output.features:
        told["feature_names"] = np.array([feature.name for feature in output.features], np.str_)
        if any(feature.unit for feature in output.features):
            told["feature_units"] = np.array([feature.unit for feature in output.features], np.str_)
        if any(feature.low is not None for feature in output.features):
            told["feature_ranges"] = np.array(
                [[f.low, f.high] for f in output.features], np.float64
            )
    if output.step != 1.0:
        told["step"] = np.array(output.step)
    if output.step_unit:
        told["step_unit"] = np.array(output.step_unit)
    return told


def _told_wrongly(error: Exception) -> SourceError:
    return SourceError(
        f"what is told of the records makes no sense: {error}",
        fix="mend these small arrays of the file",
    )
