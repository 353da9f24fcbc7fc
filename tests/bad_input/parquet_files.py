"""Parquet files with something wrong: columns, types, missing values, metadata, the bytes."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from bad_input.cases import (
    COMMANDS,
    OF_SERIES,
    STAND_INS,
    Case,
    edits,
    options,
    reading,
)
from bad_input.values import BOUND, NAME, NUMBER, Draw, damages, deep, floats, jsons, one_in, texts

TYPES = (
    *(pa.int8(), pa.uint64(), pa.int32(), pa.float16(), pa.float32(), pa.float64(), pa.bool_()),
    *(pa.string(), pa.large_string(), pa.binary(), pa.null(), pa.date32(), pa.timestamp("us")),
    *(
        pa.decimal128(9, 2),
        pa.list_(pa.float32()),
        pa.large_list(pa.int64()),
        pa.list_(pa.string()),
    ),
    *(pa.list_(pa.float32(), 3), pa.list_(pa.list_(pa.float32())), pa.struct([("x", pa.int32())])),
    *(pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.int64())),
    pa.map_(pa.string(), pa.int32()),
)

ROWS = 6


def flat() -> dict[str, pa.Array]:
    """Rows of series, a step or a series each."""
    return {
        "label": pa.array(["a", "b"] * 3),
        "id": pa.array([f"{NAME}{i // 2}" for i in range(ROWS)]),
        "time": pa.array([i % 2 for i in range(ROWS)], pa.int64()),
        "x": pa.array([float(i) for i in range(ROWS)], pa.float64()),
        "y": pa.array([float(i) for i in range(ROWS)], pa.float32()),
    }


def good(clients: bool, fixed: bool) -> dict[str, pa.Array]:
    kind = pa.list_(pa.float32(), 4) if fixed else pa.list_(pa.float32())
    series = [[float(i + j) for j in range(4)] for i in range(ROWS)]
    columns = {"label": pa.array(["a", "b"] * 3), "x": pa.array(series, kind)}
    columns["y"] = pa.array(series, kind)
    if clients:
        columns["client"] = pa.array([f"{NAME}{i % 3}" for i in range(ROWS)])
    return columns


def _name(draw: Draw, columns: dict) -> str:
    return draw(st.sampled_from(sorted(columns)))


def column(draw: Draw) -> pa.Array:
    """A column of any type, with some values missing."""
    kind = draw(st.sampled_from(TYPES))
    values = draw(st.lists(_values(kind), min_size=ROWS, max_size=ROWS))
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.nulls(ROWS, pa.list_(pa.float32()))


def _values(kind: pa.DataType) -> st.SearchStrategy[Any]:
    if pa.types.is_dictionary(kind):
        return _values(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return st.none() | st.lists(_values(kind.value_type), max_size=4)
    if pa.types.is_fixed_size_list(kind):
        return st.none() | st.lists(_values(kind.value_type), min_size=3, max_size=3)
    if pa.types.is_integer(kind):
        return st.none() | st.sampled_from((0, 1, 2, -1, 100, NUMBER))
    if pa.types.is_floating(kind):
        return st.none() | floats | st.just(float(NUMBER))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return st.none() | st.sampled_from(("a", "b", NAME)) | st.text(max_size=4)
    return st.none()


def drop(draw: Draw, columns: dict) -> None:
    del columns[_name(draw, columns)]
    columns.setdefault("z", pa.array(range(ROWS)))


def rename(draw: Draw, columns: dict) -> None:
    new = draw(st.sampled_from(("label", "client", "record", "x")) | texts)
    if new.encode("utf-8", "replace").decode() == new:
        columns[new] = columns.pop(_name(draw, columns))


def replace(draw: Draw, columns: dict) -> None:
    columns[_name(draw, columns)] = column(draw)


def add(draw: Draw, columns: dict) -> None:
    columns[draw(st.sampled_from(("client", "z", "label ", "record")))] = column(draw)


def labels(draw: Draw, columns: dict) -> None:
    values = st.none() | st.sampled_from(("a", "b", NAME)) | st.text(max_size=3)
    columns["label"] = pa.array(draw(st.lists(values, min_size=ROWS, max_size=ROWS)), pa.string())


def numbers(draw: Draw, columns: dict) -> None:
    values = st.none() | st.sampled_from((0, 1, 2, -1, NUMBER))
    columns["label"] = pa.array(draw(st.lists(values, min_size=ROWS, max_size=ROWS)), pa.int64())


def lists(draw: Draw, columns: dict) -> None:
    one = st.none() | st.lists(st.none() | floats | st.just(float(NUMBER)), max_size=5)
    columns["x"] = pa.array(
        draw(st.lists(one, min_size=ROWS, max_size=ROWS)), pa.list_(pa.float64())
    )


def no_text(draw: Draw, columns: dict) -> None:
    """Strings that are not UTF-8."""
    raw = pa.array([NAME.encode() + b"\xff"] * ROWS, pa.binary())
    columns[draw(st.sampled_from(("label", "client")))] = pa.Array.from_buffers(
        pa.string(), ROWS, raw.buffers()
    )


EDITS = {
    "drop": drop,
    "rename": rename,
    "replace": replace,
    "add": add,
    "labels": labels,
    "numbers": numbers,
    "lists": lists,
    "lists again": lists,
    "no text": no_text,
}


KEYS = (
    *(
        "schema",
        "output",
        "label_names",
        "kind",
        "shape",
        "dtype",
        "features",
        "name",
        "low",
        "high",
    ),
    *("step", "unit", "x"),
)


@st.composite
def about(draw: Draw) -> bytes:
    """Metadata as `pe` writes them, or nearly so, or anything."""
    bounded: dict[str, Any] = {"name": "y", "low": 0, "high": BOUND}
    series = {"kind": "series", "shape": [4, 2], "dtype": "float32"}
    series["features"] = [{"name": "x"}, bounded]
    document: Any = {"schema": 1, "output": series, "label_names": ["a", "b"]}
    for _ in range(draw(st.integers(0, 2))):
        place: Any = draw(st.sampled_from((document, series, bounded)))
        place[draw(st.sampled_from(KEYS))] = draw(jsons | deep)
    if one_in(draw, 4):
        document = draw(jsons)
    content = json.dumps(document).encode("utf-8", "surrogatepass")
    raw = (b"", b"{", b"[" * 100_000, b"\xff", b"null", b'{"schema": 1' + b"0" * 5000 + b"}")
    return draw(st.sampled_from(raw)) if one_in(draw, 6) else content


@st.composite
def parquet_files(draw: Draw) -> Case:
    columns = flat() if one_in(draw, 4) else good(draw(st.booleans()), draw(st.booleans()))
    notes = edits(draw, EDITS, columns)
    rows = pa.table(list(columns.values()), names=list(columns))
    if one_in(draw, 16):
        rows = rows.slice(0, 0)
    if one_in(draw, 16):
        rows = rows.append_column("x", rows.column(0))
    if one_in(draw, 3):
        notes.append("metadata")
        rows = rows.replace_schema_metadata({b"pe": draw(about())})
    content = written(rows, draw(st.sampled_from(("none", "snappy", "zstd", "gzip"))))
    if one_in(draw, 5):
        notes.append("damaged")
        content = draw(damages())(content)
    if one_in(draw, 41):
        content = draw(st.sampled_from((b"", b"PAR1", b"PAR1PAR1", *STAND_INS)))
    if one_in(draw, 3):
        words, command = draw(reading(OPTIONS, OF_SERIES)), draw(st.sampled_from(COMMANDS))
    else:
        words, command = draw(options()), COMMANDS[0]
    if "--classes" not in words:
        words = (*words, "--classes", "a,b")
    source = draw(st.sampled_from(("x.parquet", "x.parquet", "parquet:x.parquet")))
    return Case(source, {b"x.parquet": content}, words, tuple(notes), command)


OPTIONS = {
    "--labels": ("label", "client", "none", "x"),
    "--client": ("client", "label", "x"),
    **{name: OF_SERIES[name] for name in ("--id", "--time", "--values", "--length", "--missing")},
}


def written(rows: pa.Table, codec: str) -> bytes:
    """The file; a table that cannot be written loses the columns that are to blame."""
    for _ in range(len(rows.columns) + 1):
        sink = pa.BufferOutputStream()
        try:
            pq.write_table(rows, sink, compression=codec)
            return bytes(sink.getvalue())
        except (pa.ArrowException, NotImplementedError):
            rows = rows.remove_column(rows.num_columns - 1)
    return b""
