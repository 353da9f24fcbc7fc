"""The decoder: every kind of picture shows what a viewer shows, and one file is the same pixels."""

import io
import json
import subprocess
import sys
import zlib

import numpy as np
import PIL
import pytest
from PIL import Image, ImageOps, TiffImagePlugin

from pe_sdk import SourceOptions
from pe_sdk.pictures import (
    FORMATS,
    SUFFIXES,
    Form,
    PictureError,
    Preparation,
    fitting,
    form_of,
    prepare,
    prepare_array,
    raster,
)

RNG = np.random.default_rng(5)
GRAY = (np.arange(20, dtype=np.uint8) * 12).reshape(4, 5)
RGB = RNG.integers(0, 256, (4, 5, 3), np.uint8)
WIDE = GRAY.astype(np.uint16) * 257
OPAQUE = GRAY > 100
AS_GRAY = Preparation((4, 5, 1))
AS_RGB = Preparation((4, 5, 3))


def encoded(image, name="PNG", **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def with_alpha(pixels, clear=0):
    """Opaque where OPAQUE; elsewhere transparent above any hidden colour."""
    return np.dstack([pixels, np.where(OPAQUE, 255, clear).astype(np.uint8)])


def one_clear(content, value):
    """A gray PNG of 16 bits with one transparent value."""
    chunk = b"tRNS" + value.to_bytes(2, "big")
    chunk = b"\0\0\0\2" + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    start = content.index(b"IDAT") - 4
    return content[:start] + chunk + content[start:]


def on(pixels, background):
    return np.where(OPAQUE[..., None], pixels.reshape(4, 5, -1), np.uint8(background))


def announced(image, **tags):
    """A TIFF with other values of some tags."""
    return encoded(image, "TIFF", tiffinfo={{"photometric": 262}[k]: v for k, v in tags.items()})


SAME = {
    "8-bit gray": (encoded(GRAY), GRAY),
    "16-bit PNG": (encoded(WIDE), GRAY),
    "16-bit TIFF": (encoded(WIDE, "TIFF"), GRAY),
    "16-bit TIFF, big-endian": (encoded(WIDE.astype(">u2"), "TIFF"), GRAY),
    "16-bit TIFF, white is zero": (announced(WIDE, photometric=0), 255 - GRAY),
    "16-bit PGM": (b"P5 5 4 65535\n" + WIDE.astype(">u2").tobytes(), GRAY),
    "float TIFF": (encoded((GRAY / 255).astype(np.float32), "TIFF"), GRAY),
    "1-bit PNG": (encoded(OPAQUE), OPAQUE * np.uint8(255)),
    "1-bit fax": (encoded(OPAQUE, "TIFF", compression="group4"), OPAQUE * np.uint8(255)),
    "gray palette": (encoded(Image.fromarray(GRAY).quantize(32)), GRAY),
    "gray palette, one clear colour": (
        encoded(Image.fromarray(GRAY).convert("P"), transparency=12),
        np.where(GRAY == 12, 255, GRAY),
    ),
    "gray and alpha": (
        encoded(Image.fromarray(with_alpha(GRAY))),
        on(GRAY, 255)[..., 0],
    ),
    "gray, one clear value": (encoded(GRAY, transparency=12), np.where(GRAY == 12, 255, GRAY)),
    "16 bits, one clear value": (
        one_clear(encoded(WIDE), 12 * 257),
        np.where(GRAY == 12, 255, GRAY),
    ),
    "RGB": (encoded(RGB), RGB),
    "RGBA": (encoded(with_alpha(RGB)), on(RGB, 255)),
    "RGBA, half clear": (
        encoded(with_alpha(np.zeros_like(RGB), 128)),
        on(np.zeros_like(RGB), 127),
    ),
    "RGBA TIFF": (encoded(with_alpha(RGB), "TIFF"), on(RGB, 255)),
    "RGBA WebP": (encoded(with_alpha(RGB), "WEBP", lossless=True), on(RGB, 255)),
    "CMYK TIFF": (encoded(Image.fromarray(RGB).convert("CMYK"), "TIFF"), RGB),
}

if tuple(map(int, PIL.__version__.split(".")[:2])) >= (10, 3):  # which reads this format
    PFM = b"Pf\n5 4\n-1.0\n" + (GRAY[::-1] / 255).astype("<f4").tobytes()
    SAME["float PFM"] = (PFM, GRAY)


@pytest.mark.parametrize("kind", SAME)
def test_a_picture_without_loss_is_what_a_viewer_shows(kind):
    content, shown = SAME[kind]
    shape = (*shown.shape[:2], shown.shape[2] if shown.ndim == 3 else 1)
    assert form_of(content) == Form(*shape)
    pixels = prepare(content, Preparation(shape))
    assert np.abs(pixels.astype(int) - shown.reshape(shape)).max() <= (kind == "CMYK TIFF")
    assert np.array_equal(pixels, prepare(content, Preparation(shape))), "every time the same"


FLAT = np.full((16, 16, 3), (200, 60, 30), np.uint8)


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "YCbCr"])
def test_jpegs_of_every_colour_space_have_their_colours(mode):
    """Photoshop's CMYK is inverted, which Pillow both writes and reads."""
    content = encoded(Image.fromarray(FLAT).convert(mode), "JPEG", quality=95)
    pixels = prepare(content, Preparation((16, 16, 3)))
    assert np.abs(pixels.astype(int) - FLAT).max() <= 4


