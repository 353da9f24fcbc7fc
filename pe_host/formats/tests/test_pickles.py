import io
import pickle
import struct
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from pe_host.formats import pickles
from pe_host.formats.pickles import PickleError, load_objects, load_plain


def _load(content: bytes) -> Any:
    return load_plain(io.BytesIO(content))


VALUES = [
    None,
    True,
    3,
    -(2**70),
    1.5,
    "größe",
    b"\xff\0",
    [1, 2, "a"],
    (1, 2, 3, 4),
    {"a": [1, 2], b"b": "c", 3: (1,)},
    list(range(5000)),
]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_are_read_as_pickle_reads_them(value: Any, protocol: int) -> None:
    if isinstance(value, bytes) and protocol < 2:
        pytest.skip("text, which pickletools decodes as ASCII only")
    assert _load(pickle.dumps(value, protocol)) == value


ARRAYS = [
    np.arange(12, dtype=np.uint8).reshape(3, 4),
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(6).reshape(2, 3)),
    np.arange(4, dtype=">i4"),
    np.array(["disc", "bar"]),
    np.array([b"a", b"bc"]),
    np.array(["disc", "bär"], dtype=object),
    np.array([1, 0, 2], dtype=object),
    np.array([[True], [False]]),
    np.zeros((0, 3)),
]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_arrays_are_read_as_pickle_reads_them(array: Any, protocol: int) -> None:
    for value in (array, {"data": array, "labels": [1, 2]}):
        found = _load(pickle.dumps(value, protocol))
        found = found["data"] if isinstance(found, dict) else found
        assert found.dtype == array.dtype and np.array_equal(found, array)


def test_scalars_of_numpy_are_plain_numbers() -> None:
    assert _load(pickle.dumps({"n": np.int64(3), "x": np.float32(0.5)})) == {"n": 3, "x": 0.5}


def test_two_arrays_of_other_byte_orders_do_not_share_one() -> None:
    value = {"a": np.arange(3, dtype="<i4"), "b": np.arange(3, dtype=">i4")}
    value["c"] = value["a"] + 1
    found = _load(pickle.dumps(value, 2))
    assert all(np.array_equal(found[key], value[key]) for key in "abc")


def test_the_pickles_of_python_2_are_read() -> None:
    """CIFAR is stored so: texts are bytes there."""
    texts = b"U\x04dataq\x01U\x03\xff\x00ab"[:-1]
    content = b"\x80\x02}q\x00(" + texts.replace(b"U\x03", b"U\x03", 1) + b"u."
    assert _load(content) == {b"data": b"\xff\x00a"}
    rows = bytes(range(6))
    array = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85"
        b"U\x01b\x87"
        b"Rq\x03(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x04U\x02u1K\x00K\x01\x87Rq\x05(K\x03U\x01|NNNJ"
        b"\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T" + struct.pack("<I", 6) + rows + b"tb."
    )
    assert np.array_equal(_load(array), np.frombuffer(rows, np.uint8).reshape(2, 3))


class Trap:
    """Runs when it is unpickled."""

    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('code of the data ran')",))


class Sub(np.ndarray):
    pass


@pytest.mark.parametrize(
    "value",
    [
        Trap(),
        {"data": Trap()},
        [Trap()],
        np.array([Trap()], dtype=object),
        np.array([[1, 2], {"a": 1}], dtype=object),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.zeros(2, dtype=[("a", "i4")]),
        OrderedDict(a=1),
        {1, 2},
        print,
        Sub((2,)),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_anything_else_is_refused_and_nothing_runs(value: Any, protocol: int) -> None:
    content = pickle.dumps(value, protocol)
    with pytest.raises(PickleError):
        found = _load(content)
        assert isinstance(found, list) and not found, found


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x02",
        b".",
        b"0.",
        b"(.",
        b"K\x01a.",
        b"h\x05.",
        b"T\xff\xff\xff\x7fab.",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7fab.",
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x02cnumpy\nndarray\n.",
        b"]" * 100 + b".",
        b"not a pickle at all",
    ],
)
def test_damaged_pickles_are_refused(content: bytes) -> None:
    with pytest.raises(PickleError):
        found = _load(content)
        assert found == [], found
        raise PickleError  # an empty list is plain


def test_a_pickle_of_too_many_steps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickles, "OPCODES", 100)
    with pytest.raises(PickleError, match="too large"):
        _load(b"(" * 200 + b".")


_DOUBLED = b")" + b"2\x86" * 60
"""A tuple of two tuples of two tuples and so on: 2 ** 60 in all, of which each is stored once."""


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02}" + _DOUBLED + b"Ns.",
        b"\x80\x02}(" + _DOUBLED + b"Nu.",
        b"\x80\x02(" + _DOUBLED + b"Nd.",
        b"\x80\x04N" + _DOUBLED + b"\x93.",
        b"\x80\x04" + _DOUBLED + b"N\x93.",
    ],
    ids=["key", "keys", "dictionary", "attribute", "module"],
)
def test_a_tuple_that_would_take_forever_is_neither_hashed_nor_printed(content: bytes) -> None:
    with pytest.raises(PickleError, match="something else than plain values"):
        _load(content)


def test_a_long_text_that_is_repeated_does_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every text of an array takes the room of the longest."""
    array = np.array(["a" * 1000] + ["b"] * 999, object)
    monkeypatch.setattr(pickles, "TEXT_BYTES", 4_000_000)
    assert load_objects(io.BytesIO(array.dumps()), (1000,)).tolist() == array.tolist()
    monkeypatch.setattr(pickles, "TEXT_BYTES", 3_999_999)
    with pytest.raises(PickleError, match="too long"):
        load_objects(io.BytesIO(array.dumps()), (1000,))


def _repeated(what: bytes) -> bytes:
    """A list of what BINGET 0 and 1 make, a hundred times."""
    return b"](" + what * 100 + b"e."


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02c_codecs\nencode\nq\0X\x64\0\0\0" + b"a" * 100 + b"X\x06\0\0\0latin1\x86q\1",
        b"\x80\x03cnumpy.core.multiarray\nscalar\nq\0cnumpy\ndtype\n(U\x04S100tR"
        b"C\x64" + b"a" * 100 + b"\x86q\1",
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\0(K\x01K\x64\x85cnumpy\ndtype\n(U\x01OtR"
        b"\x89](" + b"N" * 100 + b"etq\1",
    ],
    ids=["encode", "scalar", "objects"],
)
def test_a_call_that_is_repeated_does_not_fill_the_memory(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = b"h\0)Rh\1b" if b"_reconstruct" in content else b"h\0h\1R"
    assert len(_load(content + _repeated(each))) == 100
    monkeypatch.setattr(pickles, "BYTES", len(content) + 900)
    with pytest.raises(PickleError, match="too large"):
        _load(content + _repeated(each))


def test_objects_of_one_kind_become_a_plain_array() -> None:
    def load(values: list[Any], shape: Any = None) -> Any:
        array = np.array([*values, None], object)[:-1]
        return load_objects(io.BytesIO(array.dumps()), shape or array.shape)

    assert load(["a", "bär"]).dtype == "<U3"
    assert load([1, 0]).dtype.kind == "i" and load([1, 0.5]).tolist() == [1, 0.5]
    assert load([2**80 - 2**80, True]).tolist() == [0, 1]
    for values in (["a", 1], [None], [b"a"], [[1], [2]], [2**80]):
        with pytest.raises(PickleError):
            load(values)
    with pytest.raises(PickleError):
        load(["a"], (2,))
