"""npz files with something wrong: arrays, metadata, headers, the archive, the bytes."""

import io
import struct
import warnings
import zipfile
from typing import Any

import numpy as np
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
from bad_input.values import BOUND, NAME, NUMBER, Draw, damages, floats, integers, one_in, texts

RECORDS = {"images": np.uint8, "series": np.float32, "records": np.float32}

DTYPES = (
    *("?", "i1", "u1", "<i2", "u2", "<i4", ">i4", "u4", "<i8", ">i8", "<u8", "f2", "f4", ">f4"),
    *("f8", "g", "c8", "c16", "M8[s]", "m8[D]", "S3", "U3", ">U3", "U0", "V4", "O"),
    *("i4,f4", "(2,)i4", "2i8"),
)

SHAPES = ((), (0,), (1,), (6,), (7,), (5,), (6, 1), (1, 6), (6, 0), (0, 6), (6, 2), (6, 4, 2, 3))

METADATA = (
    *("feature_names", "feature_units", "feature_ranges", "step", "step_unit", "kind", "clients"),
    *("label_names", "labels"),
)


def good(kind: str, clients: bool, names: bool) -> dict[str, Any]:
    """The arrays of six records of a kind, in two classes."""
    shape = {"images": (6, 4, 4), "series": (6, 5, 2), "records": (6, 3)}[kind]
    data = (np.arange(int(np.prod(shape))) % 7).reshape(shape).astype(RECORDS[kind])
    arrays: dict[str, Any] = {kind: data, "labels": np.arange(6) % 2}
    if kind == "records":
        arrays["kind"] = np.array("table")
    if clients:
        arrays["clients"] = np.arange(6) // 2 + NUMBER
    if names:
        arrays["label_names"] = np.array(["a", "b"])
    return arrays


def _name(draw: Draw, arrays: dict) -> str:
    return draw(st.sampled_from(sorted(arrays)))


def drop(draw: Draw, arrays: dict) -> None:
    del arrays[_name(draw, arrays)]
    arrays.setdefault("labels2", np.zeros(6))


def rename(draw: Draw, arrays: dict) -> None:
    new = draw(st.sampled_from((*RECORDS, *METADATA, "x", "../x", "images.npy")) | texts)
    arrays[new] = arrays.pop(_name(draw, arrays))


def add(draw: Draw, arrays: dict) -> None:
    other = draw(st.sampled_from((*RECORDS, *METADATA, "x")))
    arrays[other] = array(draw)


def replace(draw: Draw, arrays: dict) -> None:
    arrays[_name(draw, arrays)] = array(draw)


def retype(draw: Draw, arrays: dict) -> None:
    name = _name(draw, arrays)
    if isinstance(arrays[name], np.ndarray):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                arrays[name] = arrays[name].astype(draw(st.sampled_from(DTYPES)))
            except (ValueError, TypeError):
                arrays[name] = array(draw)


def reshape(draw: Draw, arrays: dict) -> None:
    name = _name(draw, arrays)
    if isinstance(arrays[name], np.ndarray):
        arrays[name] = np.resize(arrays[name], draw(st.sampled_from(SHAPES)))


def cell(draw: Draw, arrays: dict) -> None:
    """One value that no record, label or client has: not finite, huge, or private."""
    name = _name(draw, arrays)
    found = arrays[name]
    if not isinstance(found, np.ndarray) or not found.size or found.dtype.kind not in "iufU":
        return
    private = BOUND if name.startswith(("feature_", "step")) else NUMBER
    value = draw(st.sampled_from((private, -private, -1, 2, NAME)) | floats | integers | texts)
    changed = found.copy()
    try:
        with np.errstate(all="ignore"):
            changed.flat[draw(st.integers(0, found.size - 1))] = value
    except (ValueError, TypeError, OverflowError):
        return
    arrays[name] = changed


