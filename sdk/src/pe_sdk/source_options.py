"""How the user wants a source of records to be read: public choices, part of the privacy plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """What a user says about a source and its records, for the reader.

    A value that is empty, None or False leaves the choice to the reader. A reader names in
    `ReaderSpec.takes` the options that it understands; the host refuses the others.

    Args:
        size: height and width of the images, in pixels.
        fit: how an image of another shape, or a series of another length, is brought to the size:
            crop, pad or stretch.
        colour: rgb or gray.
        background: color below transparent pixels and beside padded images, 0..255 each.
        split: the part of the data set to read, such as train.
        images: name of the array or column of the records.
        labels: where the labels are: the name of an array or column, `FILE:COLUMN`, or
            `name:REGEX` for a part of the file name.
        client: name of the array or column that says to whom a record belongs.
        axes: order of the axes of an array of images, such as NCHW; or the shape of one image where
            each is stored as a row of numbers, such as 28x28.
        labels_from: the integer that stands for the first class.
        range: values that stand for black and white; None for the range of the type.
        classes: names of the classes, in order.
        public_classes: the class names that stand in the labels of the records are public.
        id: name of the column that says to which series a row belongs.
        time: name of the column of times, by which the rows of a series are ordered.
        values: names of the columns that are features of a series, in order.
        length: number of steps of a series.
        missing: what to do about a missing value: refuse, drop, hold, interpolate or zero.
        step: time between two steps.
        step_unit: unit of `step`.
        feature_units: unit of each feature, by name.
        feature_ranges: least and largest value of each feature, by name.
    """

    size: tuple[int, int] | None = None
    fit: str = ""
    colour: str = ""
    background: tuple[int, int, int] | None = None
    split: str = ""
    images: str = ""
    labels: str = ""
    client: str = ""
    axes: str = ""
    labels_from: int | None = None
    range: tuple[float, float] | None = None
    classes: tuple[str, ...] = ()
    public_classes: bool = False
    id: str = ""
    time: str = ""
    values: tuple[str, ...] = ()
    length: int | None = None
    missing: str = ""
    step: float | None = None
    step_unit: str = ""
    feature_units: Mapping[str, str] = field(default_factory=dict)
    feature_ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        """The options that are not left to the reader, by name."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: value
            for name, value in values.items()
            if value not in (None, "", (), {}) and value is not False
        }

    def to_json(self) -> dict[str, Any]:
        """Every option that is given, as JSON values."""
        return {name: _plain(value) for name, value in self.given().items()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "SourceOptions":
        """Inverse of `to_json`.

        Raises:
            TypeError, ValueError: the document is not one.
        """
        values = dict(document)
        for name in ("size", "background", "range", "classes", "values"):
            if name in values:
                values[name] = tuple(values[name])
        if "feature_ranges" in values:
            ranges = {name: tuple(ends) for name, ends in values["feature_ranges"].items()}
            values["feature_ranges"] = ranges
        return cls(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value
