"""Series in Parquet: lists, a row a step, a row a series."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.privacy.dataset import PrivateDataset
from pe_host.privacy.readers import parquet, parquet_file
from pe_sdk import OutputSpec, SourceError, SourceInfo, SourceOptions, Table

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

Read = Callable[..., tuple[SourceInfo, Table]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """read(columns, **options) -> what a file with these columns is read as."""

    def run(columns: dict[str, Any], **options: Any) -> tuple[SourceInfo, Table]:
        path = tmp_path / "d.parquet"
        pq.write_table(pa.table(columns), path)
        info = parquet.describe(str(path), SourceOptions(**options))
        assert info.options is not None
        return info, parquet.read(str(path), info.output, info.label_names, info.options)

    return run


def test_lists_without_a_label_are_one_class(read: Read) -> None:
    info, table = read({"load": [[1.0, 2.0], [3.0, 4.0]]})
    assert info.label_names == ("all",) and info.output == OutputSpec.series(2, ["load"])
    assert table.labels.tolist() == [0, 0] and table.data[1, :, 0].tolist() == [3, 4]
    assert "2 steps: those of the first series, which count as public" in info.preparation


def test_ragged_lists_need_a_policy(read: Read) -> None:
    columns = {"load": [[1.0, 2.0], [3.0, 4.0, 5.0], [6.0]], "label": ["a", "b", "a"]}
    with pytest.raises(SourceError, match="which are private"):
        read(columns)
    _, table = read(columns, classes=("a", "b"))
    assert table.faults is not None and list(table.faults) == [1, 2]
    assert "row 1 has 3 steps, expected 2" in table.faults[1].what
    assert "--length 2 --fit pad" in table.faults[1].fix
    info, fitted = read(columns, classes=("a", "b"), length=3, fit="pad")
    assert not fitted.faults and fitted.data[..., 0].tolist() == [[1, 2, 2], [3, 4, 5], [6, 6, 6]]
    assert info.output.shape == (3, 1) and not any("first" in text for text in info.preparation)


def test_several_features_a_client_and_a_column_that_is_passed_over(read: Read) -> None:
    columns = {
        "a": [[1, 2], [3, 4]],
        "b": pa.array([[10.0, 20.0], [30.0, None]], pa.list_(pa.float64(), 2)),
        "patient": ["x", "y"],
        "remark": ["good", "bad"],
    }
    info, table = read(columns, missing="hold")
    assert info.output.form == "float32 2 × 2: a, b" and info.passed_over == ("column 'remark'",)
    assert table.data.tolist() == [[[1, 10], [2, 20]], [[3, 30], [4, 30]]]
    assert info.clients and table.clients is not None and table.clients.tolist() == [0, 1]
    only, _ = read(columns, values=("a",))
    assert only.output.form == "float32 2 × 1: a"


def test_what_is_wrong_with_lists(read: Read) -> None:
    columns = {
        "a": pa.array([[1, 2], None, [1, 2, 3], [4, None], [5, 6]], pa.list_(pa.int64())),
        "b": pa.array([[1, 2], [1, 2], [1, 2], [1, 2], [1, 2]], pa.list_(pa.int64())),
        "label": pa.array([0, 0, 0, 0, None], pa.int64()),
    }
    _, table = read(columns)
    assert table.faults is not None
    assert {row: fault.what for row, fault in table.faults.items()} == {
        1: "row 1 has features of different lengths",
        2: "row 2 has features of different lengths",
        3: "a value is missing in row 3",
        4: "the label of row 4 is missing",
    }
    kept = PrivateDataset(table, OutputSpec.series(2, 2), 1, drop=True)
    assert kept.data[:].tolist() == [[[1, 1], [2, 2]]]


def test_a_long_table_with_times_of_any_type(read: Read) -> None:
    at = [datetime(2024, 1, 1, hour) for hour in (1, 0)]
    for times in (
        pa.array(at),
        pa.array(at, pa.timestamp("ns", tz="UTC")),
        [date(2024, 1, 2), date(2024, 1, 1)],
        ["2024-01-01 01:00", "2024-01-01 00:00"],
        [7, -2],
        [0.5, 0.25],
    ):
        twice = (
            pa.concat_arrays([times, times]) if isinstance(times, pa.Array) else [*times, *times]
        )
        columns = {"id": [1, 1, 2, 2], "time": twice, "load": [1.0, 2.0, 3.0, 4.0]}
        info, table = read(columns)
        assert table.data[..., 0].tolist() == [[2, 1], [4, 3]], times
        assert info.layout == "Parquet, a row a step: series by id, ordered by time"


def test_a_long_table_with_clients_labels_and_gaps(read: Read) -> None:
    columns = {
        "customer": ["a", "a", "a", "a", "b", "b"],
        "day": pa.array([date(2024, 1, d) for d in (1, 1, 2, 2, 1, 1)]),
        "t": [0, 1, 0, 1, 0, 1],
        "load": pa.array([1.0, 2.0, None, 4.0, 5.0, 6.0]),
        "tariff": pa.array(["day", "day", "night", "night", "day", "day"]).dictionary_encode(),
        "note": ["x"] * 6,
    }
    options = {"id": "day", "labels": "tariff", "classes": ("day", "night")}
    info, table = read(columns, missing="zero", **options)
    assert table.data[..., 0].tolist() == [[1, 2], [0, 4], [5, 6]]
    assert table.labels.tolist() == [0, 1, 0]
    assert table.clients is not None and table.clients.tolist() == [0, 0, 1]
    assert info.passed_over == ("column 'note'",)
    _, odd = read(columns, **options)
    assert odd.faults is not None
    assert "the series that begins in row 2" in odd.faults[1].what


def test_a_wide_table(read: Read) -> None:
    columns = {
        "h0": [1, 2],
        "h1": pa.array([3.5, None]),
        "h2": [True, False],
        "class": [1, 0],
        "__index_level_0__": [7, 8],
    }
    info, table = read(columns, missing="interpolate")
    assert table.data[..., 0].tolist() == [[1, 3.5, 1], [2, 1, 0]]
    assert table.labels.tolist() == [1, 0]
    assert info.layout == "Parquet, a row a series: 3 steps in the columns h0 … h2"
    assert info.passed_over == ("column '__index_level_0__'",)


@pytest.mark.parametrize(
    ("columns", "options", "say"),
    [
        ({"text": ["a"], "label": [0]}, {}, "tables and text are not supported yet"),
        ({"age": [1], "income": ["<=50K"]}, {}, "tables and text are not supported yet"),
        ({"x": [[1.0]]}, {"values": ("y",)}, "no column 'y'"),
        ({"x": [[1.0]], "y": [1.0]}, {"values": ("x", "y")}, "'y' does not hold lists of numbers"),
        ({"id": [1], "t": [1], "x": ["a"]}, {"values": ("x",)}, "holds string, not numbers"),
        ({"id": [[1]], "t": [1], "x": [1]}, {"id": "id"}, "not integers or strings"),
        ({"x": [[1.0, 2.0]]}, {"feature_ranges": {"y": (0, 1)}}, "no feature 'y'"),
        ({"x": pa.array([None], pa.list_(pa.int8()))}, {}, "there is no list in the column 'x'"),
        (
            {"x": pa.array([[1, 2]], pa.list_(pa.int8(), 2))},
            {"length": 3},
            "each row has 2 steps, not 3",
        ),
    ],
)
def test_what_is_refused(
    read: Read, columns: dict[str, Any], options: dict[str, Any], say: str
) -> None:
    with pytest.raises(SourceError, match=say) as caught:
        read(columns, **options)
    assert caught.value.where and caught.value.fix


def test_a_row_is_read_the_same_beside_any_others(read: Read) -> None:
    rng = np.random.default_rng(4)
    lists = [
        None
        if i % 11 == 0
        else [None if rng.random() < 0.1 else float(v) for v in rng.normal(size=n)]
        for i, n in enumerate(rng.integers(0, 8, 40))
    ]
    kind = pa.list_(pa.float64())
    settings = {"length": 5, "fit": "stretch", "missing": "interpolate"}
    _, whole = read({"x": pa.array(lists, kind)}, **settings)
    assert whole.faults is not None and 3 < len(whole.faults) < 20
    for i, one in enumerate(lists):
        _, alone = read({"x": pa.array([one], kind)}, **settings)
        np.testing.assert_array_equal(alone.data[0], whole.data[i])
        assert bool(alone.faults) == (i in whole.faults)


def test_many_rows_are_read_in_batches(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_file, "BATCH", 7)
    ids = np.repeat(np.arange(30), 4)
    order = np.random.default_rng(0).permutation(120)
    columns = {
        "id": ids[order],
        "t": np.tile(np.arange(4), 30)[order],
        "x": np.arange(120.0)[order],
    }
    _, table = read(columns)
    found = table.data[np.argsort(table.data[:, 0, 0]), :, 0]
    np.testing.assert_array_equal(found, np.arange(120).reshape(30, 4))


def test_clients_are_read_as_in_text_files(read: Read) -> None:
    clients = ["7", "7.0", "8", "8", "nan", "NA"]
    for layout, columns in {
        "long": {"id": clients, "time": [1, 2, 1, 2, 1, 2], "x": [1.0] * 6},
        "clients": {"patient": clients, "time": [1, 2, 1, 2, 1, 2], "x": [1.0] * 6},
        "both": {"patient": clients, "id": ["a"] * 6, "time": [1, 2, 1, 2, 1, 2], "x": [1.0] * 6},
    }.items():
        _, table = read(columns, length=2)
        assert table.faults is not None and not {0, 1} & set(table.faults), layout
        assert {fault.what.partition(" has no ")[1] for fault in table.faults.values()} == {
            " has no "
        }
    _, wide = read({"patient": clients, "x": [[1.0, 2.0]] * 6})
    assert wide.clients is not None and wide.faults is not None
    assert wide.clients[0] == wide.clients[1] and list(wide.faults) == [4, 5]
