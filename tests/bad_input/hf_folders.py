"""Data sets of Hugging Face with something wrong: files, parts, columns, features, the state."""

import io
import json
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from bad_input.cases import COMMANDS, OF_PICTURES, STAND_INS, Case, Content, edits, reading
from bad_input.parquet_files import TYPES, column, written
from bad_input.picture_folders import FORMATS, MODES, SIZES, picture
from bad_input.values import NAME, NUMBER, Draw, damages, deep, jsons, one_in, texts

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
ROWS = 6

Columns = dict[str, Any]


def good() -> Columns:
    pictures = [{"bytes": picture(), "path": f"{NAME}{i}.png"} for i in range(ROWS)]
    return {
        "image": pa.array(pictures, IMAGE),
        "label": pa.array([i % 2 for i in range(ROWS)], pa.int64()),
        "client": pa.array([f"{NAME}{i // 2}" for i in range(ROWS)]),
    }


def features() -> dict[str, Any]:
    return {
        "image": {"_type": "Image"},
        "label": {"names": ["a", "b"], "_type": "ClassLabel"},
        "client": {"dtype": "string", "_type": "Value"},
    }


def drop(draw: Draw, columns: Columns) -> None:
    del columns[draw(st.sampled_from(sorted(columns)))]
    columns.setdefault("z", pa.array(range(ROWS)))


def replace(draw: Draw, columns: Columns) -> None:
    columns[draw(st.sampled_from(sorted(columns)))] = column(draw)


def labels(draw: Draw, columns: Columns) -> None:
    numbers = st.none() | st.sampled_from((0, 1, 2, -1, NUMBER))
    found = st.lists(numbers, min_size=ROWS, max_size=ROWS).map(lambda v: pa.array(v, pa.int64()))
    names = st.none() | st.sampled_from(("a", "b", NAME)) | st.text(max_size=3)
    words = st.lists(names, min_size=ROWS, max_size=ROWS).map(lambda v: pa.array(v, pa.string()))
    columns["label"] = draw(found | words | words.map(lambda v: v.dictionary_encode()))


def pictures(draw: Draw, columns: Columns) -> None:
    """Pictures missing, elsewhere, damaged, of another kind, or none."""
    kind = st.tuples(*map(st.sampled_from, (FORMATS, MODES, SIZES))).map(lambda k: picture(*k))
    content = st.none() | st.just(picture()) | kind | st.sampled_from((b"", b"GIF89a", b"x" * 99))
    bad = damages().map(lambda damage: damage(picture()))
    path = st.none() | st.sampled_from((f"{NAME}.png", f"/x/{NAME}.png", ""))
    one = st.none() | st.fixed_dictionaries({"bytes": content | bad, "path": path})
    columns["image"] = pa.array(draw(st.lists(one, min_size=ROWS, max_size=ROWS)), IMAGE)


def bare(draw: Draw, columns: Columns) -> None:
    kind = draw(st.sampled_from((pa.binary(), pa.large_binary(), pa.string(), pa.binary(4))))
    content = picture() if kind in (pa.binary(), pa.large_binary()) else "text"
    columns["image"] = pa.array([content[:4] if kind == pa.binary(4) else content] * ROWS, kind)


def more(draw: Draw, columns: Columns) -> None:
    name = st.sampled_from(("image2", "img", "class", "client", "label ")) | texts
    new = draw(name)
    if new.encode("utf-8", "replace").decode() == new:
        columns[new] = draw(st.sampled_from((columns.get("image", pa.nulls(ROWS)), column(draw))))


EDITS = {
    "drop": drop,
    "replace": replace,
    "labels": labels,
    "labels again": labels,
    "pictures": pictures,
    "pictures again": pictures,
    "bare": bare,
    "more": more,
}


@st.composite
def about(draw: Draw) -> bytes:
    """What `datasets` writes into the schema, or nearly so."""
    found: Any = features()
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.sampled_from((found, found["image"], found["label"])))
        keys = ("names", "_type", "image", "label", "dtype")
        place[draw(st.sampled_from(keys))] = draw(jsons | deep | st.sampled_from(("Image", ["a"])))
        if not all(isinstance(found.get(name), dict) for name in ("image", "label")):
            break
    document: Any = {"info": {"features": found}}
    if one_in(draw, 5):
        document = draw(jsons)
    raw = st.sampled_from((b"", b"{", b"[" * 50_000, b"\xff"))
    content = json.dumps(document).encode("utf-8", "surrogatepass")
    return draw(raw) if one_in(draw, 8) else content


