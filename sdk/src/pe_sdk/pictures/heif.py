"""Pictures in HEIC files, as phones write them. They need the package pillow-heif."""

from typing import Any

from pe_sdk.pictures.raster import opened
from pe_sdk.pictures.spec import Opened, PictureError, check_pixels, damaged

INSTALL = "pip install 'pe-host[heic]', or convert it to JPEG or PNG"

_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")


def is_heif(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in _BRANDS


def open_heif(content: bytes) -> Opened:
    """Read the header of a picture; see `pe_sdk.pictures.raster.open_raster`.

    Raises:
        PictureError: pillow-heif is not installed, the file has too many pixels, or it is damaged.
    """
    try:
        import pillow_heif
    except ImportError:
        raise PictureError("is a HEIC image, which needs an extra package", INSTALL) from None
    module: Any = pillow_heif
    module.options.DECODE_THREADS = 1
    try:
        file = module.open_heif(content, convert_hdr_to_8bit=True)
        width, height = file.size
    except MemoryError:
        raise
    except Exception:  # it raises anything at all
        raise damaged() from None
    check_pixels(height, width)
    try:
        image = file.to_pillow()
    except MemoryError:
        raise
    except Exception:
        raise damaged() from None
    # libheif has turned it upright, and pillow-heif says so in its metadata.
    return opened(image)
