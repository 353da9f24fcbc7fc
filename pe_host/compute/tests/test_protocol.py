import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pe_host.compute import protocol
from pe_host.compute.protocol import ProtocolError

DTYPES = st.sampled_from(
    [
        np.dtype(d)
        for d in (
            "bool",
            "i1",
            "u1",
            "<i2",
            "<u2",
            "<i4",
            "<u4",
            "<i8",
            "<u8",
            "<f2",
            "<f4",
            "<f8",
            "<U1",
            "<U5",
        )
    ]
)
ARRAYS = st.dictionaries(
    st.text(max_size=8),
    hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)),
    max_size=4,
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
HEADERS = st.dictionaries(st.text(max_size=5).filter(lambda key: key != "arrays"), JSON, max_size=3)


class Dribble(io.BytesIO):
    """Reads and writes a few bytes at a time, as pipes do."""

    def readinto(self, buffer):
        return super().readinto(buffer[:3])

    def write(self, data):
        return super().write(data[:5])


def frame(header=None, arrays=None):
    stream = io.BytesIO()
    protocol.write(stream, header or {}, arrays or {})
    return stream.getvalue()


def raw(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<4sI", protocol.MAGIC, len(text)) + text + body


@given(HEADERS, ARRAYS)
def test_what_is_written_is_read(header, arrays):
    stream = Dribble()
    protocol.write(stream, header, arrays)
    protocol.write(stream, {"second": 1}, {})
    stream.seek(0)
    got, received = protocol.read(stream)
    assert got == header
    assert list(received) == list(arrays)
    for name, array in arrays.items():
        assert received[name].dtype == array.dtype and received[name].shape == array.shape
        assert received[name].tobytes() == array.tobytes()
    assert protocol.read(stream) == ({"second": 1}, {})
    assert protocol.read(stream) is None


@given(st.binary(max_size=200))
def test_noise_is_refused(noise):
    """Any bytes yield a frame, the end or ProtocolError, and nothing else."""
    stream = io.BytesIO(noise)
    if noise:
        with pytest.raises(ProtocolError):
            protocol.read(stream)
    else:
        assert protocol.read(stream) is None


@given(st.data(), HEADERS, ARRAYS)
def test_a_damaged_frame_is_refused_or_read(data, header, arrays):
    damaged = bytearray(frame(header, arrays))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(damaged)))
    try:
        result = protocol.read(io.BytesIO(damaged[:end]), limit=1 << 16)
    except ProtocolError:
        return
    if end == 0:
        assert result is None
        return
    # Whatever was accepted is valid: text is Unicode, booleans are booleans.
    for array in result[1].values():
        array.tolist()


@given(HEADERS, st.recursive(JSON, lambda inner: st.lists(inner, max_size=4)))
def test_any_description_of_arrays_is_refused_or_read(header, described):
    try:
        _, arrays = protocol.read(io.BytesIO(raw({**header, "arrays": described})), limit=1 << 16)
    except ProtocolError:
        return
    assert all(array.size == 0 for array in arrays.values())


@pytest.mark.parametrize(
    ("described", "rule"),
    [
        (None, "describes no arrays"),
        ([["a", "|O", [1]]], "dtype"),
        ([["a", "|V8", [1]]], "dtype"),
        ([["a", ">i8", [1]]], "dtype"),
        ([["a", "<M8[s]", [1]]], "dtype"),
        ([["a", "<U0", [1]]], "dtype"),
        ([["a", "<U9999", [1]]], "dtype"),
        ([["a", ["<i8"], [1]]], "dtype"),
        ([["a", "<i8", [-1]]], "shape"),
        ([["a", "<i8", [True]]], "shape"),
        ([["a", "<i8", [1.0]]], "shape"),
        ([["a", "<i8", [1] * 9]], "shape"),
        ([["a", "<i8", 1]], "shape"),
        ([["a", "<i8", [2**40]]], "limit"),
        ([["a", "<i8", [0, 2**62, 2**62]]], "limit"),
        ([["a", "|u1", [2**29]], ["b", "|u1", [2**29]], ["c", "|u1", [1]]], "limit"),
        ([["a", "<i8", [0]], ["a", "<i8", [0]]], "distinct name"),
        ([[1, "<i8", [0]]], "distinct name"),
        ([["a", "<i8"]], "described by"),
    ],
)
def test_a_description_that_breaks_a_rule_is_refused(described, rule):
    with pytest.raises(ProtocolError, match=rule):
        protocol.read(io.BytesIO(raw({"arrays": described})))


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"x": NaN, "arrays": []}',
        b"[" * 100_000,
        b'{"arrays": [], "x": ' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"x": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_header_that_is_no_json_object_is_refused(header):
    with pytest.raises(ProtocolError, match="header"):
        protocol.read(io.BytesIO(raw(header)))


def test_a_long_header_is_refused_before_it_is_read():
    stream = io.BytesIO(struct.pack("<4sI", protocol.MAGIC, protocol.HEADER_LIMIT + 1))
    with pytest.raises(ProtocolError, match="limit"):
        protocol.read(stream)
    with pytest.raises(ProtocolError, match="limit"):
        protocol.write(io.BytesIO(), {"x": "y" * protocol.HEADER_LIMIT}, {})


@pytest.mark.parametrize("cut", [1, 7, 9, -1])
def test_an_end_within_a_frame_is_refused(cut):
    with pytest.raises(ProtocolError, match="ends within"):
        protocol.read(io.BytesIO(frame({}, {"a": np.arange(3)})[:cut]))


def test_bits_that_are_no_value_are_refused():
    with pytest.raises(ProtocolError, match="booleans"):
        protocol.read(io.BytesIO(raw({"arrays": [["a", "|b1", [1]]]}, b"\x02")))
    with pytest.raises(ProtocolError, match="text"):
        protocol.read(io.BytesIO(raw({"arrays": [["a", "<U1", [1]]]}, b"\xff\xff\xff\x7f")))


@pytest.mark.parametrize(
    "array",
    [
        np.array([object()]),
        np.zeros(1, "M8[s]"),
        np.zeros(1, "c16"),
        np.zeros((1,) * 9),
        np.zeros(1, [("x", "i4")]),
    ],
)
def test_what_does_not_travel_is_refused_before_anything_is_written(array):
    stream = io.BytesIO()
    with pytest.raises(ProtocolError):
        protocol.write(stream, {}, {"good": np.arange(3), "bad": array})
    assert stream.getvalue() == b""


def test_the_limit_holds_for_the_sender():
    stream = io.BytesIO()
    with pytest.raises(ProtocolError, match="limit"):
        protocol.write(stream, {}, {"a": np.zeros(11, np.uint8)}, limit=10)
    assert stream.getvalue() == b""


def test_layout_and_byte_order_of_the_sender_do_not_matter():
    array = np.arange(6).reshape(2, 3)
    for same in (
        array.astype(">i8"),
        np.asfortranarray(array),
        np.repeat(array, 2, axis=1)[:, ::2],
    ):
        _, received = protocol.read(io.BytesIO(frame({}, {"a": same})))
        assert np.array_equal(received["a"], array) and received["a"].dtype.str == "<i8"


def test_numpy_scalars_are_numbers_and_nothing_else_is():
    assert protocol.read(io.BytesIO(frame({"n": np.int64(3), "x": np.float64(0.5)}))) == (
        {"n": 3, "x": 0.5},
        {},
    )
    for value in (object(), float("nan"), b"bytes"):
        with pytest.raises(ProtocolError, match="not JSON"):
            frame({"v": value})
