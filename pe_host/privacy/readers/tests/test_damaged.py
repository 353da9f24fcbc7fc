"""Files that nobody writes on purpose, found by generated cases: one clear error each."""

import gzip
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pe_host.formats.collection import CollectionError, FolderCollection
from pe_host.privacy.readers import cifar, hf, idx, npy, npz, parquet, series
from pe_host.privacy.readers.classes import natural
from pe_host.privacy.readers.label_file import LabelFile
from pe_host.privacy.readers.listed_files import FileNames
from pe_host.privacy.readers.tests.reading import refusal
from pe_sdk import SourceError

SIX = np.zeros((6, 4, 4), np.uint8)


@pytest.mark.parametrize(
    "arrays",
    [
        {"series": np.array(0.0), "labels": np.zeros(6)},
        {"images": np.array(7, np.uint8), "labels": np.zeros(6, int)},
        {"images": SIX, "labels": np.zeros((6, 0), int)},
        {"images": SIX, "labels": np.zeros(6, int), "clients": np.zeros((6, 0), int)},
    ],
)
def test_arrays_without_axes_or_columns(tmp_path: Path, arrays: dict[str, Any]) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    assert refusal(npz, tmp_path / "x.npz", classes=("a",)).fix
    if "images" in arrays:
        for name, array in arrays.items():
            np.save(tmp_path / f"{name}.npy", array)
        where = f"{tmp_path}/images.npy,{tmp_path}/labels.npy"
        if arrays["labels"].size == 0 or not arrays["images"].shape:
            assert refusal(npy, where).fix


def test_a_pickle_of_cifar_without_an_array(tmp_path: Path) -> None:
    batch = {"data": [[1, 2]], "labels": [0]}
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(batch, 2))
    assert "not a file of CIFAR" in refusal(cifar, tmp_path).what


def test_a_file_of_a_data_set_that_is_named_twice(tmp_path: Path) -> None:
    place = tmp_path / "x.parquet"
    pq.write_table(pa.table({"image": pa.array([b"x"])}), place)
    assert "named twice" in refusal(hf, f"{place},{place}").what


def test_a_column_of_lists_that_is_the_label(tmp_path: Path) -> None:
    lists = pa.array([[1.0], [2.0]], pa.list_(pa.float32()))
    pq.write_table(pa.table({"label": lists}), tmp_path / "x.parquet")
    assert refusal(parquet, tmp_path / "x.parquet", classes=("a",)).fix


def test_two_columns_of_one_name_in_a_file_of_pe(tmp_path: Path) -> None:
    about = b'{"schema": 1, "output": {"kind": "series", "shape": [1, 1], "dtype": "float32", '
    about += b'"features": [{"name": "x"}]}, "label_names": ["a"]}'
    lists = pa.array([[1.0]], pa.list_(pa.float32()))
    columns = [pa.array(["a"]), lists, lists]
    rows = pa.table(columns, names=["label", "x", "x"]).replace_schema_metadata({"pe": about})
    pq.write_table(rows, tmp_path / "x.parquet")
    assert "two columns have the same name" in refusal(parquet, tmp_path / "x.parquet").what


def test_a_file_of_old_macintosh_lines_is_not_quoted(tmp_path: Path) -> None:
    """Without a line feed, the whole file would be its header."""
    (tmp_path / "x.csv").write_bytes(b"id,time,x\rjane,1,2\rjane,2,3\r")
    error = refusal(series, tmp_path / "x.csv")
    assert "carriage return" in error.what and "jane" not in error.what + error.fix


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.ts", "@dimensions 999999999\n@classLabel true 1\n@data\n1,2:1\n"),
        ("x.ts", f"@dimensions {'9' * 5000}\n@classLabel true 1 x\n@data\n1,2:1:3\n"),
        ("x.csv", "0,1,99999999999\n1,2,3\n"),
        ("x.csv", f"a{'1' * 5000},b\n1,2\n"),
    ],
)
def test_numbers_in_a_head_that_nothing_has(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    try:
        series.describe(str(tmp_path / name), series.SourceOptions())
    except SourceError as error:
        assert error.fix


def test_names_of_many_digits_are_sorted_by_value() -> None:
    names = ["9" * 5000, "x10", "2", "x9", "10", "02", "1" + "0" * 5000]
    assert sorted(names, key=natural) == ["02", "2", "10", names[0], names[-1], "x9", "x10"]


def test_a_label_of_many_digits(tmp_path: Path) -> None:
    rows = "".join(f"{i},{j},{j},{'1' * 5000}\n" for i in range(2) for j in range(2))
    (tmp_path / "x.csv").write_text(f"id,time,x,label\n{rows}")
    assert "private" in refusal(series, tmp_path / "x.csv").what


def test_a_client_of_many_digits_is_no_column_of_an_idx_file(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + bytes(12))
    assert refusal(idx, tmp_path, client="9" * 5000).fix


@pytest.mark.parametrize("text", ["\nbob,jane\nann,joe\n", "jane.png,bob\n1.png,ann\n"])
def test_a_row_that_stands_where_a_header_would_is_not_quoted(text: str) -> None:
    """Neither an empty line nor a picture that is missing makes the first row a header."""
    files = FileNames(("1.png", "ann.png"), "")
    found = LabelFile(text.replace("ann,", "ann.png,").encode(), "x.csv", files, "x.csv")
    with pytest.raises(SourceError) as refused:
        found.column("label")
    assert "jane" not in refused.value.what + refused.value.fix
    assert ("jane.png" in text) == (found.columns == ("1", "2"))


def test_a_link_deep_in_a_folder_is_refused_and_its_folders_are_private(tmp_path: Path) -> None:
    deep = tmp_path / "cat/jane"
    deep.mkdir(parents=True)
    (deep / "again").symlink_to(deep)
    with pytest.raises(CollectionError) as refused:
        FolderCollection(str(tmp_path)).listing()
    assert refused.value.place == str(tmp_path) and refused.value.name == "cat/jane/again"


@pytest.mark.parametrize("length", range(4))
def test_an_idx_file_that_ends_in_its_header(tmp_path: Path, length: int) -> None:
    content = gzip.compress(b"\0\0\x08\x03"[:length])
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(content)
    assert refusal(idx, tmp_path).fix