def test_a_colour_palette_keeps_its_colours():
    image = Image.fromarray(RGB).quantize(32)
    assert np.array_equal(prepare(encoded(image), AS_RGB), np.asarray(image.convert("RGB")))
    clear = np.asarray(image.convert("RGB")).copy()
    clear[np.asarray(image) == 3] = 255
    for name in ("PNG", "GIF"):
        assert np.array_equal(prepare(encoded(image, name, transparency=3), AS_RGB), clear)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_pictures_are_upright_as_their_metadata_say(name, turn):
    stored = Image.fromarray(np.kron(RGB, np.ones((8, 8, 1), np.uint8)))
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"lossless": True} if name == "WEBP" else {}
    content = encoded(stored, name, exif=exif, **options)
    as_stored = Image.open(io.BytesIO(encoded(stored, "PNG", exif=exif)))
    upright = np.asarray(ImageOps.exif_transpose(as_stored))
    assert form_of(content).shape == upright.shape
    pixels = prepare(content, Preparation(upright.shape))
    if name == "JPEG":
        assert np.abs(pixels.astype(int) - upright).mean() < 12
    else:
        assert np.array_equal(pixels, upright)


def test_metadata_behind_the_pixels_and_broken_metadata():
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(RGB, exif=exif)
    start = content.index(b"eXIf") - 4
    chunk = content[start : start + 12 + int.from_bytes(content[start : start + 4], "big")]
    end = content.index(b"IEND") - 4
    moved = content[:start] + content[start + len(chunk) : end] + chunk + content[end:]
    upright = np.rot90(RGB, -1)
    assert np.array_equal(prepare(moved, Preparation((5, 4, 3))), upright)
    broken = encoded(RGB, exif=b"Exif\0\0MM\0\x2a" + b"\xff" * 60)
    assert np.array_equal(prepare(broken, AS_RGB), RGB)


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_frame_of_several_is_the_picture(name):
    frames = [Image.fromarray(np.full((4, 5, 3), value, np.uint8)) for value in (50, 150, 250)]
    options = {"lossless": True} if name == "WEBP" else {}
    content = encoded(frames[0], name, save_all=True, append_images=frames[1:], **options)
    with Image.open(io.BytesIO(content)) as opened:
        assert opened.n_frames == 3
    pixels = prepare(content, Preparation((4, 5, form_of(content).channels), convert=True))
    assert (pixels == 50).all()


def test_a_phone_jpeg_of_several_pictures_is_its_first():
    frames = [Image.fromarray(np.full((16, 16, 3), value, np.uint8)) for value in (50, 150)]
    content = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert np.abs(prepare(content, Preparation((16, 16, 3))).astype(int) - 50).max() <= 1


def test_hidden_colours_never_show():
    first, second = RGB, RNG.integers(0, 256, (4, 5, 3), np.uint8)
    second = np.where(OPAQUE[..., None], first, second)
    for name in ("PNG", "TIFF"):
        contents = [encoded(with_alpha(pixels), name) for pixels in (first, second)]
        one, other = (prepare(content, AS_RGB) for content in contents)
        assert np.array_equal(one, other)
    large = Preparation((2, 2, 3), fit="stretch")
    one, other = (prepare(encoded(with_alpha(pixels)), large) for pixels in (first, second))
    assert np.array_equal(one, other), "also where pixels are averaged"


def test_transparency_lies_on_the_declared_background():
    red = Preparation((4, 5, 3), convert=True, background=(255, 0, 0))
    assert (prepare(encoded(with_alpha(RGB)), red)[~OPAQUE] == (255, 0, 0)).all()
    assert (prepare(encoded(Image.fromarray(with_alpha(GRAY))), red)[~OPAQUE] == (255, 0, 0)).all()
    gray = Preparation((4, 5, 1), convert=True, background=(0, 0, 0))
    assert (prepare(encoded(with_alpha(RGB)), gray)[~OPAQUE] == 0).all()


