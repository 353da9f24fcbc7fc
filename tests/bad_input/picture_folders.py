"""Folders of pictures with something wrong: a picture, its name, what stands in its place."""

import io
import os
import struct
import zlib
from functools import cache

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from bad_input.cases import (
    COMMANDS,
    OF_PICTURES,
    STAND_INS,
    Case,
    Content,
    edits,
    options,
    reading,
)
from bad_input.values import NAME, Draw, damages, one_in, texts

FORMATS = (
    "PNG",
    "JPEG",
    "GIF",
    "BMP",
    "TIFF",
    "WEBP",
    "PPM",
    "TGA",
    "ICO",
    "PDF",
    "EPS",
    "JPEG2000",
)

MODES = ("L", "RGB", "1", "P", "LA", "RGBA", "CMYK", "I;16", "I", "F", "YCbCr", "HSV")

SIZES = ((8, 8), (1, 1), (9, 8), (8, 200), (1, 3000))

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n"


@cache
def picture(kind: str = "PNG", mode: str = "L", size: tuple[int, int] = (8, 8)) -> bytes:
    """A picture; of another kind where this one does not have the mode."""
    pixels = np.arange(size[0] * size[1] * 3, dtype=np.uint8).reshape(size[1], size[0], 3)
    image, stream = Image.fromarray(pixels), io.BytesIO()
    try:
        image.convert("L" if mode in ("I;16", "F") else "RGB").convert(mode).save(stream, kind)
    except (OSError, ValueError, KeyError):
        return picture("PNG", "L", size)
    return stream.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


