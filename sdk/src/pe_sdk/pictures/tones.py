"""Stored values to 8 bits, and transparency to the background. All of it is integer arithmetic or
elementwise, so one file is the same pixels every time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pe_sdk.pictures.spec import PictureError, Range

GRAY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F")
COLOUR = ("RGB", "RGBA", "RGBa", "RGBX", "P", "PA", "CMYK", "YCbCr")

_WIDE = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")
_INDIRECT = ("1", "P", "PA", "CMYK", "YCbCr")
_TOLERANCE = 1e-6


def to_8_bit(image: Image.Image, natural: Range | None, declared: Range | None) -> Image.Image:
    """Return the picture in mode L, LA, RGB or RGBA.

    Args:
        image: a decoded picture of a mode in `GRAY` or `COLOUR`.
        natural: range of the type, for the modes of more than 8 bits; None if it has none.
        declared: the range that the user says the values have.

    Raises:
        PictureError: the values have no range, or are not in that of floating-point numbers; or the
            declared range cannot be applied.
    """
    if image.mode in _WIDE:
        return _wide(image, natural, declared)
    if declared is not None and declared != (0, 255):
        if image.mode in _INDIRECT:
            raise PictureError(
                f"is of mode {image.mode}, which --range cannot scale",
                "convert it to gray or RGB values, or leave out --range",
            )
        image = _direct(image)
        has_alpha = image.mode in ("LA", "RGBA")
        table = scaled(np.arange(256), declared).tolist()
        tables = table * (len(image.getbands()) - has_alpha) + list(range(256)) * has_alpha
        return image.point(tables)
    return _direct(image)


def scaled(values: NDArray[Any], ends: Range) -> NDArray[np.uint8]:
    """Return the values with `ends` at 0 and 255; those beyond are clipped."""
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        table = _scaled(np.arange(1 << (8 * values.dtype.itemsize)), ends)
        found: NDArray[np.uint8] = table[values]
        return found
    return _scaled(values, ends)


def _scaled(values: NDArray[Any], ends: Range) -> NDArray[np.uint8]:
    low, high = ends
    shares = (values.astype(np.float64) - low) / (high - low)
    np.clip(shares, 0, 1, out=shares)
    shares *= 255
    return np.rint(shares, out=shares).astype(np.uint8)


def composited(image: Image.Image, channels: int, background: tuple[int, int, int]) -> Image.Image:
    """Return the picture in mode L (1 channel) or RGB (3), its transparent parts on the background.

    What is stored below full transparency never shows.

    Args:
        image: of mode L, LA, RGB or RGBA.
        channels: 1 or 3.
        background: RGB.
    """
    mode = "L" if channels == 1 else "RGB"
    # A colour picture is composited in colour, whatever it becomes.
    through = "L" if channels == 1 and image.mode in ("L", "LA") else "RGB"
    if image.mode in ("LA", "RGBA"):
        alpha = image.getchannel("A")
        below = Image.new("RGB", (1, 1), background).convert(through).resize(image.size)
        image = Image.composite(image.convert(through), below, alpha)
    return image.convert(mode)


def _direct(image: Image.Image) -> Image.Image:
    """Palettes, premultiplied alpha and the like, in one of the four modes."""
    if image.mode == "La":
        return image.convert("LA")
    if image.mode in ("RGBa", "PA"):
        return image.convert("RGBA")
    transparent = "transparency" in image.info
    if image.mode == "P":
        if transparent or (image.palette and "A" in image.palette.mode):
            return image.convert("RGBA")
        return image.convert("RGB")
    if transparent and image.mode in ("1", "L", "RGB"):
        return image.convert("RGBA" if image.mode == "RGB" else "LA")
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("RGBX", "CMYK", "YCbCr"):
        return image.convert("RGB")
    return image


def _wide(image: Image.Image, natural: Range | None, declared: Range | None) -> Image.Image:
    values = np.asarray(image)
    ends = declared or natural
    if ends is None:
        raise PictureError(
            "holds integers of 32 bits or with a sign, which have no usual range",
            "say which values are black and white, as in --range 0,4095",
        )
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise PictureError("holds values that are not finite", "repair it, or remove it")
        low, high = min(ends), max(ends)
        if declared is None and (
            values.min() < low - _TOLERANCE or values.max() > high + _TOLERANCE
        ):
            raise PictureError(
                "holds floating-point values outside 0..1",
                "say which values are black and white, as in --range 0,255",
            )
    gray = Image.fromarray(scaled(values, ends))
    clear = image.info.get("transparency")
    if isinstance(clear, int) and not isinstance(clear, bool):
        alpha = np.where(values == clear, 0, 255).astype(np.uint8)
        gray.putalpha(Image.fromarray(alpha))
    return gray
