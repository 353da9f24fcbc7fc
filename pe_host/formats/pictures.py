"""The one decoder of pictures whose content is not trusted.

Pillow chooses the decoder by a file's content, whatever its name, and for some formats the decoder
starts a program: PostScript is handed to Ghostscript. So every picture is opened by allow-list, and
what its header announces is checked before anything is decoded.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageFile, PngImagePlugin

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA")
"""Pillow's names of the formats that pe reads. None of their decoders starts a program."""

PIXELS = 100_000_000
"""Most pixels that are decoded: a file of a few kilobytes may announce any number."""

FILE_BYTES = 1 << 28
"""Largest file of one picture."""

TEXT_BYTES = 1 << 20
"""Most text and colour profile of one PNG, decompressed: a kilobyte can hold a megabyte."""

_GRAY = ("1", "L", "LA")
_COLOUR = ("RGB", "RGBA", "P", "CMYK", "YCbCr")

_lock = threading.Lock()


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
    """What the header of a picture announces: its size, and 1 channel (gray) or 3 (colour)."""

    height: int
    width: int
    channels: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.height, self.width, self.channels


def read_content(file: BinaryIO) -> bytes:
    """Read a whole file of one picture.

    Raises:
        PictureError: it is larger than `FILE_BYTES`.
        OSError: it cannot be read.
    """
    content = file.read(FILE_BYTES + 1)
    if len(content) > FILE_BYTES:
        raise PictureError(
            f"is larger than {FILE_BYTES >> 20} MiB", "store it with compression, or remove it"
        )
    return content


def form_of(content: bytes) -> Form:
    """Return the form of a picture, from its header.

    Raises:
        PictureError: it is of no format in `FORMATS`, larger than `PIXELS`, or of a mode that pe
            does not read.
    """
    with _strict(), _opened(content) as image:
        return _form(image)


def decode(content: bytes, shape: tuple[int, ...]) -> bytes:
    """Decode a picture of this shape, and no other: the bytes of uint8 [H, W, C], C = 1 or 3.

    Gray pictures are not converted to colour, nor the reverse. The result follows from the content
    and the shape only.

    Raises:
        PictureError: see `form_of`; or it has another size or another number of channels, is
            truncated or damaged, or holds more than `TEXT_BYTES` of text.
    """
    height, width, channels = shape
    kind = "gray" if channels == 1 else "colour"
    with _strict(), _opened(content) as image:
        form = _form(image)
        if form.shape != (height, width, channels):
            raise PictureError(
                f"is not a {kind} image of {width} × {height} pixels",
                "size and mode follow the first image by name; convert all images to one",
            )
        try:
            return image.convert("L" if channels == 1 else "RGB").tobytes()
        except Exception as error:  # decoders raise anything at all
            raise _too_much_text(error) or PictureError(
                "is damaged", "repair it, or remove it"
            ) from None


@contextmanager
def _strict() -> Iterator[None]:
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


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError:
        raise _too_large() from None
    except Exception as error:  # UnidentifiedImageError, and what a hostile header makes it raise
        raise _too_much_text(error) or PictureError(
            "cannot be read as an image",
            "move it out of the class folder, where every file is a record, or repair it",
        ) from None


def _form(image: Image.Image) -> Form:
    if image.width * image.height > PIXELS:
        raise _too_large()
    if image.mode not in _GRAY + _COLOUR:
        raise PictureError(
            f"is of mode {image.mode}, which is not supported", "convert it to 8-bit gray or RGB"
        )
    return Form(image.height, image.width, 1 if image.mode in _GRAY else 3)


def _too_much_text(error: Exception) -> PictureError | None:
    """The error for text beyond the limit, which Pillow reports as a ValueError in words."""
    if not isinstance(error, ValueError) or "text" not in str(error).lower():
        return None
    return PictureError(
        f"holds more than {TEXT_BYTES >> 20} MiB of text or colour profile",
        "remove its comments and its colour profile, or the file",
    )


def _too_large() -> PictureError:
    return PictureError(
        f"announces more than {PIXELS // 1_000_000} million pixels", "scale it down, or remove it"
    )
