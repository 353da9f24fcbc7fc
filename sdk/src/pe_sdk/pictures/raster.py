"""Pictures of the formats that Pillow decodes, by allow-list.

Pillow chooses the decoder by a file's content, whatever its name, and for some formats the decoder
starts a program: PostScript is handed to Ghostscript. None of those here does.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from PIL import Image, ImageFile, PngImagePlugin

from pe_sdk.pictures.spec import (
    TEXT_BYTES,
    Opened,
    PictureError,
    Preparation,
    Range,
    check_pixels,
    damaged,
)
from pe_sdk.pictures.tones import COLOUR, GRAY, to_8_bit

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA")
"""Pillow's names of the formats that pe reads; PPM includes PGM and PBM."""

_ORIENTATION = 0x0112
_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES = 256, 257, 258, 262, 339
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_KEY_BITS = {"L;2": 2, "L;4": 4}
_ENOUGH = 2
"""A JPEG may be decoded at a fraction of its size, at least this many times the wanted one."""

_lock = threading.Lock()


@contextmanager
def strict() -> Iterator[None]:
    """Hold Pillow to the limits, whatever another library has set: these are its global variables.

    What it would only warn of is either checked here (the number of pixels) or harmless, and its
    warnings can quote a file.
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = (
            ImageFile.LOAD_TRUNCATED_IMAGES,
            PngImagePlugin.MAX_TEXT_CHUNK,
            PngImagePlugin.MAX_TEXT_MEMORY,
        )
        _set_globals(False, TEXT_BYTES, TEXT_BYTES)
        try:
            yield
        finally:
            _set_globals(*before)


def _set_globals(load_truncated: bool, text_chunk: int, text_memory: int) -> None:
    ImageFile.LOAD_TRUNCATED_IMAGES = load_truncated
    PngImagePlugin.MAX_TEXT_CHUNK = text_chunk
    PngImagePlugin.MAX_TEXT_MEMORY = text_memory


def open_raster(content: bytes) -> Opened:
    """Read the header of a picture. Of an animation, the first frame is the picture.

    Raises:
        PictureError: it is of no format in `FORMATS`, has too many pixels or too much text, or is
            of a mode that is not read.
    """
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError:
        check_pixels(1 << 20, 1 << 20)
        raise
    except Exception as error:  # UnidentifiedImageError, and what a hostile header makes it raise
        raise too_much_text(error) or PictureError(
            "cannot be read as an image",
            "move it out of the folder, where every file is a record, or repair it",
        ) from None
    check_pixels(image.height, image.width)
    return opened(image)


def opened(image: Image.Image) -> Opened:
    """Return a picture of Pillow, decoded or not, as one whose header has been read.

    Raises:
        PictureError: it is of a mode that is not read, or damaged.
    """
    mode = image.mode
    if mode not in GRAY + COLOUR:
        raise PictureError(
            f"is of mode {mode}, which is not supported", "convert it to 8-bit gray or RGB"
        )
    raw_mode = _raw_mode(image)  # decoding takes it away
    with _damage():
        turn = _orientation(image)
        _scale_colour_key(image, raw_mode)
        width, height = image.size
        if image.format == "TIFF":  # whose size may be the upright one already
            width, height = (int(_tag(image, which)) for which in (_WIDTH, _HEIGHT))
            check_pixels(height, width)
    if turn >= 5:
        width, height = height, width

    def is_gray() -> bool:
        with _damage():
            return mode in GRAY or (mode in ("P", "PA") and _has_gray_palette(image))

    def load(preparation: Preparation) -> Image.Image:
        with _damage():
            drafted = image.format in ("JPEG", "MPO") and bool(preparation.fit)
            if drafted:
                side = _ENOUGH * max(preparation.shape[:2])
                image.draft(None, (side, side))  # keeps the mode
            natural = _natural(image)
            image.load()
            upright = to_8_bit(image, natural, preparation.range)
            # Pillow turns a TIFF itself.
            if turn in _UPRIGHT and image.format != "TIFF":
                upright = upright.transpose(_UPRIGHT[turn])
            if not drafted and upright.size != (width, height):
                raise damaged()
            return upright

    return Opened(height, width, f"mode {mode}", is_gray, load)


@contextmanager
def _damage() -> Iterator[None]:
    """Turn whatever a decoder raises into a PictureError."""
    try:
        yield
    except (PictureError, MemoryError):
        raise
    except Exception as error:  # decoders raise anything at all
        raise too_much_text(error) or damaged() from None


def _orientation(image: Image.Image) -> int:
    """How the picture is turned, 1..8; 1 if it does not say so in a way that can be read."""
    if image.format == "TIFF":  # Pillow turns it when it decodes it, by this very tag
        found = image.getexif().get(_ORIENTATION, 1)
    else:
        if image.format == "PNG":
            image.load()  # the orientation may stand behind the pixels
        found = 1
        with suppress(Exception):  # a picture with broken metadata is shown as it is stored
            found = image.getexif().get(_ORIENTATION, 1)
    return int(found) if found in range(1, 9) else 1


def _raw_mode(image: Image.Image) -> str:
    """How a PNG that is not decoded yet stores its samples, as in `L;2`; "" for other formats."""
    tiles: Any = getattr(image, "tile", None)
    raw = tiles[0].args if image.format == "PNG" and tiles else ""
    return raw if isinstance(raw, str) else ""


def _scale_colour_key(image: Image.Image, raw_mode: str) -> None:
    """Bring the transparent colour of a PNG to the 8 bits that Pillow brings the pixels to.

    Raises:
        PictureError: it has 16 bits a channel, of which Pillow drops 8: other colours would match.
    """
    key = image.info.get("transparency")
    if key is None or not raw_mode or image.mode not in ("L", "RGB"):
        return
    if raw_mode == "RGB;16B":
        raise PictureError(
            "has colours of 16 bits of which one is transparent, which is not supported",
            "save it with 8 bits a channel, or with an alpha channel",
        )
    most = (1 << _KEY_BITS.get(raw_mode, 8)) - 1
    scaled = [(value & most) * (255 // most) for value in (key if image.mode == "RGB" else (key,))]
    image.info["transparency"] = tuple(scaled) if image.mode == "RGB" else scaled[0]


def _tag(image: Any, which: int, otherwise: Any = None) -> Any:
    """A tag of a TIFF, the first value of several."""
    found = image.tag_v2.get(which, otherwise)
    return found[0] if isinstance(found, tuple) and found else found


def _natural(image: Image.Image) -> Range | None:
    """Range of the values of more than 8 bits, by their type and not by the values."""
    if image.format != "TIFF":
        return (0, 1) if image.mode == "F" else (0, (1 << 16) - 1)
    ends: Range | None = (0, 1)
    if image.mode != "F":
        bits, signed = int(_tag(image, _BITS, 1)), _tag(image, _SAMPLES, 1) != 1
        ends = (0, (1 << bits) - 1) if bits <= 16 and not signed else None
    white_is_zero = _tag(image, _PHOTOMETRIC, 1) == 0
    return ends[::-1] if ends and white_is_zero else ends


def _has_gray_palette(image: Image.Image) -> bool:
    """Whether every colour of the palette that can show is gray."""
    image.load()
    entries = image.getpalette("RGBA") or []
    clear = image.info.get("transparency")
    alphas = dict(enumerate(clear)) if isinstance(clear, bytes) else {clear: 0}
    return all(
        red == green == blue
        for place, (red, green, blue) in enumerate(
            zip(entries[::4], entries[1::4], entries[2::4], strict=True)
        )
        if alphas.get(place, 255)
    )


def too_much_text(error: Exception) -> PictureError | None:
    """The error for text beyond the limit, which Pillow reports as a ValueError in words."""
    if not isinstance(error, ValueError) or "text" not in str(error).lower():
        return None
    return PictureError(
        f"holds more than {TEXT_BYTES >> 20} MiB of text or colour profile",
        "remove its comments and its colour profile, or the file",
    )