def stream(rows: pa.Table) -> bytes:
    """An Arrow stream, as `save_to_disk` writes it."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=2)
    return sink.getvalue()


STATES: tuple[Any, ...] = (
    *({}, [], None, "x", {"_data_files": None}, {"_data_files": []}, {"_data_files": [3]}),
    *({"_data_files": [{"filename": name}]} for name in ("x", "../x.arrow", "/etc/passwd", "", 3)),
    {"_data_files": [{"filename": "data.arrow"}] * 2},
)

SPLITS: tuple[Any, ...] = (
    {},
    {"splits": []},
    {"splits": ["../x"]},
    {"splits": 3},
    [],
    {"splits": [3]},
)

SHARDS = (
    *("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001", "train", "test"),
    *("data/train-00000-of-00001", "plain/train-00000-of-00001", "other/test", "default/train/0"),
    *("part-0", "x", "train-00000-of-99999", "train-99999-of-00002", ".hidden"),
)


@st.composite
def hf_folders(draw: Draw) -> Case:
    columns = good()
    notes = edits(draw, EDITS, columns)
    rows = pa.table(list(columns.values()), names=list(columns))
    if one_in(draw, 16):
        rows = rows.slice(0, 0)
    if one_in(draw, 16):
        rows = rows.append_column("label", pa.nulls(len(rows), draw(st.sampled_from(TYPES[:8]))))
    said = draw(about()) if one_in(draw, 3) else json.dumps({"info": {"features": features()}})
    if not one_in(draw, 6):
        rows = rows.replace_schema_metadata({"huggingface": said})
    saved = one_in(draw, 3)
    content: Content = stream(rows) if saved else written(rows, "snappy")
    if one_in(draw, 5):
        notes.append("damaged")
        content = draw(damages())(content)
    if one_in(draw, 20):
        content = draw(st.sampled_from((b"", b"PAR1PAR1", b"\xff\xff\xff\xff", *STAND_INS)))
    make = _saved if saved else _shards
    source, files = make(draw, content, notes)
    words = draw(reading(OPTIONS, OF_PICTURES))
    return Case(source, files, words, tuple(notes), draw(st.sampled_from(COMMANDS)))


OPTIONS = {
    "--images": ("image", "image2", "label", "x"),
    "--labels": ("label", "client", "none", "image", "x"),
    "--client": ("client", "label", "image", "x"),
}


def _shards(draw: Draw, content: Content, notes: list[str]) -> tuple[str, dict[bytes, Content]]:
    if draw(st.booleans()):
        return draw(st.sampled_from(("x.parquet", "hf:x.parquet"))), {b"x.parquet": content}
    names = draw(st.lists(st.sampled_from(SHARDS), min_size=1, max_size=3, unique=True))
    notes += names
    whole = written(pa.table(list(good().values()), names=list(good())), "none")
    files: dict[bytes, Content] = {f"d/{name}.parquet".encode(): whole for name in names}
    files[f"d/{names[0]}.parquet".encode()] = content
    first = f"d/{names[0]}.parquet"
    source = st.sampled_from(("d", "d", "hf:d", "d/*.parquet", "d/[", f"{first},{first}", first))
    return draw(source), files


def _saved(draw: Draw, content: Content, notes: list[str]) -> tuple[str, dict[bytes, Content]]:
    """A folder as `save_to_disk` writes it."""
    state: Any = {"_data_files": [{"filename": "data.arrow"}], "_split": None}
    documents: dict[str, Any] = {"state.json": state, "dataset_info.json": {"features": features()}}
    folder = draw(st.sampled_from(("d/", "d/", "d/train/")))
    files: dict[bytes, Content] = {f"{folder}data.arrow".encode(): content}
    if one_in(draw, 3):
        notes.append("state")
        documents["state.json"] = draw(st.sampled_from(STATES) | jsons)
    if one_in(draw, 5):
        notes.append("info")
        documents["dataset_info.json"] = draw(jsons | st.just({"features": []}))
    for name, document in documents.items():
        files[f"{folder}{name}".encode()] = json.dumps(document).encode("utf-8", "surrogatepass")
    if folder != "d/":
        parts = draw(st.sampled_from(({"splits": ["train"]},) * 3 + SPLITS))
        files[b"d/dataset_dict.json"] = json.dumps(parts).encode()
    if one_in(draw, 6):
        notes.append("stand-in")
        raw = st.sampled_from((b"", b"\xff", b"[" * 50_000, b"1" * 5_000, *STAND_INS))
        files[draw(st.sampled_from(sorted(files)))] = draw(raw)
    return draw(st.sampled_from(("d", "d", "hf:d"))), files