def label(draw: Draw, arrays: dict) -> None:
    """A label that is not one of the classes."""
    if isinstance(found := arrays.get("labels"), np.ndarray) and found.size:
        arrays["labels"] = np.where(np.arange(found.size) == 3, NUMBER, 0)


def names(draw: Draw, arrays: dict) -> None:
    arrays["label_names"] = np.array(draw(st.lists(texts, min_size=1, max_size=3)))


def features(draw: Draw, arrays: dict) -> None:
    """Metadata of a series, whose ranges and step may come from the records."""
    count = draw(st.integers(1, 3))
    arrays["feature_names"] = np.array(draw(st.lists(texts, min_size=count, max_size=count)))
    if draw(st.booleans()):
        arrays["feature_units"] = np.array(draw(st.lists(texts, min_size=count, max_size=count)))
    if draw(st.booleans()):
        ends = st.sampled_from((0.0, 1.0, float(BOUND), -float(BOUND))) | floats
        arrays["feature_ranges"] = np.array(
            draw(st.lists(ends, min_size=2 * count, max_size=2 * count))
        ).reshape(count, 2)
    if draw(st.booleans()):
        arrays["step"] = np.array(
            draw(st.sampled_from((1.0, float(BOUND), -float(BOUND))) | floats)
        )
    if draw(st.booleans()):
        arrays["step_unit"] = np.array(draw(texts))


def header(draw: Draw, arrays: dict) -> None:
    """A header that lies about dtype and shape, or is none."""
    name = _name(draw, arrays)
    shape = draw(
        st.sampled_from(
            (
                *(
                    "(6,)",
                    "(6, 4, 4)",
                    "(2**62, 8)",
                    "(1 << 62, 8)",
                    "(-6,)",
                    "(True,)",
                    "6",
                    "[6]",
                ),
                *("(4611686018427387904, 4, 4)", "(6, 0, 4)", "(0, 99999999999)", "('6',)", "None"),
                *("((6,),)", "(6.0,)", "()", "(" * 300, "(" + "1," * 40 + ")", "-(6)", "(6,)*9**9"),
            )
        )
    )
    descr = draw(st.sampled_from([*(repr(d) for d in DTYPES), "'|O'", "[('a', '<i4')]", "3", "[]"]))
    open_ends = ("{" * 500, "(", "{'descr': '<i8', 'shape': (6,", "[", "{'descr': ''", "(1\n")
    whole = (
        f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}",
        f"{{'descr': '<i8', 'fortran_order': 1, 'shape': {shape}}}",
        f"{{'descr': '|u1', 'shape': {shape}}}",
        *("__import__('os').abort()", ""),
    )
    text = draw(st.sampled_from(whole) | st.sampled_from(open_ends))
    version = draw(st.sampled_from(((1, 0), (1, 0), (2, 0), (3, 0), (9, 9))))
    content = text.encode()
    right = len(content) + 1
    size = draw(st.sampled_from((*[right] * 6, 0, 5, 65_000, 2**31)))
    length = struct.pack("<H", size & 0xFFFF) if version == (1, 0) else struct.pack("<I", size)
    body = draw(st.sampled_from((b"", b"\1" * 6, b"\1" * 48, b"\1" * 96)))
    arrays[name] = b"\x93NUMPY" + bytes(version) + length + content + b"\n" + body


EDITS = {
    "drop": drop,
    "rename": rename,
    "add": add,
    "replace": replace,
    "retype": retype,
    "reshape": reshape,
    "cell": cell,
    "cell again": cell,
    "label": label,
    "label again": label,
    "names": names,
    "features": features,
    "header": header,
    "header again": header,
}


def array(draw: Draw) -> Any:
    dtype, shape = draw(st.sampled_from(DTYPES)), draw(st.sampled_from(SHAPES))
    made = np.zeros(shape, dtype)
    if made.size and made.dtype.kind in "iuf":
        made.flat[0] = draw(st.sampled_from((1, 100)))
    return made


