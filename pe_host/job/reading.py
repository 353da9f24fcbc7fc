"""The settings that say how the private data are read. All of them are public."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pe_host.job.setting import (
    Reader,
    boolean,
    choice,
    integer,
    key_values,
    list_of,
    number,
    setting,
    string,
)

if TYPE_CHECKING:  # it imports numpy, which the command line does without
    from pe_sdk import SourceOptions

_NUMBER = number("a number")
_SIDE = integer(1, 65_536)


def _size(value: Any) -> tuple[int, int]:
    """Read `64` or `64x48`, height before width, or a list of two numbers."""
    expected = "a size in pixels, as in 64 or 48x64 (height x width), each from 1 to 65536"
    parts = re.split("[x×]", value) if isinstance(value, str) else value
    if isinstance(parts, int):
        parts = [parts]
    if not isinstance(parts, list | tuple) or len(parts) not in (1, 2):
        raise ValueError(expected)
    try:
        sides = [_SIDE(part) for part in parts]
    except ValueError:
        raise ValueError(expected) from None
    return sides[0], sides[-1]


def _axes(value: Any) -> str:
    """Read the order of N, H, W and perhaps C, or the shape of a flattened image."""
    axes = value.upper().replace("×", "X") if isinstance(value, str) else ""
    if sorted(axes) in (sorted("NHW"), sorted("NHWC")):
        return str(axes)
    if re.fullmatch("[1-9][0-9]{0,8}(X[1-9][0-9]{0,8}){1,2}", axes):
        return str(axes.lower())
    raise ValueError("the order of axes, as in NCHW, or the shape of a flattened image, as 28x28")


def _colour(value: Any) -> tuple[int, int, int]:
    """Read `white`, `black`, `gray`, `#rrggbb` or a list of three numbers from 0 to 255."""
    names = {"white": (255, 255, 255), "black": (0, 0, 0), "gray": (128, 128, 128)}
    if isinstance(value, str) and value.lower() in names:
        return names[value.lower()]
    if isinstance(value, str) and re.fullmatch("#[0-9a-fA-F]{6}", value):
        red, green, blue = bytes.fromhex(value[1:])
        return red, green, blue
    if isinstance(value, list | tuple) and len(value) == 3:
        read = integer(0, 255)
        return read(value[0]), read(value[1]), read(value[2])
    raise ValueError("white, black, gray or #rrggbb")


def _range(value: Any) -> tuple[float, float]:
    """Read `0,1`: the values that stand for black and white."""
    expected = "two different numbers, as in 0,1"
    try:
        ends = list_of(_NUMBER)(value)
    except ValueError:
        raise ValueError(expected) from None
    if len(ends) != 2 or ends[0] == ends[1]:
        raise ValueError(expected)
    return ends[0], ends[1]


def _feature_ranges(value: Any) -> dict[str, tuple[float, float]]:
    """Read a mapping of features to `LOW..HIGH`."""
    expected = "name=LOW..HIGH, as in load=0..100"
    if isinstance(value, dict) and all(isinstance(ends, list | tuple) for ends in value.values()):
        pairs = {str(name): list(ends) for name, ends in value.items()}
    else:
        pairs = {name: text.split("..") for name, text in key_values(value).items()}
    found: dict[str, tuple[float, float]] = {}
    for name, ends in pairs.items():
        try:
            low, high = (_NUMBER(end) for end in ends)
        except ValueError:
            raise ValueError(expected) from None
        if not low < high:
            raise ValueError(expected)
        found[name] = (low, high)
    return found


def _option(default: Any, read: Reader, help: str, metavar: str, published: bool = True) -> Any:
    return setting(default, read, help, metavar=metavar, published=published)


@dataclass(frozen=True, kw_only=True)
class ReadingConfig:
    """Every setting about the reading of the data; see `pe_sdk.SourceOptions`."""

    size: tuple[int, int] | None = _option(
        None, _size, "Height and width of a record; images of another size need --fit.", "HxW"
    )
    fit: str | None = _option(
        None,
        choice("crop", "pad", "stretch"),
        "How to bring a record of another shape to the size: crop, pad or stretch.",
        "HOW",
    )
    colour: str | None = _option(
        None, choice("rgb", "gray"), "Convert every image to rgb or gray.", "HOW"
    )
    background: tuple[int, int, int] | None = _option(
        None, _colour, "Color below transparent and beside padded images [default: white].", "COLOR"
    )
    split: str = _option("", string, "Part of the data set to read, such as train.", "NAME")
    images: str = _option("", string, "Array or column of the records.", "KEY", published=False)
    labels: str = _option(
        "",
        string,
        "Labels: an array or column, FILE:COLUMN, or name:REGEX.",
        "WHERE",
        published=False,
    )
    client: str = _option("", string, "Array or column of the clients.", "KEY", published=False)
    axes: str | None = _option(
        None, _axes, "Order of the axes of an array of images, or shape of a flat one.", "NCHW"
    )
    labels_from: int | None = _option(
        None, integer(0, 2**31), "Integer that stands for the first class.", "N"
    )
    range: tuple[float, float] | None = _option(
        None, _range, "Values that stand for black and white, as in 0,1.", "LOW,HIGH"
    )
    public_classes: bool | None = _option(
        None, boolean, "The class names that stand in the labels of the data are public.", ""
    )
    id: str = _option(
        "", string, "Column that says to which series a row belongs.", "COLUMN", published=False
    )
    time: str = _option(
        "", string, "Column of times, which orders the rows of a series.", "COLUMN", published=False
    )
    values: tuple[str, ...] = _option(
        (), list_of(string, distinct=True), "Columns that are features of a series.", "A,B,…"
    )
    length: int | None = _option(None, integer(1, 2**31), "Number of steps of a series.", "T")
    missing: str | None = _option(
        None,
        choice("refuse", "drop", "hold", "interpolate", "zero"),
        "Missing values of a series: refuse, drop (the record), hold, interpolate or zero.",
        "HOW",
    )
    step: float | None = _option(
        None, number("a number > 0", above=0), "Time between two steps of a series.", "S"
    )
    step_unit: str = _option("", string, "Unit of the step, such as min.", "UNIT")
    feature_units: dict[str, str] = _option(
        {}, key_values, "Unit of a feature; may be repeated.", "NAME=UNIT"
    )
    feature_ranges: dict[str, tuple[float, float]] = _option(
        {}, _feature_ranges, "Range of a feature; may be repeated.", "NAME=LOW..HIGH"
    )

    def source_options(self, classes: tuple[str, ...]) -> "SourceOptions":
        """The options for the reader, with the declared class names."""
        from pe_sdk import SourceOptions

        values = {name: getattr(self, name) for name in ReadingConfig.__dataclass_fields__}
        given = {name: value for name, value in values.items() if value is not None}
        return SourceOptions(**given, classes=classes)