RANGES = {
    "integers of 32 bits": (encoded(WIDE.astype(np.int32), "TIFF"), (0.0, 65535.0), GRAY),
    "floats of any size": (encoded(GRAY.astype(np.float32), "TIFF"), (0.0, 255.0), GRAY),
    "8 bits of few values": (encoded(OPAQUE.astype(np.uint8)), (0.0, 1.0), OPAQUE * np.uint8(255)),
    "inverted": (encoded(GRAY), (255.0, 0.0), 255 - GRAY),
    "clipped": (encoded(WIDE), (0.0, 120 * 257.0), np.minimum(GRAY * 255.0 / 120, 255).round()),
}


@pytest.mark.parametrize("kind", RANGES)
def test_a_declared_range_scales_values(kind):
    content, ends, shown = RANGES[kind]
    pixels = prepare(content, Preparation((4, 5, 1), range=ends))
    assert np.array_equal(pixels[..., 0], shown)


def test_values_are_scaled_by_their_type_and_never_by_the_data():
    dark = prepare(encoded(WIDE // 16), AS_GRAY)
    assert dark.max() == round(int(WIDE.max() // 16) / 257)
    for refused, says in (
        (WIDE.astype(np.int32), "no usual range"),
        (GRAY.astype(np.float32), "outside 0..1"),
        (np.where(OPAQUE, np.nan, 0).astype(np.float32), "not finite"),
    ):
        with pytest.raises(PictureError, match=says):
            prepare(encoded(refused, "TIFF"), AS_GRAY)
    with pytest.raises(PictureError, match="--range cannot scale"):
        prepare(
            encoded(Image.fromarray(RGB).quantize(32)), Preparation((4, 5, 3), range=(0.0, 1.0))
        )


def test_a_size_and_a_kind_that_do_not_fit_are_refused_with_what_converts_them():
    with pytest.raises(PictureError, match="has 4 × 5 pixels, not 8 × 8 as in x") as caught:
        prepare(encoded(GRAY), Preparation((8, 8, 1), size_from="x"))
    assert "--size 8x8 --fit crop" in caught.value.fix
    with pytest.raises(PictureError, match=r"is gray \(mode L\), not colour as in y") as caught:
        prepare(encoded(GRAY), Preparation((4, 5, 3), kind_from="y"))
    assert "--colour rgb" in caught.value.fix
    with pytest.raises(PictureError, match=r"is a colour image \(mode P\), not gray"):
        prepare(encoded(Image.fromarray(RGB).quantize(32)), AS_GRAY)


def test_crop_pad_and_stretch():
    wide = np.zeros((8, 16), np.uint8)
    wide[:, 4:12] = 200
    wide[:4, :4] = 90
    crop = prepare(encoded(wide), Preparation((8, 8, 1), fit="crop"))[..., 0]
    assert np.array_equal(crop, wide[:, 4:12])
    padded = Preparation((16, 16, 1), fit="pad", background=(7, 7, 7))
    pad = prepare(encoded(wide), padded)[..., 0]
    assert np.array_equal(pad[4:12], wide) and (pad[:4] == 7).all() and (pad[12:] == 7).all()
    stretch = prepare(encoded(wide), Preparation((8, 8, 1), fit="stretch"))[..., 0]
    assert stretch.shape == (8, 8) and stretch[0, 0] > 60 and stretch[7, 0] < 20
    tall = prepare(encoded(wide.T.copy()), Preparation((8, 8, 1), fit="crop"))[..., 0]
    assert np.array_equal(tall, crop.T)


def test_scaling_down_averages_and_does_not_pick_pixels():
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = prepare(encoded(board), Preparation((8, 8, 1), fit="crop"))
    assert np.abs(small.astype(int) - 127).max() <= 8
    large = np.kron(board[:8, :8], np.ones((64, 64), np.uint8))
    rough = prepare(encoded(Image.fromarray(large), "JPEG", quality=95), AS_8)
    exact = prepare(encoded(large), AS_8)
    assert np.abs(rough.astype(int) - exact).max() <= 6, "a JPEG decoded at a fraction of its size"


AS_8 = Preparation((8, 8, 1), fit="crop")


def test_an_array_is_prepared_like_a_file():
    for pixels in (GRAY, GRAY[..., None], RGB, with_alpha(RGB), with_alpha(GRAY)):
        plain = pixels[..., 0] if pixels.shape[2:] == (1,) else pixels
        for preparation in (
            Preparation((4, 5, 3), convert=True),
            Preparation((3, 3, 1), fit="pad", convert=True),
        ):
            assert np.array_equal(
                prepare_array(pixels, preparation), prepare(encoded(plain), preparation)
            )


def test_a_preparation_comes_from_options_and_survives_json():
    options = SourceOptions(size=(8, 9), fit="pad", colour="gray", range=(0.0, 4.0))
    preparation = Preparation.of(options, (8, 9, 1), "rows")
    assert preparation.convert and preparation.size_from == "--size"
    assert Preparation.from_json(json.loads(json.dumps(preparation.to_json()))) == preparation
    text = "; ".join(preparation.sentences())
    assert "8 × 9" in text and "padded" in text and "0 (black) to 4 (white)" in text
    assert Preparation.of(SourceOptions(), (8, 9, 3), "rows").size_from == "rows"


def test_every_name_of_a_format_is_known():
    known = Image.registered_extensions()
    others = {".pfm", ".heic", ".heif", ".hif", ".dcm", ".dicom"}
    assert {known[suffix] for suffix in SUFFIXES if suffix not in others} == set(FORMATS)


def test_the_sdk_itself_does_without_pillow():
    code = "import sys, pe_sdk, pe_sdk.testing; assert 'PIL' not in sys.modules"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("tag", [{274: 6}, {700: XMP}])
def test_a_tiff_is_turned_by_whatever_tag_says_so(compression, tag):
    about = TiffImagePlugin.ImageFileDirectory_v2()
    if 700 in tag:
        about.tagtype[700] = 1
    about.update(tag)
    content = encoded(GRAY, "TIFF", tiffinfo=about, compression=compression)
    assert form_of(content).shape == (5, 4, 1)
    turned = prepare(content, Preparation((5, 4, 1)))
    assert np.array_equal(turned[..., 0], np.rot90(GRAY, -1))
    with pytest.raises(PictureError, match="has 5 × 4 pixels, not 4 × 5"):
        prepare(content, AS_GRAY)


def test_pixels_of_another_size_than_announced_are_not_stretched(monkeypatch):
    content = encoded(GRAY, "TIFF")
    monkeypatch.setattr(raster, "_orientation", lambda image: 6)
    with pytest.raises(PictureError, match="is damaged"):
        prepare(content, Preparation((5, 4, 1)))
    with pytest.raises(PictureError, match="is damaged"):
        fitting.fitted(Image.fromarray(GRAY), Preparation((5, 4, 1)))


def png(header, key, *rows):
    """A PNG of 2 × 1 pixels with a transparent colour.

    Args:
        header: bit depth and colour type.
        key: content of tRNS.
        rows: the bytes of each row.
    """

    def chunk(name, data):
        checked = name + data
        return len(data).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")

    size = (2).to_bytes(4, "big") + (1).to_bytes(4, "big")
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + bytes(header) + bytes(3))
        + chunk(b"tRNS", key)
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("header", "key", "row", "shown"),
    [
        ((1, 0), b"\0\1", b"\x40", [0, 255]),
        ((2, 0), b"\0\1", b"\x60", [255, 170]),  # values 1 and 2 of 3
        ((2, 0), b"\0\x55", b"\x60", [255, 170]),  # only the low bits of the key count
        ((4, 0), b"\0\5", b"\x56", [255, 6 * 17]),
        ((8, 0), b"\0\5", b"\5\6", [255, 6]),
        ((8, 0), b"\1\5", b"\5\6", [255, 6]),
        ((16, 0), b"\1\5", b"\1\5\1\6", [255, 1]),
    ],
)
def test_one_transparent_gray_is_compared_at_the_depth_of_the_file(header, key, row, shown):
    content = png(header, key, row)
    assert prepare(content, Preparation((1, 2, 1))).ravel().tolist() == shown


def test_one_transparent_colour_is_compared_at_the_depth_of_the_file():
    content = png((8, 2), b"\0\5\0\6\0\7", b"\5\6\7\5\6\1")
    assert prepare(content, Preparation((1, 2, 3))).ravel().tolist() == [255] * 3 + [5, 6, 1]
    wide = png((16, 2), b"\0\5\0\6\0\7", b"\0\5\0\6\0\7\0\5\0\6\0\1")
    with pytest.raises(PictureError, match="16 bits of which one is transparent"):
        prepare(wide, Preparation((1, 2, 3)))
