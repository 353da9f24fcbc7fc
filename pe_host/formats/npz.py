"""Layouts of records in an npz file, by kind.

Export and release write them; the reader and replay read them. Besides the records, every such file
has `labels` int [n], and perhaps `label_names` and `clients`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.modality import MODALITIES, load_part, modality_of
from pe_sdk import Feature, OutputSpec, SourceError

Arrays = Mapping[str, NDArray[Any]]
ReadMetadata = Callable[[str], NDArray[Any] | None]
"""Reads a small array of a file by name: public metadata of the records. None if there is none."""


METADATA = ("kind", "feature_names", "feature_units", "feature_ranges", "step", "step_unit")
"""Names of the small arrays that describe records which are not images."""


class Layout(ABC):
    """The layout of records of one kind.

    `array` is the name of the array of records, whose first axis counts them.
    """

    array: str

    @abstractmethod
    def spec(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], metadata: ReadMetadata
    ) -> OutputSpec:
        """Return the spec of the records of a file, from the header of `array` and the metadata.

        Raises:
            SourceError: these are not records of this kind.
        """

    @abstractmethod
    def arrays(self, output: OutputSpec, data: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Return the arrays to store for records [n, *shape]: `array` and its metadata."""

    def records(self, output: OutputSpec, stored: NDArray[Any]) -> NDArray[Any]:
        """Return the records [n, *shape] of `array`, as stored, in the dtype of `output`.

        A value too large for this dtype becomes infinite.
        """
        with np.errstate(over="ignore"):
            return stored.astype(output.dtype, copy=False).reshape(len(stored), *output.shape)


class _Images(Layout):
    """Images: `images` uint8 [n, H, W(, C)]."""

    array = "images"

    def spec(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], metadata: ReadMetadata
    ) -> OutputSpec:
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
                f"images must be [n, H, W] or [n, H, W, C] with C = 1 or 3, not {list(shape)}",
                fix="store an array of grey or colour images of one size",
            )
        return OutputSpec.image(*shape[1:3], *shape[3:])

    def arrays(self, output: OutputSpec, data: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return {self.array: data[..., 0] if output.shape[2] == 1 else data}


class _Series(Layout):
    """Series: `series` [n, T, F], or [n, T], of numbers, which are rounded to float32.

    The metadata are those of `_features`, `step` and `step_unit`.
    """

    array = "series"

    def spec(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], metadata: ReadMetadata
    ) -> OutputSpec:
        if dtype.kind not in "iuf":
            raise SourceError(f"series must be numbers, not {dtype}", fix="store float32")
        if len(shape) not in (2, 3) or 0 in shape[1:]:
            raise SourceError(
                f"series must be [n, T, F] or [n, T], not {list(shape)}",
                fix="store T steps of F features for each record",
            )
        count = shape[2] if len(shape) == 3 else 1
        step, unit = metadata("step"), metadata("step_unit")
        try:
            return OutputSpec.series(
                shape[1],
                _features(count, metadata) or count,
                _step(step),
                "" if unit is None else str(unit),
            )
        except (TypeError, ValueError) as error:
            raise _invalid_metadata(error) from None

    def arrays(self, output: OutputSpec, data: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return {self.array: data, **_metadata(output)}


class _Records(Layout):
    """Records of any other kind: `records` [n, …] and `kind`.

    If features are declared, the metadata of `_features` are there too.
    """

    array = "records"

    def spec(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], metadata: ReadMetadata
    ) -> OutputSpec:
        kind, step, unit = metadata("kind"), metadata("step"), metadata("step_unit")
        if len(shape) < 2:
            raise SourceError(
                f"records must be [n, …], not {list(shape)}",
                fix="store an array whose first axis counts the records",
            )
        if kind is None:
            raise SourceError(
                "the array 'kind' is missing", fix="store the kind of the records in it, as text"
            )
        try:
            return OutputSpec(
                str(kind),
                shape[1:],
                dtype.name,
                _features(shape[-1], metadata),
                _step(step),
                "" if unit is None else str(unit),
            )
        except (TypeError, ValueError) as error:
            raise _invalid_metadata(error) from None

    def arrays(self, output: OutputSpec, data: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return {self.array: data, "kind": np.array(output.kind), **_metadata(output)}


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


def _features(count: int, metadata: ReadMetadata) -> tuple[Feature, ...]:
    """Read the features of the metadata.

    They are `feature_names` and `feature_units` [F], texts, and `feature_ranges` float [F, 2], NaN
    for an open end.
    """
    names, units, ranges = (metadata(f"feature_{what}") for what in ("names", "units", "ranges"))
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


def _step(step: NDArray[Any] | None) -> float:
    if step is None:
        return 1.0
    if step.ndim or step.dtype.kind not in "iuf":
        raise ValueError("step must be one number")
    return float(step)


def _metadata(output: OutputSpec) -> dict[str, NDArray[Any]]:
    """The metadata to store for this spec; defaults are left out."""
    features, arrays = output.features, dict[str, NDArray[Any]]()
    if features:
        arrays["feature_names"] = np.array([feature.name for feature in features], np.str_)
        if any(feature.unit for feature in features):
            arrays["feature_units"] = np.array([feature.unit for feature in features], np.str_)
        if any(feature.low is not None for feature in features):
            arrays["feature_ranges"] = np.array([[f.low, f.high] for f in features], np.float64)
    if output.step != 1.0:
        arrays["step"] = np.array(output.step)
    if output.step_unit:
        arrays["step_unit"] = np.array(output.step_unit)
    return arrays


def _invalid_metadata(error: Exception) -> SourceError:
    return SourceError(
        f"invalid record metadata: {error}",
        fix=(
            "fix the arrays feature_names, feature_units, feature_ranges, step and step_unit "
            "in the file"
        ),
    )
