"""The one decoder of pictures whose content is not trusted, for readers and generators alike.

It needs Pillow, the extra `pictures` of pe-sdk. What a file announces is checked before anything is
decoded, and only formats of an allow-list are. The result follows from the content and the
`Preparation` only: upright by the EXIF orientation, transparency on the background, values of more
than 8 bits scaled by the range of their type.

For the packages of this repository; not part of the promises of compatibility.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pe_sdk.pictures.dicom import is_dicom, open_dicom
from pe_sdk.pictures.fitting import fitted
from pe_sdk.pictures.heif import is_heif, open_heif
from pe_sdk.pictures.raster import FORMATS, open_raster, opened, strict
from pe_sdk.pictures.spec import (
    FILE_BYTES,
    PIXELS,
    SIZE,
    TEXT_BYTES,
    WHITE,
    Form,
    Opened,
    PictureError,
    Preparation,
)
from pe_sdk.pictures.tones import composited

__all__ = [
    "FILE_BYTES",
    "FORMATS",
    "PIXELS",
    "SUFFIXES",
    "TEXT_BYTES",
    "WHITE",
    "Form",
    "PictureError",
    "Preparation",
    "form_of",
    "prepare",
    "prepare_array",
    "too_long",
]

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".webp"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".tga", ".heic", ".heif", ".hif", ".dcm", ".dicom"),
)
"""How names of pictures end, in lower case."""


def form_of(content: bytes) -> Form:
    """Return the form of a picture.

    Raises:
        PictureError: it is of no format that is read, too large, damaged, or of a mode that is not
            read.
    """
    with strict():
        return _open(content).form()


def prepare(content: bytes, preparation: Preparation) -> NDArray[np.uint8]:
    """Decode a picture, and bring it to the shape of the preparation: uint8 [H, W, C].

    Raises:
        PictureError: see `form_of`; or it has another size or another number of channels and the
            preparation converts neither, its values have no range, it is truncated or damaged, or
            it holds more than `TEXT_BYTES` of text.
    """
    with strict():
        return _prepared(_open(content), preparation)


def prepare_array(pixels: NDArray[np.uint8], preparation: Preparation) -> NDArray[np.uint8]:
    """Bring pixels to the shape of the preparation, as `prepare` does with a file.

    Args:
        pixels: uint8 [H, W] or [H, W, C]; C is 1 (gray), 2 (gray and alpha), 3 (RGB) or 4 (RGBA).
        preparation: as for `prepare`.

    Raises:
        PictureError: it has another size or another number of channels, and the preparation
            converts neither.
    """
    plain = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    with strict():
        image = Image.fromarray(np.ascontiguousarray(plain))
        return _prepared(opened(image), preparation)


def _open(content: bytes) -> Opened:
    if len(content) > FILE_BYTES:
        raise too_long()
    if is_dicom(content):
        return open_dicom(content)
    if is_heif(content):
        return open_heif(content)
    return open_raster(content)


def too_long() -> PictureError:
    """The error for a file larger than `FILE_BYTES`."""
    return PictureError(
        f"is larger than {FILE_BYTES >> 20} MiB", "store it with compression, or remove it"
    )


def _usual(height: int, width: int) -> str:
    """A size to propose: that of the other pictures, unless it is too large for a first try."""
    return f"{height}x{width}" if height * width <= 1 << 16 else "64x64"


def _as_in(origin: str) -> str:
    return f" as in {origin}" if origin else ""


def _prepared(picture: Opened, preparation: Preparation) -> NDArray[np.uint8]:
    height, width, channels = preparation.shape
    if not preparation.fit and (picture.height, picture.width) != (height, width):
        origin, size = _as_in(preparation.size_from), _usual(height, width)
        raise PictureError(
            f"has {picture.height} × {picture.width} pixels, not {height} × {width}{origin}",
            "add --fit crop (or pad, or stretch)"
            if preparation.size_from == SIZE
            else f"add --size {size} --fit crop (or pad, or stretch), or remove it",
        )
    if not preparation.convert and picture.is_gray() != (channels == 1):
        kind, other = ("gray", "colour") if picture.is_gray() else ("a colour image", "gray")
        raise PictureError(
            f"is {kind} ({picture.mode}), not {other}{_as_in(preparation.kind_from)}",
            "add --colour rgb or --colour gray, which converts all images, or remove it",
        )
    image = composited(picture.load(preparation), channels, preparation.background)
    return np.asarray(fitted(image, preparation), np.uint8).reshape(preparation.shape)
