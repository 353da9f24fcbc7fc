"""The public spec of a record: `OutputSpec`, with its modality as a declared property."""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KIND = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_LONGEST = 200  # characters of a name or unit
_LISTED = 8  # features that `OutputSpec.form` lists


@dataclass(frozen=True)
class Feature:
    """One column of the last axis of a record: its name, its unit and its public range, if any.

    Args:
        name: distinct among the features of a record.
        unit: such as "ms"; empty if there is none.
        low, high: public bounds, both or neither; they set scales, and values outside are allowed.
            They must be known without looking at private records, whose smallest and largest values
            are private.

    Raises:
        ValueError: no name, only one bound, or bounds that are not a finite range.
    """

    name: str
    unit: str = ""
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if not (_is_plain(self.name) and _is_plain(self.unit)):
            raise ValueError(
                f"feature names and units must be one line of at most {_LONGEST} characters"
            )
        if not self.name.strip():
            raise ValueError("a feature needs a name")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"feature {self.name!r}: give both low and high, or neither")
        if self.low is not None and self.high is not None:
            low, high = _number(self.low), _number(self.high)
            if not (low < high and math.isfinite(high - low)):
                # The bounds are not shown: in a private file, they can be those of its records.
                raise ValueError(
                    f"feature {self.name!r}: invalid range; "
                    "low and high must be finite numbers, and low below high"
                )
            object.__setattr__(self, "low", low)
            object.__setattr__(self, "high", high)

    @property
    def title(self) -> str:
        """Name and unit, as axes and columns show them: "delay (ms)"."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {"name": self.name}
        if self.unit:
            document["unit"] = self.unit
        if self.low is not None:
            document |= {"low": self.low, "high": self.high}
        return document


@dataclass(frozen=True)
class OutputSpec:
    """The public spec of one record. Use `image` or `series`, or declare another kind yourself.

    Args:
        kind: the modality. "image" is uint8 [H, W, C] with C = 1 or 3; "series" is float32 [T, F]:
            T steps of F features. Any other kind (lower-case letters, digits, - and _) may have any
            shape and any dtype of numbers or booleans: the host runs kinds that it does not know
            with a general view.
        shape: shape of one record; no axis is empty.
        dtype: numpy name of the element type.
        features: features of the last axis, or () if they are not declared. A series always has
            them.
        step: time between two steps of a series.
        step_unit: unit of `step`; empty if steps are only counted.

    Raises:
        ValueError: kind, shape, dtype and features do not fit together.
    """

    kind: str
    shape: tuple[int, ...]
    dtype: str
    features: tuple[Feature, ...] = ()
    step: float = 1.0
    step_unit: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or not _KIND.fullmatch(self.kind):
            raise ValueError(f"kind must be lower-case letters, digits, - and _, got {self.kind!r}")
        try:
            shape = tuple(operator.index(s) for s in self.shape)
        except TypeError:
            raise ValueError(f"shape must be integers, got {self.shape!r}") from None
        if not shape or min(shape) < 1:
            raise ValueError(
                f"every axis of a record needs at least one element, got shape {list(shape)}"
            )
        dtype = _dtype(self.dtype)
        if dtype.kind not in "biuf" or dtype.itemsize > 8:
            raise ValueError(f"records must be numbers or booleans of at most 8 bytes, not {dtype}")
        features = tuple(self.features)
        if not all(isinstance(feature, Feature) for feature in features):
            raise ValueError(
                "features must be pe_sdk.Feature objects; OutputSpec.series also takes names"
            )
        if features and len(features) != shape[-1]:
            raise ValueError(f"{len(features)} features do not match a last axis of {shape[-1]}")
        if len({feature.name for feature in features}) != len(features):
            raise ValueError("two features have the same name")
        step = _number(self.step)
        if not _is_plain(self.step_unit):
            raise ValueError(f"step_unit must be one line of at most {_LONGEST} characters")
        if not (math.isfinite(step) and step > 0):  # not shown, as the bounds of a feature
            raise ValueError("step must be a positive number")
        values = {"shape": shape, "dtype": dtype.name, "features": features, "step": step}
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if self.kind in _RULES and (broken := _RULES[self.kind](self)):
            raise ValueError(f"{broken}, not {self.dtype} {list(shape)}")

    @classmethod
    def image(cls, height: int, width: int, channels: int = 1) -> "OutputSpec":
        """Return the spec of an image: uint8 [height, width, channels], gray (1) or RGB (3)."""
        return cls("image", (height, width, channels), "uint8")

    @classmethod
    def series(
        cls,
        length: int,
        features: int | Sequence[str | Feature],
        step: float = 1.0,
        step_unit: str = "",
    ) -> "OutputSpec":
        """Return the spec of a series, such as a trace: float32 [length, F].

        Args:
            length: T, the number of steps.
            features: F, or a name or `Feature` for each. A number gives the names "x1", "x2", ….
            step, step_unit: time between two steps.
        """
        if isinstance(features, int):
            features = [f"x{i + 1}" for i in range(features)]
        if isinstance(features, str):
            raise ValueError(f"features must be a list, such as [{features!r}], or their number")
        made = tuple(f if isinstance(f, Feature) else Feature(f) for f in features)
        return cls("series", (length, len(made)), "float32", made, step, step_unit)

    @property
    def form(self) -> str:
        """The spec in words: "uint8 28 × 28 × 1", "float32 96 × 2: queue, delay (ms)"."""
        text = f"{self.dtype} {' × '.join(map(str, self.shape))}"
        if not self.features:
            return text
        titles = [feature.title for feature in self.features[:_LISTED]]
        more = len(self.features) - len(titles)
        return f"{text}: {', '.join(titles)}{f' and {more} more' if more else ''}"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object, without the optional fields that have their default value."""
        document: dict[str, Any] = {
            "kind": self.kind,
            "shape": list(self.shape),
            "dtype": self.dtype,
        }
        if self.features:
            document["features"] = [feature.to_json() for feature in self.features]
        if self.step != 1.0:
            document["step"] = self.step
        if self.step_unit:
            document["step_unit"] = self.step_unit
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "OutputSpec":
        """Read a spec from JSON: the inverse of `to_json`.

        Raises:
            ValueError: the document is not a valid record spec.
        """
        try:
            features = tuple(Feature(**feature) for feature in document.get("features", ()))
            return cls(**{**document, "shape": tuple(document["shape"]), "features": features})
        except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"invalid record spec: {error}") from None

    def check(self, data: NDArray[Any], rows: int) -> None:
        """Raise ValueError unless `data` is `rows` records of this spec."""
        if not isinstance(data, np.ndarray):
            raise ValueError(f"expected a numpy array, got {type(data).__name__}")
        if data.dtype != np.dtype(self.dtype) or data.shape != (rows, *self.shape):
            raise ValueError(
                f"expected {self.dtype} {[rows, *self.shape]}, got {data.dtype} {list(data.shape)}"
            )


