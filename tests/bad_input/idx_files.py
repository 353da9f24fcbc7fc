"""IDX files with something wrong: header, length, compression, their names, the bytes."""

import gzip
import struct

from hypothesis import strategies as st

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
from bad_input.values import Draw, damages, one_in

IMAGES, LABELS = b"data/train-images-idx3-ubyte", b"data/train-labels-idx1-ubyte"


def idx(kind: int, sides: tuple[int, ...], body: bytes, axes: int | None = None) -> bytes:
    axes = len(sides) if axes is None else axes
    return struct.pack(f">BBBB{len(sides)}I", 0, 0, kind, axes & 255, *sides) + body


def good() -> dict[bytes, Content]:
    images = bytes(range(16)) * 6
    return {IMAGES: idx(8, (6, 4, 4), images), LABELS: idx(8, (6,), bytes([0, 1] * 3))}


def _where(draw: Draw, files: dict[bytes, Content]) -> bytes:
    return draw(st.sampled_from(sorted(files)))


def header(draw: Draw, files: dict[bytes, Content]) -> None:
    sides = draw(st.lists(st.sampled_from((0, 1, 4, 5, 6, 2**16, 2**31, 2**32 - 1)), max_size=4))
    kind = draw(st.sampled_from((8, 8, 9, 0x0B, 0x0D, 0, 255)))
    axes = draw(st.sampled_from((None, None, 0, 1, 3, 255)))
    body = bytes(draw(st.sampled_from((0, 6, 96, 97))))
    files[_where(draw, files)] = idx(kind, tuple(sides), body, axes)


def longer(draw: Draw, files: dict[bytes, Content]) -> None:
    name = _where(draw, files)
    if isinstance(content := files[name], bytes):
        files[name] = content + b"x"


def labels(draw: Draw, files: dict[bytes, Content]) -> None:
    count = draw(st.sampled_from((0, 5, 6, 7)))
    values = draw(st.lists(st.integers(0, 255), min_size=count, max_size=count))
    files[LABELS] = idx(8, (count,), bytes(values))


def zipped(draw: Draw, files: dict[bytes, Content]) -> None:
    name = _where(draw, files)
    if isinstance(content := files.pop(name), bytes):
        content = gzip.compress(content)
    files[name + b".gz"] = content


def bomb(draw: Draw, files: dict[bytes, Content]) -> None:
    """16 MiB of zeros in some kilobytes."""
    files[_where(draw, files)] = BOMB


def damaged(draw: Draw, files: dict[bytes, Content]) -> None:
    name = _where(draw, files)
    if isinstance(content := files[name], bytes):
        files[name] = draw(damages())(content)


def stand_in(draw: Draw, files: dict[bytes, Content]) -> None:
    files[_where(draw, files)] = draw(
        st.sampled_from((*STAND_INS, b"", b"\x1f\x8b", b"\0\0\x08\x03"))
    )


def drop(draw: Draw, files: dict[bytes, Content]) -> None:
    del files[_where(draw, files)]
    files[b"data/other"] = b"x"


def second(draw: Draw, files: dict[bytes, Content]) -> None:
    names = (
        b"data/train-images-idx3-ubyte.gz",
        b"data/t10k-images-idx3-ubyte",
        b"data/x-idx3-ubyte",
    )
    files[draw(st.sampled_from(names))] = idx(8, (6, 4, 4), bytes(96))


BOMB = gzip.compress(idx(8, (6, 4, 4), bytes(1 << 24)), 9)

EDITS = {
    "header": header,
    "longer": longer,
    "labels": labels,
    "zipped": zipped,
    "bomb": bomb,
    "damaged": damaged,
    "stand-in": stand_in,
    "drop": drop,
    "second": second,
}


def others(draw: Draw, files: dict[bytes, Content]) -> None:
    """The part for tests too, or labels of several columns, as QMNIST has them."""
    if draw(st.booleans()):
        files[b"data/t10k-images-idx3-ubyte"] = files.get(IMAGES, b"")
        files[b"data/t10k-labels-idx1-ubyte"] = files.get(LABELS, b"")
    else:
        files[LABELS] = idx(0x0C, (6, 8), bytes(6 * 8 * 4))


EDITS["others"] = others

PLACES: tuple[tuple[bytes, str], ...] = (
    (b"data/MNIST/raw/", "data"),
    (b"data/raw/", "data"),
    (b"data/emnist-", "data"),
    (b"data/MNIST/", "data"),
)
"""Where the files lie, and the source."""

SOURCES = (
    *("data", "data", "data", "idx:data", "idx:", "idx:a,b,c", "idx:,"),
    "data/train-images-idx3-ubyte",
    "idx:data/train-images-idx3-ubyte,data/train-labels-idx1-ubyte",
    "idx:data/train-labels-idx1-ubyte,data/train-images-idx3-ubyte",
    "idx:data/train-images-idx3-ubyte.gz,data/train-labels-idx1-ubyte.gz",
)

OPTIONS = {
    "--axes": ("NHW", "NWH", "HWN", "4x4"),
    "--labels": ("none", "data/train-labels-idx1-ubyte", "x", "0", "7"),
    "--client": ("2", "0", "99", "x"),
    "--split": ("test", "train", "all"),
}


@st.composite
def idx_files(draw: Draw) -> Case:
    files = good()
    notes = edits(draw, EDITS, files)
    source = draw(st.sampled_from(SOURCES))
    if one_in(draw, 4):
        place, source = draw(st.sampled_from(PLACES))
        notes.append(place.decode())
        files = {place + name.removeprefix(b"data/"): content for name, content in files.items()}
    if one_in(draw, 3):
        words, command = draw(reading(OPTIONS, OF_PICTURES)), draw(st.sampled_from(COMMANDS))
    else:
        words, command = draw(options()), COMMANDS[0]
    if "--classes" not in words and not one_in(draw, 4):
        words = (*words, "--classes", "a,b")
    return Case(source, files, words, tuple(notes), command)
