"""DICOM and HEIC: upright, scaled by the header, and one clear error without the extra."""

import io
import struct
import sys

import numpy as np
import pytest
from PIL import Image

from pe_sdk.pictures import Form, PictureError, Preparation, form_of, prepare

GRAY = (np.arange(20, dtype=np.uint8) * 12).reshape(4, 5)
AS_GRAY = Preparation((4, 5, 1))
TWELVE = np.rint(GRAY * (4095 / 255)).astype(np.uint16)


def dicom(pixels, bits=None, kind="MONOCHROME2", syntax=None, pixel_data=None, **elements):
    """A DICOM file of one picture [H, W], or of frames [n, H, W], or [H, W, 3] of kind RGB."""
    pydicom = pytest.importorskip("pydicom")
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax or ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = "1.2.3"
    data.PatientName = "Doe^Jane"
    colour = kind == "RGB"
    data.SamplesPerPixel, data.PhotometricInterpretation = 3 if colour else 1, kind
    if colour:
        data.PlanarConfiguration = 0
    elif pixels.ndim == 3:
        data.NumberOfFrames = len(pixels)
    data.Rows, data.Columns = pixels.shape[:2] if colour else pixels.shape[-2:]
    data.BitsAllocated = 8 * pixels.dtype.itemsize
    data.BitsStored = bits or data.BitsAllocated
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    for name, value in elements.items():
        setattr(data, name, value)
    data.PixelData = pixel_data or pixels.tobytes()
    data["PixelData"].VR = "OW" if pixels.dtype.itemsize == 2 else "OB"
    if pixel_data:
        data["PixelData"].is_undefined_length = True
    file = io.BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


def shown(content, shape=(4, 5, 1), **more):
    return prepare(content, Preparation(shape, **more)).reshape(
        shape if shape[2] == 3 else shape[:2]
    )


def test_values_are_scaled_by_the_bits_that_are_stored():
    assert form_of(dicom(GRAY)) == Form(4, 5, 1)
    assert np.array_equal(shown(dicom(GRAY)), GRAY)
    assert np.array_equal(shown(dicom(TWELVE, 12)), GRAY)
    assert np.array_equal(shown(dicom(TWELVE, 16)), np.rint(TWELVE / 257))
    assert np.array_equal(shown(dicom(TWELVE.astype(np.int16) - 2048, 12)), GRAY)
    assert np.array_equal(shown(dicom(TWELVE | 0x8000, 12)), GRAY), "an overlay in the upper bits"


def test_monochrome1_is_dark_where_values_are_high():
    assert np.array_equal(shown(dicom(TWELVE, 12, "MONOCHROME1")), 255 - GRAY)


def test_a_declared_range_is_in_the_units_of_the_scanner():
    """Such as a window of Hounsfield units."""
    content = dicom(TWELVE, 12, RescaleSlope="2", RescaleIntercept="-1024")
    units = TWELVE * 2.0 - 1024
    expected = np.rint(np.clip((units + 160) / 400, 0, 1) * 255)
    assert np.array_equal(shown(content, range=(-160.0, 240.0)), expected)


def test_colour_frames_and_run_lengths():
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEGBaseline8Bit, RLELossless

    rgb = np.random.default_rng(1).integers(0, 256, (4, 5, 3), np.uint8)
    assert np.array_equal(shown(dicom(rgb, kind="RGB"), (4, 5, 3)), rgb)
    assert np.array_equal(shown(dicom(np.stack([GRAY, 0 * GRAY]))), GRAY)
    import pydicom

    plain = pydicom.dcmread(io.BytesIO(dicom(TWELVE, 12)))
    plain.compress(RLELossless)
    file = io.BytesIO()
    plain.save_as(file)
    assert np.array_equal(shown(file.getvalue()), GRAY)
    large, jpeg = np.kron(GRAY, np.ones((8, 8), np.uint8)), io.BytesIO()
    Image.fromarray(large).save(jpeg, "JPEG", quality=100)
    content = dicom(large, syntax=JPEGBaseline8Bit, pixel_data=encapsulate([jpeg.getvalue()]))
    assert np.abs(shown(content, (32, 40, 1)).astype(int) - large).max() <= 3


def test_what_is_hostile_or_damaged_is_one_clear_error():
    from pydicom.encaps import encapsulate
    from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit, JPEGLSLossless

    small = dicom(GRAY)
    large = small
    for tag in (b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x11\x00US\x02\x00"):
        start = large.index(tag) + len(tag)
        large = large[:start] + struct.pack("<H", 65535) + large[start + 2 :]
    postscript = encapsulate([b"%!PS-Adobe-3.0 EPSF-3.0\n"])
    for content, says in (
        (bytes(128) + b"DICM" + bytes(400), "is damaged"),
        (small[:-10], "is damaged"),
        (small[:200], "is damaged"),
        (large, "more than 100 million pixels"),
        (dicom(GRAY, syntax=DeflatedExplicitVRLittleEndian), "is a deflated DICOM file"),
        (dicom(GRAY, syntax=JPEGLSLossless, pixel_data=encapsulate([bytes(50)])), "compressed in"),
        (dicom(GRAY, syntax=JPEGBaseline8Bit, pixel_data=postscript), "compressed in"),
        (dicom(GRAY, kind="PALETTE COLOR"), "PALETTE COLOR, which is not supported"),
    ):
        with pytest.raises(PictureError, match=says) as caught:
            prepare(content, AS_GRAY)
        assert "Jane" not in str(caught.value) and caught.value.fix


def heic(pixels, **options):
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    image = pillow_heif.from_pillow(Image.fromarray(pixels))
    for name, value in options.items():
        image.info[name] = value
    image.save(file, quality=100, chroma=444)
    return file.getvalue()


def test_a_heic_picture_is_upright_and_has_its_colours():
    pixels = np.zeros((64, 80, 3), np.uint8)
    pixels[:32, :40] = (200, 60, 30)
    content = heic(pixels)
    assert content[4:8] == b"ftyp" and form_of(content) == Form(64, 80, 3)
    assert np.abs(shown(content, (64, 80, 3)).astype(int) - pixels).max() <= 12
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = heic(pixels, exif=exif.tobytes())
    assert b"irot" in turned and form_of(turned) == Form(80, 64, 3)
    upright = np.rot90(pixels, -1)
    assert np.abs(shown(turned, (80, 64, 3)).astype(int) - upright).max() <= 12
    gray = heic(np.kron(GRAY, np.ones((16, 16), np.uint8)))
    assert form_of(gray) == Form(64, 80, 1)


def test_a_heic_picture_that_is_damaged_is_an_error():
    content = heic(np.zeros((64, 80, 3), np.uint8))
    for broken in (content[:-30], content[:60], b"\0\0\0\x18ftypheic" + bytes(100)):
        with pytest.raises(PictureError, match="is damaged"):
            prepare(broken, Preparation((64, 80, 3)))


@pytest.mark.parametrize(
    ("module", "content", "extra"),
    [
        ("pydicom", bytes(128) + b"DICM" + bytes(400), "pe-host[dicom]"),
        ("pillow_heif", b"\0\0\0\x18ftypheic" + bytes(100), "pe-host[heic]"),
    ],
)
def test_without_the_extra_its_name_is_what_to_do_next(monkeypatch, module, content, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PictureError, match="needs an extra package") as caught:
        form_of(content)
    assert f"pip install '{extra}'" in caught.value.fix
