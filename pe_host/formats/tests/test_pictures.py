import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, PngImagePlugin, features

from pe_host.formats.pictures import read_content
from pe_sdk import pictures
from pe_sdk.pictures import (
    FILE_BYTES,
    FORMATS,
    TEXT_BYTES,
    PictureError,
    Preparation,
    form_of,
    prepare,
)

POSTSCRIPT = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 8 8
%%EndComments
newpath 0 0 8 8 rectfill
showpage
%%EOF
"""

COLOUR = (5, 4, 3)


def encoded(mode: str = "RGB", name: str = "PNG", **options: Any) -> bytes:
    pixels = np.arange(60, dtype=np.uint8).reshape(COLOUR)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, format=name, **options)
    return file.getvalue()


def decode(content: bytes, shape: tuple[int, int, int]) -> bytes:
    return prepare(content, Preparation(shape)).tobytes()


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png_of(width: int, height: int, *extra: bytes) -> bytes:
    """A PNG that announces this size, with chunks before its (nearly empty) pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((width + 1) * height) if width * height < 10_000 else b"")
    body = b"".join([chunk(b"IHDR", head), *extra, chunk(b"IDAT", pixels), chunk(b"IEND", b"")])
    return b"\x89PNG\r\n\x1a\n" + body


def test_postscript_under_another_name_is_not_opened() -> None:
    with Image.open(io.BytesIO(POSTSCRIPT)) as opened:  # Pillow itself would
        assert opened.format == "EPS"
    for refused in (form_of, lambda content: decode(content, COLOUR)):
        with pytest.raises(PictureError, match="cannot be read as an image"):
            refused(POSTSCRIPT)


@pytest.mark.parametrize("name", FORMATS)
def test_every_listed_format_is_read(name: str) -> None:
    if name == "WEBP" and not features.check("webp"):
        pytest.skip("this build of Pillow has no WebP")
    content = encoded(name=name)
    assert form_of(content).shape == COLOUR
    assert len(decode(content, COLOUR)) == 60


def test_a_listed_format_without_loss_is_read_as_it_is() -> None:
    assert decode(encoded(), COLOUR) == bytes(range(60))


def test_a_picture_of_900_million_pixels_is_refused_by_its_header() -> None:
    with pytest.raises(PictureError, match="more than 100 million pixels"):
        form_of(png_of(30_000, 30_000))
    with pytest.raises(PictureError, match="more than 100 million pixels"):
        decode(png_of(30_000, 30_000), (30_000, 30_000, 1))


def test_what_pillow_would_only_warn_of_is_an_error() -> None:
    """Between 89 and 179 million pixels Pillow warns. Fails where its warning is all there is."""
    content = png_of(11_000, 10_000)
    with pytest.warns(Image.DecompressionBombWarning), Image.open(io.BytesIO(content)):
        pass
    with warnings.catch_warnings(), pytest.raises(PictureError, match="100 million"):
        warnings.simplefilter("error")
        form_of(content)


def text_bomb(kind: bytes) -> bytes:
    text = zlib.compress(bytes(2 * TEXT_BYTES), 9)
    head = b"Comment\0\0" if kind == b"zTXt" else b"Comment\0\1\0\0\0"
    return chunk(kind, head + text)


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_a_chunk_of_much_text_is_refused(kind: bytes) -> None:
    content = png_of(4, 5, text_bomb(kind))
    assert len(content) < 5_000
    with pytest.raises(PictureError, match="more than 1 MiB of text"):
        decode(content, (5, 4, 1))


def test_many_chunks_of_some_text_are_refused() -> None:
    """Pillow itself allows 64 MiB in all."""
    text = zlib.compress(bytes(TEXT_BYTES // 4), 9)
    chunks = [chunk(b"zTXt", b"Comment%d\0\0" % i + text) for i in range(8)]
    with Image.open(io.BytesIO(png_of(4, 5, *chunks))) as opened:
        opened.load()
    with pytest.raises(PictureError, match="more than 1 MiB of text"):
        decode(png_of(4, 5, *chunks), (5, 4, 1))
    assert decode(png_of(4, 5, *chunks[:3]), (5, 4, 1)) == bytes(20)


def test_a_truncated_picture_is_an_error_whatever_a_library_has_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(PngImagePlugin, "MAX_TEXT_CHUNK", 1 << 40)
    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(file, format="JPEG")
    content = file.getvalue()[:-1500]
    with Image.open(io.BytesIO(content)) as opened:
        opened.load()
    with pytest.raises(PictureError, match="is damaged"):
        decode(content, (64, 64, 3))
    with pytest.raises(PictureError):
        decode(png_of(4, 5, text_bomb(b"zTXt")), (5, 4, 1))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True, "as it was"


@pytest.mark.parametrize("content", [b"", b"not an image", encoded()[:40], bytes(100_000)])
def test_what_is_no_picture_is_one_error(content: bytes) -> None:
    with pytest.raises(PictureError):
        decode(content, COLOUR)


@pytest.mark.parametrize(
    ("mode", "shape", "says"),
    [
        ("L", COLOUR, r"is gray \(mode L\), not colour"),
        ("RGB", (5, 4, 1), r"is a colour image \(mode RGB\), not gray"),
    ],
)
def test_no_picture_is_converted_between_gray_and_colour(
    mode: str, shape: tuple[int, int, int], says: str
) -> None:
    with pytest.raises(PictureError, match=says):
        decode(encoded(mode), shape)


def test_another_size_is_refused_before_anything_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = encoded()
    monkeypatch.setattr(Image.Image, "convert", None)
    with pytest.raises(PictureError, match="5 × 4 pixels, not 8 × 8"):
        decode(content, (8, 8, 3))


def test_a_mode_that_is_not_read_is_named() -> None:
    file = io.BytesIO()
    Image.new("LAB", (4, 5)).save(file, format="TIFF")
    with pytest.raises(PictureError, match="mode LAB"):
        form_of(file.getvalue())


def test_a_file_of_any_length_is_read_up_to_the_limit_only(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(FILE_BYTES + 1)  # takes no room on the disk
    with path.open("rb") as file, pytest.raises(PictureError, match="256 MiB"):
        read_content(file)
    path.write_bytes(b"small")
    with path.open("rb") as file:
        assert read_content(file) == b"small"


def test_errors_quote_nothing_of_the_picture() -> None:
    content = png_of(4, 5, chunk(b"tEXt", b"Comment\0Jane Doe"))[:-30]
    with pytest.raises(PictureError) as caught:
        decode(content, (5, 4, 1))
    assert "Jane" not in str(caught.value) and caught.value.__cause__ is None
    assert pictures.PIXELS == 100_000_000