def packed(arrays: dict[str, Any], compressed: bool) -> bytes:
    stream = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, value in arrays.items():
            archive.writestr(_member(name), value if isinstance(value, bytes) else npy(value))
    return stream.getvalue()


def _member(name: str) -> str:
    """A name that can be written; another tool would write anything."""
    return name.encode("utf-8", "replace").decode() + ".npy"


def npy(value: np.ndarray) -> bytes:
    """The content of an npy file."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(value), allow_pickle=True)
    return stream.getvalue()


_DIRECTORY = ((6, "H"), (8, "H"), (10, "H"), (16, "L"), (20, "L"), (24, "L"), (28, "H"), (42, "L"))
"""Fields of an entry of the directory: version, flags, method, checksum, sizes, lengths, place."""

_END = ((4, "H"), (8, "H"), (10, "H"), (12, "L"), (16, "L"), (20, "H"))


@st.composite
def lies(draw: Draw) -> Any:
    """The archive says something else about itself than is true."""
    mark, fields = draw(st.sampled_from(((b"PK\1\2", _DIRECTORY), (b"PK\5\6", _END))))
    offset, kind = draw(st.sampled_from(fields))
    most = 0xFFFF if kind == "H" else 0xFFFFFFFF
    value = draw(st.sampled_from((0, 1, 14, 9, 99, most // 2, most)))

    def lie(content: bytes) -> bytes:
        at = content.find(mark)
        if at < 0 or at + offset + 4 > len(content):
            return content
        changed = bytearray(content)
        struct.pack_into(f"<{kind}", changed, at + offset, value)
        return bytes(changed)

    return lie


OTHER_NAMES: dict[str, tuple[str, str]] = {
    "Keras": ("x_train", "y_train"),
    "MedMNIST": ("train_images", "train_labels"),
    "unnamed": ("arr_0", "arr_1"),
}
"""Names that other programs give to images and labels."""

ARRAY_OPTIONS: dict[str, tuple[str, ...]] = {
    "--images": ("images", "x_train", "labels", "x"),
    "--labels": ("labels", "none", "labels:0", "labels:9", "clients", "x", ""),
    "--client": ("clients", "labels", "x"),
    "--axes": ("NHW", "NWH", "NCHW", "HWN", "4x4", "2x2x4", "99999x99999"),
    "--range": ("0,1", "0,255", "1,0", "-1e308,1e308"),
}


@st.composite
def npz_files(draw: Draw) -> Case:
    kind = draw(st.sampled_from(sorted(RECORDS)))
    arrays = good(kind, draw(st.booleans()), draw(st.booleans()))
    notes = [kind]
    if kind == "images" and one_in(draw, 3):
        names_of = draw(st.sampled_from(sorted(OTHER_NAMES)))
        notes.append(names_of)
        for new, old in zip(OTHER_NAMES[names_of], ("images", "labels"), strict=True):
            arrays[new] = arrays.pop(old)
    notes += edits(draw, EDITS, arrays)
    content: Content = packed(arrays, draw(st.booleans()))
    for note, changes in (("lies", lies()), ("damaged", damages())):
        if one_in(draw, 8):
            notes.append(note)
            content = draw(changes)(content)
    if one_in(draw, 41):
        content = draw(st.sampled_from((b"", b"PK\5\6" + bytes(18), b"\x1f\x8b", *STAND_INS)))
    source = draw(st.sampled_from(("x.npz", "x.npz", "x.npz", "npz:x.npz")))
    if one_in(draw, 3):
        words, command = draw(reading(ARRAY_OPTIONS, OF_PICTURES)), draw(st.sampled_from(COMMANDS))
    else:
        words, command = draw(options()), COMMANDS[0]
    if "--classes" not in words and "label_names" not in arrays and not one_in(draw, 3):
        words = (*words, "--classes", "a,b")
    return Case(source, {b"x.npz": content}, words, tuple(notes), command)
