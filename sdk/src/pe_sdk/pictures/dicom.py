"""Pictures in DICOM files, as scanners write them. They need the package pydicom."""

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pe_sdk.pictures.spec import (
    Opened,
    PictureError,
    Preparation,
    Range,
    check_pixels,
    damaged,
)
from pe_sdk.pictures.tones import scaled

INSTALL = "pip install 'pe-host[dicom]', or convert it to PNG"

_PREAMBLE = 132
_LONG = (b"OB", b"OW", b"OF", b"SQ", b"UT", b"UN")
_SYNTAX = (2, 0x10)
_DEFLATED = "1.2.840.10008.1.2.1.99"
_GRAY = ("MONOCHROME1", "MONOCHROME2")
_TAGS = [
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "RescaleSlope",
    "RescaleIntercept",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "PixelData",
    "FloatPixelData",
    "DoubleFloatPixelData",
]


def is_dicom(content: bytes) -> bool:
    return content[_PREAMBLE - 4 : _PREAMBLE] == b"DICM"


def open_dicom(content: bytes) -> Opened:
    """Read the header of a picture; of several frames, the first is the picture.

    Raises:
        PictureError: pydicom is not installed, or the file has no pixels, too many, or is damaged.
    """
    try:
        import pydicom
    except ImportError:
        raise PictureError("is a DICOM image, which needs an extra package", INSTALL) from None
    if _transfer_syntax(content) == _DEFLATED:  # as a whole, so its size is known too late
        raise PictureError("is a deflated DICOM file", "store it without deflation")
    try:
        header = pydicom.dcmread(io.BytesIO(content), specific_tags=_TAGS)
        height, width = int(header.Rows), int(header.Columns)
        samples = int(header.get("SamplesPerPixel", 1))
        kind = str(header.PhotometricInterpretation)
    except MemoryError:
        raise
    except Exception:  # it raises anything at all
        raise damaged() from None
    check_pixels(height, width)
    if kind == "PALETTE COLOR" or samples not in (1, 3):
        what = f"is a DICOM image of kind {kind[:20]}, which is not supported"
        raise PictureError(what, "convert it to PNG")

    def load(preparation: Preparation) -> Image.Image:
        try:
            return _load(header, kind, preparation.range)
        except (PictureError, MemoryError):
            raise
        except NotImplementedError:
            what = "is compressed in a way that the installed pydicom cannot decode"
            raise PictureError(what, "store it without compression, or convert it") from None
        except Exception as error:
            if "missing dependencies" in str(error) or "Unable to de" in str(error):
                what = "is compressed in a way that the installed pydicom cannot decode"
                raise PictureError(what, "store it without compression, or convert it") from None
            raise damaged() from None

    return Opened(height, width, f"DICOM {kind[:20]}", lambda: samples == 1, load)


def _load(header: Any, kind: str, declared: Range | None) -> Image.Image:
    from pydicom.pixels.utils import pixel_array

    values: NDArray[Any] = pixel_array(header, index=0)
    if values.ndim == 3:
        return Image.fromarray(scaled(values, declared or (0, (1 << int(header.BitsStored)) - 1)))
    ends: Range
    if declared is not None:  # in the units of the modality, such as Hounsfield units
        slope = float(header.get("RescaleSlope", 1) or 1)
        values = values * slope + float(header.get("RescaleIntercept", 0) or 0)
        ends = declared
    else:
        bits = int(header.BitsStored)
        values, ends = _stored(values, bits, bool(header.get("PixelRepresentation", 0)))
    if kind == "MONOCHROME1":
        ends = ends[::-1]
    return Image.fromarray(scaled(values, ends))


def _stored(values: NDArray[Any], bits: int, signed: bool) -> tuple[NDArray[Any], Range]:
    """Only the bits that are stored, and their range."""
    if values.dtype.kind == "f":
        return values, (0, 1)
    whole = values.astype(np.int64) & ((1 << bits) - 1)
    if not signed:
        return whole, (0, (1 << bits) - 1)
    half = 1 << (bits - 1)
    return (whole ^ half) - half, (-half, half - 1)


def _transfer_syntax(content: bytes) -> str:
    """The encoding that the file's head names, "" if it does not."""
    place = _PREAMBLE
    while place + 8 <= len(content):
        group, element = struct.unpack_from("<HH", content, place)
        if group != 2:
            break
        kind = content[place + 4 : place + 6]
        if kind in _LONG:
            if place + 12 > len(content):
                break
            (length,) = struct.unpack_from("<I", content, place + 8)
            place += 12
        else:
            (length,) = struct.unpack_from("<H", content, place + 6)
            place += 8
        if (group, element) == _SYNTAX:
            return content[place : place + length].decode("ascii", "replace").strip("\0 ")
        place += length
    return ""
