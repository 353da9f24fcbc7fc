import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.privacy.dataset import PrivateDataset
from pe_host.privacy.readers import parquet
from pe_sdk import OutputSpec, SourceError

# It is an extra, and may be too new for the lowest numpy.
pa = pytest.importorskip("pyarrow", exc_type=ImportError)
pq = pytest.importorskip("pyarrow.parquet", exc_type=ImportError)

FORM = OutputSpec.series(3, ["x"])


def _file(path: Path, **columns: Any) -> str:
    pq.write_table(pa.table(columns), path / "d.parquet")
    return str(path / "d.parquet")


def _odd(path: Path) -> str:
    """Six series; only those in rows 0 and 5 have no fault."""
    lists = [[1, 2, 3], None, [1, 2], [4, None, 6], [7, 8, 9], [10, 11, 12]]
    labels = ["a", "a", "b", "b", None, "b"]
    clients = [1, 1, None, 2, 2, 2]
    return _file(
        path,
        x=pa.array(lists, pa.list_(pa.int64())),
        label=pa.array(labels),
        client=pa.array(clients, pa.int64()),
    )


def test_odd_rows_are_faults_that_say_what_is_wrong(tmp_path: Path) -> None:
    where = _odd(tmp_path)
    info = parquet.describe(where)
    assert info.output == FORM and info.clients
    table = parquet.read(where, FORM, ("a", "b"))
    assert table.faults is not None
    assert {row: fault.what for row, fault in table.faults.items()} == {
        1: "the list in row 1 of 'x' does not have 3 values",
        2: "the list in row 2 of 'x' does not have 3 values",
        3: "a value in row 3 of 'x' is missing",
        4: "label in row 4 is missing",
    }
    assert table.data[[0, 5], :, 0].tolist() == [[1, 2, 3], [10, 11, 12]]


def test_dropping_leaves_the_good_rows(tmp_path: Path) -> None:
    table = parquet.read(_odd(tmp_path), FORM, ("a", "b"))
    data = PrivateDataset(table, FORM, 2, drop=True)
    assert data.data[..., 0].tolist() == [[1, 2, 3], [10, 11, 12]]
    assert data.labels.tolist() == [0, 1] and data.units == 2


def test_the_first_list_that_is_not_empty_gives_the_length(tmp_path: Path) -> None:
    where = _file(tmp_path, x=[None, [], [1.0, 2.0, 3.0]], label=[0, 0, 0])
    assert parquet.describe(where).output == FORM
    with pytest.raises(SourceError, match="there is no list in the column 'x'"):
        parquet.describe(_file(tmp_path, x=pa.array([None], pa.list_(pa.int8())), label=[0]))


def test_no_rows_are_a_clear_error(tmp_path: Path) -> None:
    where = _file(tmp_path, x=pa.array([], pa.list_(pa.float32(), 3)), label=pa.array([], "int64"))
    table = parquet.read(where, parquet.describe(where).output, ("a",))
    with pytest.raises(Exception, match="there are no records"):
        PrivateDataset(table, FORM, 1)


def test_a_table_is_refused_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million equal rows take some kilobytes in the file and 20 MB in memory."""
    values = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(3_000_000)), 3)
    where = _file(tmp_path, x=values, label=np.zeros(1_000_000, np.int64))
    assert Path(where).stat().st_size < 200_000
    monkeypatch.setattr(parquet, "most_bytes", lambda: 10_000_000)
    with pytest.raises(SourceError, match="more than half of this machine's memory"):
        parquet.read(where, FORM, ("a",))
    monkeypatch.setattr(parquet, "most_bytes", lambda: 100_000_000)
    assert len(parquet.read(where, FORM, ("a",)).labels) == 1_000_000


def test_what_is_no_file_is_named_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "d.parquet")
    with pytest.raises(SourceError, match="this is a pipe, not a file"):
        parquet.describe(str(tmp_path / "d.parquet"))
    with pytest.raises(SourceError, match="no such file"):
        parquet.describe(str(tmp_path / "none.parquet"))


def test_labels_that_are_not_utf_8_are_an_error_of_the_file(tmp_path: Path) -> None:
    text = pa.array([b"\xff\xfe", b"ok"], pa.binary()).view(pa.string())
    where = _file(tmp_path, x=pa.array([[1.0], [2.0]]), label=text)
    with pytest.raises(SourceError, match="cannot be read as Parquet"):
        parquet.read(where, OutputSpec.series(1, ["x"]), ("ok",))
