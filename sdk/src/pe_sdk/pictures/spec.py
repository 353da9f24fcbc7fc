"""What a decoded picture looks like, what may be wrong with one, and the limits of all of them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pe_sdk.source_options import SourceOptions

if TYPE_CHECKING:
    from PIL import Image

PIXELS = 100_000_000
"""Most pixels that are decoded: a file of a few kilobytes may announce any number."""

FILE_BYTES = 1 << 28
"""Largest file of one picture."""

TEXT_BYTES = 1 << 20
"""Most text and colour profile of one PNG, decompressed: a kilobyte can hold a megabyte."""

WHITE = (255, 255, 255)

SIZE = "--size"

Range = tuple[float, float]


class PictureError(Exception):
    """A picture that cannot be used. It quotes nothing of it and names no file.

    Args:
        what: what is wrong, a clause whose subject is the picture.
        fix: what to do next.
    """

    def __init__(self, what: str, fix: str) -> None:
        self.what, self.fix = what, fix
        super().__init__(what)


@dataclass(frozen=True)
class Form:
    """What the header of a picture announces: its upright size, and 1 channel (gray) or 3 (colour).

    Args:
        height: in pixels.
        width: in pixels.
        channels: 1 or 3. Transparency is no channel: it is composited on the background.
    """

    height: int
    width: int
    channels: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.height, self.width, self.channels


@dataclass(frozen=True)
class Preparation:
    """How every picture is brought to pixels: public choices, the same for each record.

    Args:
        shape: (H, W, C) of the result; C = 1 is gray, C = 3 is RGB.
        fit: how a picture of another size is brought to H x W: `crop` scales it to cover the size
            and keeps the middle, `pad` scales it to lie inside and fills with the background,
            `stretch` scales each side by itself; "" refuses it.
        convert: whether gray pictures become RGB and colour pictures gray, as C says; else those of
            the other kind are refused.
        background: RGB below transparent pixels and beside padded pictures.
        range: the stored values that become black and white; values beyond are clipped. None for
            the range of the type: all values of integers, 0..1 of floating-point numbers.
        size_from: what the size was taken from, for messages; "" for nothing.
        kind_from: what the number of channels was taken from.
    """

    shape: tuple[int, int, int]
    fit: str = ""
    convert: bool = False
    background: tuple[int, int, int] = WHITE
    range: Range | None = None
    size_from: str = ""
    kind_from: str = ""

    @classmethod
    def of(cls, options: SourceOptions, shape: tuple[int, ...], like: str = "") -> "Preparation":
        """Return what the options of a source mean for records of this shape.

        Args:
            options: of the source.
            shape: (H, W, C).
            like: what the shape was taken from where no option says it.
        """
        height, width, channels = shape
        return cls(
            (height, width, channels),
            options.fit,
            bool(options.colour),
            options.background or WHITE,
            options.range,
            SIZE if options.size else like,
            like,
        )

    def sentences(self) -> tuple[str, ...]:
        """Return what happens to every picture, in a few words each."""
        height, width, channels = self.shape
        how = {
            "crop": "scaled to cover it, cropped to the middle",
            "pad": "scaled to lie inside it, padded with the background",
            "stretch": "stretched to it",
        }.get(self.fit, "other sizes are refused")
        kind, other = ("gray", "colour") if channels == 1 else ("RGB", "gray")
        background = "white" if self.background == WHITE else "#" + bytes(self.background).hex()
        low, high = self.range or (0, 0)
        return (
            f"{height} × {width} pixels: {how}",
            f"{kind}: {'converted' if self.convert else f'{other} images are refused'}",
            "upright by their EXIF orientation",
            f"transparency on {background}",
            f"values {low:g} (black) to {high:g} (white)"
            if self.range
            else "values scaled by the range of their type",
        )

    def to_json(self) -> dict[str, Any]:
        """Return JSON values that `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Preparation":
        """Inverse of `to_json`."""
        values = dict(document)
        for name in ("shape", "background", "range"):
            values[name] = None if values[name] is None else tuple(values[name])
        return cls(**values)


@dataclass(frozen=True)
class Opened:
    """A picture whose header has been read and checked.

    Args:
        height: of the upright picture.
        width: of the upright picture.
        mode: what it stores, in a word or two, for messages.
        is_gray: whether it is gray. It may have to decode the picture.
        load: decode it for a preparation, to an upright image of mode L, LA, RGB or RGBA.
    """

    height: int
    width: int
    mode: str
    is_gray: Callable[[], bool]
    load: "Callable[[Preparation], Image.Image]"

    def form(self) -> Form:
        return Form(self.height, self.width, 1 if self.is_gray() else 3)


def check_pixels(height: int, width: int) -> None:
    """Raise PictureError for more than `PIXELS`, or none."""
    if height < 1 or width < 1:
        raise damaged()
    if height * width > PIXELS:
        raise PictureError(
            f"announces more than {PIXELS // 1_000_000} million pixels",
            "scale it down, or remove it",
        )


def damaged() -> PictureError:
    return PictureError("is damaged", "repair it, or remove it")
