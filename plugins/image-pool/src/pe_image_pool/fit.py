"""Fitting of pictures to the shape of a record: resized by area, centre-cropped, grey or colour."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, PngImagePlugin, UnidentifiedImageError

FORMAT = 1
"""Version of the fitting, part of a pool's digest; increased when pictures are fitted differently.
"""
PIXELS = 100_000_000
"""Largest number of pixels that is decoded: a file of a few kilobytes may claim any number."""
BYTES = 1 << 28
"""Largest file of a picture."""
TEXT_BYTES = 1 << 20
"""Most text and colour profile of one PNG, decompressed: a kilobyte can hold a megabyte."""
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""Pillow's names of the picture formats that are opened; PPM includes PGM and PBM.

Pillow chooses the decoder by content, whatever a file's name, and for some formats the decoder
starts a program: PostScript goes to Ghostscript. None of these does.
"""


def decode(content: bytes | NDArray[np.uint8]) -> Image.Image:
    """Decode a file, or take an array [H, W] or [H, W, 1 | 3]: upright, in mode L or RGB.

    Transparent pixels become white. 16-bit grey keeps its upper 8 bits.

    Raises:
        Exception: of any type, if the content is not a picture of one of `FORMATS`.
    """
    if isinstance(content, np.ndarray):
        array = content[..., 0] if content.ndim == 3 and content.shape[2] == 1 else content
        return Image.fromarray(np.ascontiguousarray(array))
    if len(content) > BYTES:
        raise ValueError(f"it is larger than {BYTES >> 20} MiB")
    with _strict():
        with _opened(content) as opened:
            if opened.width * opened.height > PIXELS:
                raise ValueError(f"{opened.width} x {opened.height} pixels are too many")
            image = ImageOps.exif_transpose(opened)
            image.load()
        if image.mode.startswith("I;16") or image.mode == "I":
            return Image.fromarray(
                (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
            )
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            solid = image.convert("RGBA")
            image = Image.alpha_composite(
                Image.new("RGBA", solid.size, (255, 255, 255, 255)), solid
            )
        return image.convert("L" if image.mode in ("1", "L") else "RGB")


@contextmanager
def _strict() -> Iterator[None]:
    """Hold Pillow to the limits, whatever another library has set: these are its global variables.

    Pillow warns of large pictures and odd metadata; here it matters only whether it reads them.
    """
    before = (
        ImageFile.LOAD_TRUNCATED_IMAGES,
        PngImagePlugin.MAX_TEXT_CHUNK,
        PngImagePlugin.MAX_TEXT_MEMORY,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _set_globals(False, TEXT_BYTES, TEXT_BYTES)
        try:
            yield
        finally:
            _set_globals(*before)


def _set_globals(load_truncated: bool, text_chunk: int, text_memory: int) -> None:
    ImageFile.LOAD_TRUNCATED_IMAGES = load_truncated
    PngImagePlugin.MAX_TEXT_CHUNK = text_chunk
    PngImagePlugin.MAX_TEXT_MEMORY = text_memory


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:  # Pillow's message names the buffer, not what is wrong
        raise ValueError(f"not a picture in one of the formats {', '.join(FORMATS)}") from None


def fit(image: Image.Image, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Fit a picture to uint8 [H, W, C]: the largest centred part of these proportions, averaged.

    Args:
        image: mode L or RGB.
        shape: (H, W, C), C = 1 or 3.
    """
    height, width, channels = shape
    image = image.convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        scale = max(width / image.width, height / image.height)
        across, down = width / scale, height / scale
        left, top = (image.width - across) / 2, (image.height - down) / 2
        box = (
            max(left, 0.0),
            max(top, 0.0),
            min(left + across, image.width),
            min(top + down, image.height),
        )
        kind = Image.Resampling.BOX if scale <= 1 else Image.Resampling.BILINEAR
        image = image.resize((width, height), kind, box)
    return np.asarray(image, np.uint8).reshape(shape)
