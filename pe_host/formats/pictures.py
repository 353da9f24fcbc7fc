"""The image formats that may be opened, and the one function that opens them.

Pillow chooses the decoder by a file's content, whatever its name, and for some formats the decoder
starts a program: PostScript is handed to Ghostscript. So every picture is opened by allow-list.
"""

from pathlib import Path
from typing import IO

from PIL import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA")
"""Pillow's names of the formats that pe reads. None of their decoders starts a program."""

UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
"""What Pillow raises for a file that is damaged, hostile, or of no format in the list."""


def open_picture(source: Path | IO[bytes]) -> Image.Image:
    """Open a picture of one of `FORMATS`; only its header is read.

    Raises:
        OSError, ValueError, SyntaxError, EOFError, PIL.Image.DecompressionBombError: see
            `UNREADABLE`.
    """
    return Image.open(source, formats=FORMATS)
