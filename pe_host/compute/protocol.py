"""Frames between host and worker: a JSON header and raw arrays, no pickle.

    frame   = magic, length of the header (uint32, little-endian), header, arrays
    header  = {"arrays": [[name, dtype, shape], ...], ...anything JSON...} in UTF-8
    arrays  = their bytes in the order of the header, C order, little-endian, nothing between

The functions are pure, over binary streams. Both sides check whatever arrives before they trust it:
a plugin runs in the worker and may write anything.
"""

import json
import math
import re
import struct
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pe_host.plugins.answers import is_deep

MAGIC = b"pe1\n"
HEADER_LIMIT = 4 << 20
BYTES_LIMIT = 1 << 30
DIMENSIONS_LIMIT = 8
TEXT_LIMIT = 4096

Arrays = dict[str, NDArray[Any]]

_PREFIX = struct.Struct("<4sI")
_NUMBERS = frozenset(
    {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"}
)
_TEXT = re.compile(r"<U([1-9][0-9]{0,3})")


class ProtocolError(Exception):
    """A frame breaks a rule of this protocol. The message names the rule, never the content."""


class Source(Protocol):
    """A stream to read frames from, with the `readinto` of an unbuffered binary file."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


class Sink(Protocol):
    """A stream to write frames to, with the `write` of an unbuffered binary file.

    It may take fewer bytes than it was given.
    """

    def write(self, data: memoryview, /) -> int | None: ...


def write(
    sink: Sink,
    header: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    limit: int = BYTES_LIMIT,
) -> None:
    """Write one frame.

    Args:
        sink: see `Sink`.
        header: JSON-able, without a key "arrays"; numpy scalars count as numbers.
        arrays: named arrays of numbers, booleans or text of fixed width.
        limit: largest size of all arrays together, in bytes.

    Raises:
        ProtocolError: the frame would break a rule; nothing was written.
    """
    plain = {name: _plain(name, array) for name, array in arrays.items()}
    described = [[name, array.dtype.str, list(array.shape)] for name, array in plain.items()]
    try:
        text = json.dumps(
            {**header, "arrays": described}, allow_nan=False, default=_scalar
        ).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"the header is not JSON: {error}") from error
    if len(text) > HEADER_LIMIT:
        raise ProtocolError(f"a header of {len(text)} bytes; the limit is {HEADER_LIMIT}")
    _check_total(sum(array.nbytes for array in plain.values()), limit)
    _write_all(sink, memoryview(_PREFIX.pack(MAGIC, len(text)) + text))
    for array in plain.values():
        if array.nbytes:
            _write_all(sink, array.reshape(-1).view(np.uint8).data)


def read(source: Source, limit: int = BYTES_LIMIT) -> tuple[dict[str, Any], Arrays] | None:
    """Read one frame.

    Returns:
        The header without the key "arrays", and the arrays; None if the stream ends before a frame.

    Raises:
        ProtocolError: a rule is broken, or the stream ends within a frame.
    """
    prefix = bytearray(_PREFIX.size)
    if not _read_all(source, memoryview(prefix), may_end=True):
        return None
    magic, length = _PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise ProtocolError("a frame must start with the magic bytes")
    if length > HEADER_LIMIT:
        raise ProtocolError(f"a header of {length} bytes; the limit is {HEADER_LIMIT}")
    text = bytearray(length)
    _read_all(source, memoryview(text))
    header = _parse(text)
    layouts = _parse_layouts(header.pop("arrays", None), limit)
    return header, {
        name: _read_array(source, name, dtype, shape) for name, (dtype, shape) in layouts.items()
    }


def _plain(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind == "U" and array.dtype.itemsize == 0:
        array = array.astype("<U1")
    dtype = array.dtype.newbyteorder("<")
    if not _allowed(dtype.str):
        raise ProtocolError(f"the array {name!r} has dtype {array.dtype}, which cannot be sent")
    if array.ndim > DIMENSIONS_LIMIT:
        raise ProtocolError(
            f"the array {name!r} has {array.ndim} dimensions; the limit is {DIMENSIONS_LIMIT}"
        )
    return np.asarray(array, dtype=dtype, order="C")


def _scalar(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _allowed(dtype: str) -> bool:
    text = _TEXT.fullmatch(dtype)
    return dtype in _NUMBERS or (text is not None and int(text[1]) <= TEXT_LIMIT)


def _check_total(size: int, limit: int) -> None:
    if size > limit:
        raise ProtocolError(f"{size} bytes of arrays in one frame; the limit is {limit}")


def _parse(text: bytearray) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        header = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("the header is not JSON") from error
    if not isinstance(header, dict):
        raise ProtocolError("the header is not an object")
    if is_deep(header):
        raise ProtocolError("the header is nested too deeply")
    return header


def _parse_layouts(described: Any, limit: int) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
    if not isinstance(described, list):
        raise ProtocolError("the header describes no arrays")
    layouts: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
    total = 0
    for item in described:
        if not (isinstance(item, list) and len(item) == 3):
            raise ProtocolError("an array must be described by name, dtype and shape")
        name, dtype, shape = item
        if not isinstance(name, str) or name in layouts:
            raise ProtocolError("each array needs a distinct name")
        if not isinstance(dtype, str) or not _allowed(dtype):
            raise ProtocolError("an array has a dtype that cannot be sent")
        # A bool is an int for isinstance, but `true` is not a length.
        if (
            not isinstance(shape, list)
            or len(shape) > DIMENSIONS_LIMIT
            or any(type(s) is not int or s < 0 for s in shape)
        ):
            raise ProtocolError(
                f"a shape must be a list of at most {DIMENSIONS_LIMIT} non-negative integers"
            )
        kind = np.dtype(dtype)
        # The limit applies to the other dimensions of empty arrays too: numpy multiplies them.
        _check_total(math.prod(max(s, 1) for s in shape) * kind.itemsize, limit)
        total += math.prod(shape) * kind.itemsize
        layouts[name] = kind, tuple(shape)
    _check_total(total, limit)
    return layouts


def _read_array(
    source: Source, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> NDArray[Any]:
    flat = np.empty(math.prod(shape) * dtype.itemsize, dtype=np.uint8)
    if flat.size:
        _read_all(source, flat.data)
    # Bits that are not a value of the dtype are undefined behaviour: booleans other than 0 and 1,
    # text beyond Unicode.
    if dtype.kind == "b" and flat.size and flat.max() > 1:
        raise ProtocolError(f"the array {name!r} holds invalid booleans")
    if dtype.kind == "U" and flat.size and flat.view("<u4").max() > 0x10FFFF:
        raise ProtocolError(f"the array {name!r} holds invalid text")
    return flat.view(dtype).reshape(shape)


def _read_all(source: Source, buffer: memoryview, may_end: bool = False) -> bool:
    done = 0
    while done < len(buffer):
        count = source.readinto(buffer[done:])
        if not count:
            if may_end and done == 0:
                return False
            raise ProtocolError("the stream ends within a frame")
        done += count
    return True


def _write_all(sink: Sink, data: memoryview) -> None:
    while data:
        data = data[sink.write(data) or 0 :]