def _number(value: Any) -> float:
    """Return the value as a float; NaN for anything that is not a number."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _is_plain(text: Any) -> bool:
    """Return whether the value is a string that fits on one line of a file."""
    if not isinstance(text, str) or len(text) > _LONGEST or any(c in text for c in "\0\n\r"):
        return False
    try:
        text.encode()  # a lone surrogate cannot be written
    except UnicodeEncodeError:
        return False
    return True


def _dtype(name: Any) -> np.dtype[Any]:
    try:
        if isinstance(name, str):
            return np.dtype(name)
    except TypeError:
        pass
    raise ValueError(f"{name!r} is not the name of a numpy dtype")


def _image(spec: OutputSpec) -> str:
    good = spec.dtype == "uint8" and len(spec.shape) == 3 and spec.shape[2] in (1, 3)
    return "" if good else "an image is uint8 [H, W, C] with C = 1 or 3"


def _series(spec: OutputSpec) -> str:
    good = spec.dtype == "float32" and len(spec.shape) == 2 and len(spec.features) > 0
    return "" if good else "a series is float32 [T, F] with F features"


_RULES: Mapping[str, Callable[[OutputSpec], str]] = MappingProxyType(
    {"image": _image, "series": _series}
)
"""Checks of the known kinds: each returns the rule that is broken, or an empty string. Other kinds
have none."""