@st.composite
def pngs(draw: Draw) -> bytes:
    """A PNG whose header and chunks announce anything."""
    sides = st.sampled_from((0, 1, 8, 9, 30_000, 2**31 - 1, 2**31, 2**32 - 1))
    depth, colour = (
        draw(st.sampled_from((1, 2, 8, 16, 99))),
        draw(st.sampled_from((0, 2, 3, 4, 6, 7))),
    )
    header = struct.pack(
        ">IIBBBBB", draw(sides), draw(sides), depth, colour, 0, 0, draw(st.sampled_from((0, 1, 9)))
    )
    bomb = zlib.compress(bytes(1 << 21))
    extra = draw(
        st.lists(
            st.sampled_from(
                (
                    (b"zTXt", b"c\0\0" + bomb),
                    (b"iTXt", b"c\0\1\0\0\0" + bomb),
                    (b"iCCP", b"c\0\0" + bomb),
                    (b"PLTE", bytes(7)),
                    (b"tRNS", bytes(1)),
                    (b"eXIf", b"Exif\0\0II*\0" + bytes(8)),
                    (b"acTL", b"\xff" * 8),
                    (b"IHDR", header),
                )
            ),
            max_size=2,
        )
    )
    data = zlib.compress(draw(st.sampled_from((b"", bytes(9), bytes(72), bytes(1 << 16)))))
    chunks = [(b"IHDR", header), *extra, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def _where(draw: Draw, files: dict[bytes, Content]) -> bytes:
    return draw(st.sampled_from(sorted(files)))


def other_picture(draw: Draw, files: dict[bytes, Content]) -> None:
    form = (draw(st.sampled_from(each)) for each in (FORMATS, MODES, SIZES))
    files[_where(draw, files)] = picture(*form)


def all_pictures(draw: Draw, files: dict[bytes, Content]) -> None:
    form = [draw(st.sampled_from(each)) for each in (FORMATS, MODES, SIZES)]
    files |= {name: picture(*form) for name in files}


def damaged(draw: Draw, files: dict[bytes, Content]) -> None:
    name = _where(draw, files)
    if isinstance(content := files[name], bytes):
        files[name] = draw(damages())(content)


def damaged_other(draw: Draw, files: dict[bytes, Content]) -> None:
    form = [draw(st.sampled_from(each)) for each in (FORMATS, MODES, SIZES)]
    files[_where(draw, files)] = draw(damages())(picture(*form))


def announced(draw: Draw, files: dict[bytes, Content]) -> None:
    files[_where(draw, files)] = draw(pngs())


def no_picture(draw: Draw, files: dict[bytes, Content]) -> None:
    junk = st.sampled_from(
        (b"", POSTSCRIPT, b"GIF89a", b"\xff\xd8\xff", b"BM", b"II*\0", b"P5 1 1 1")
    )
    files[_where(draw, files)] = draw(junk | st.binary(max_size=64))


def stand_in(draw: Draw, files: dict[bytes, Content]) -> None:
    files[_where(draw, files)] = draw(
        st.sampled_from((*STAND_INS, "-> p1.png", "-> ../../../etc/passwd"))
    )


def named(draw: Draw, files: dict[bytes, Content]) -> None:
    """A name of a file that nobody expects; it is private."""
    name = _where(draw, files)
    other = NAME.encode() + name_of(draw)
    if len(other) < 256:
        files[os.path.dirname(name) + b"/" + other] = files.pop(name)  # noqa: PTH120


def class_named(draw: Draw, files: dict[bytes, Content]) -> None:
    """A name of a class folder; it is public."""
    files[b"data/" + name_of(draw)[:255] + b"/p.png"] = picture()


def name_of(draw: Draw) -> bytes:
    made = draw(
        texts.map(
            lambda text: text.encode("utf-8", "surrogateescape" if "\udcff" in text else "replace")
        )
        | st.binary(max_size=6)
    )
    return made.replace(b"\0", b"").replace(b"/", b"") or b"x"


def empty_class(draw: Draw, files: dict[bytes, Content]) -> None:
    files[b"data/c"] = "folder"


def nested(draw: Draw, files: dict[bytes, Content]) -> None:
    files[b"data/a/deeper/p.png"] = picture()


def loose(draw: Draw, files: dict[bytes, Content]) -> None:
    files[b"data/" + draw(st.sampled_from((b"loose.png", b".hidden", b"Thumbs.db")))] = picture()


def no_class(draw: Draw, files: dict[bytes, Content]) -> None:
    for name in [name for name in files if name.startswith(b"data/a/")]:
        del files[name]
    files.setdefault(b"data/b/p9.png", picture())


def listed(draw: Draw, files: dict[bytes, Content]) -> None:
    """A file beside the pictures that may be a list, or a part of another data set."""
    names = (b"labels.csv", b"metadata.jsonl", b"dataset.json", b"test/a/p.png", b"masks/p.png")
    files[b"data/" + draw(st.sampled_from(names))] = draw(st.sampled_from((b"a,b\n1,2\n", b"{}")))


def beside(draw: Draw, files: dict[bytes, Content]) -> None:
    """Files beside the folders that are about one person."""
    ends = (".txt", ".csv", ".pdf", f".{NAME}.json", ".tar")
    for end in draw(st.lists(st.sampled_from(ends), min_size=1, max_size=3, unique=True)):
        files[f"data/{NAME}-x{end}".encode()] = b"a,b\n1,2\n"


EDITS = {
    "beside": beside,
    "listed": listed,
    "other picture": other_picture,
    "all pictures": all_pictures,
    "damaged": damaged,
    "damaged other": damaged_other,
    "announced": announced,
    "no picture": no_picture,
    "stand-in": stand_in,
    "named": named,
    "class named": class_named,
    "empty class": empty_class,
    "nested": nested,
    "loose": loose,
    "no class": no_class,
}


@st.composite
def picture_folders(draw: Draw) -> Case:
    files: dict[bytes, Content] = {
        f"data/{'ab'[i % 2]}/{NAME}{i}.png".encode(): picture() for i in range(6)
    }
    notes = edits(draw, EDITS, files, most=4)
    source = draw(
        st.sampled_from(("data", "data", "data", "folder:data", "data/", "./data", "data/a"))
    )
    if one_in(draw, 6):
        return _of_clients(draw, notes)
    if not one_in(draw, 3):
        return Case(source, files, draw(options()), tuple(notes))
    words = draw(reading(OPTIONS, OF_PICTURES))
    return Case(source, files, words, tuple(notes), draw(st.sampled_from(COMMANDS)))


def _of_clients(draw: Draw, notes: list[str]) -> Case:
    """A folder for each client, which are private then, with something wrong in them."""
    files: dict[bytes, Content] = {
        f"data/{NAME}{i // 2}/p{i}.png".encode(): picture() for i in range(6)
    }
    edit = draw(st.sampled_from((None, damaged, no_picture, other_picture, announced, beside)))
    if edit:
        edit(draw, files)
    if one_in(draw, 3):
        files[f"data/{NAME}9/notes.md".encode()] = b"x"
    if one_in(draw, 3):
        files[f"data/{NAME}1/{draw(st.sampled_from(('a.txt', 'labels.csv')))}".encode()] = b"x"
    words = ("--labels", "none", "--client", "path:^([^/]+)/")
    return Case("data", files, words, (*notes, "clients"), draw(st.sampled_from(COMMANDS)))


OPTIONS = {
    "--labels": ("folder", "none", "name:^(.)", "path:(z.+e)", "path:/([ab])/", "name:(", "x"),
    "--client": ("name:e(.)", "path:(.)/", "name:x", "x:y"),
    "--images": ("data", "a", "x", ""),
    "--size": ("4", "8x8", "1x3"),
}
