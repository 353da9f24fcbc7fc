import numpy as np
import pytest

from pe_host.privacy.dataset import PrivateDataset
from pe_host.privacy.readers.series import delimited, long
from pe_host.privacy.readers.series.tests.conftest import Read
from pe_sdk import OutputSpec, SourceError, Table

STEPS = 4


def _table(rows: list[str], header: str = "id,time,load,label") -> str:
    return "\n".join([header, *rows]) + "\n"


def _good(name: str, label: int = 0, start: float = 0.0) -> list[str]:
    return [f"{name},2024-01-01 00:{15 * t:02d},{start + t},{label}" for t in range(STEPS)]


def test_rows_are_grouped_by_id_and_ordered_by_time(read: Read) -> None:
    rows = [*_good("b", 1, 10.0), *_good("a")]
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    info, table = read("d.csv", _table(shuffled))
    assert info.output.form == "float32 4 × 1: load" and info.label_names == ("0", "1")
    assert info.counted and not info.clients and not info.public_ranges
    found = {
        int(label): data[:, 0].tolist()
        for label, data in zip(table.labels, table.data, strict=True)
    }
    assert found == {0: [0, 1, 2, 3], 1: [10, 11, 12, 13]}
    assert info.layout == "CSV, a row a step: series by id, ordered by time"
    assert "the step between rows is declared, not measured: 1" in info.preparation
    assert any("4 steps: the rows of the first series" in text for text in info.preparation)


def test_the_step_and_ranges_are_declared(read: Read) -> None:
    info, _ = read(
        "d.csv",
        _table(_good("a")),
        step=15.0,
        step_unit="min",
        feature_ranges={"load": (0.0, 100.0)},
        feature_units={"load": "kW"},
        length=STEPS,
    )
    assert info.public_ranges and info.output.step == 15 and info.output.step_unit == "min"
    assert info.output.features[0].title == "load (kW)" and info.output.features[0].high == 100
    assert "the step between rows is declared, not measured: 15 min" in info.preparation
    assert not any("first series" in text for text in info.preparation)


def test_a_customer_has_several_days(read: Read) -> None:
    rows = [
        f"{customer};{day};{t};1,{t}"
        for customer in ("Ann", "Bob")
        for day in ("mon", "tue")
        for t in range(2)
    ]
    info, table = read("d.csv", _table(rows, "customer;day;t;load"), id="day")
    assert info.clients and info.clients_from == "column customer"
    assert table.clients is not None and table.clients.tolist() == [0, 0, 1, 1]
    assert table.data[:, :, 0].tolist() == np.float32([[1.0, 1.1]] * 4).tolist()
    assert "a comma in a number is the decimal sign" in info.preparation
    assert "series by customer and day" in info.layout


def test_a_table_without_time_keeps_the_order_of_its_rows(read: Read) -> None:
    info, table = read("d.csv", "run,load\na,3\nb,5\na,1\nb,2\n", id="run")
    assert table.data[:, :, 0].tolist() == [[3, 1], [5, 2]] and "order of the file" in info.layout


def test_several_features_and_columns_that_are_passed_over(read: Read) -> None:
    text = "id,time,a,b,note\nx,1,1,10,good\nx,2,2,20,bad\n"
    info, table = read("d.csv", text, values=("b", "a"))
    assert table.data.tolist() == [[[10, 1], [20, 2]]]
    assert info.passed_over == ("column 'note'",)


@pytest.mark.parametrize(
    ("row", "what", "fix"),
    [
        (",2024-01-01 00:00,1,0", "line 6 has no 'id'", "fill it in"),
        ("x,,1,0", "line 6 has no time in 'time' that can be read", "2024-01-31 13:45"),
        ("x,01/02/2024,1,0", "line 6 has no time in 'time' that can be read", "2024-01-31 13:45"),
        ("x,2024-01-01,low,0", "line 6 has a value that is not a number", "--values"),
        ("x,2024-01-01,1,", "line 6 has no 'label'", "fill it in"),
    ],
)
def test_what_is_wrong_with_a_row_is_a_fault_of_its_series(
    read: Read, row: str, what: str, fix: str
) -> None:
    _, table = read("d.csv", _table([*_good("a"), row, *_good("b")]), length=STEPS, fit="pad")
    assert table.faults is not None
    ((at, fault),) = table.faults.items()
    assert fault.what == what and fix in fault.fix and "--bad-records drop" in fault.fix
    kept = PrivateDataset(table, _output(table), 1, drop=True)
    assert kept.data.shape[0] == 2 and at not in (0, len(table.labels))


def _output(table: Table) -> OutputSpec:
    return OutputSpec.series(table.data.shape[1], table.data.shape[2])


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        (["x,1,1,0", "x,1,2,0"], "the series that begins in line 6 has two rows of one time"),
        (["x,1,1,0", "x,2,2,1"], "the series that begins in line 6 has rows of different labels"),
        (["x,1,1,0", "x,2,2,0"], "the series that begins in line 6 has 2 steps, expected 4"),
        (
            ["x,1,1,0", "x,2,,0", "x,3,3,0", "x,4,4,0"],
            "a value is missing in the series that begins in line 6",
        ),
    ],
)
def test_what_is_wrong_with_a_whole_series(read: Read, rows: list[str], what: str) -> None:
    _, table = read("d.csv", _table([*_good("a", 0), *rows, *_good("b", 1)]), length=STEPS)
    assert table.faults is not None
    assert [(i, fault.what) for i, fault in table.faults.items()] == [(1, what)]


def test_missing_values_and_lengths_have_policies(read: Read) -> None:
    rows = [*_good("a"), "b,1,1,0", "b,2,,0", "b,3,3,0"]
    _, table = read("d.csv", _table(rows), missing="interpolate", fit="pad", length=STEPS)
    assert not table.faults and table.data[1, :, 0].tolist() == [1, 2, 3, 3]
    _, dropped = read("d.csv", _table(rows), missing="drop", fit="pad", length=STEPS)
    assert len(dropped.data) == 1 and not dropped.faults


def test_names_of_classes_are_private(read: Read) -> None:
    text = "id,time,load,label\na,1,5,calm\na,2,6,calm\n"
    with pytest.raises(SourceError, match="which are private") as caught:
        read("d.csv", text)
    assert "calm" not in str(caught.value) + caught.value.fix
    assert read("d.csv", text, classes=("wild", "calm"))[1].labels.tolist() == [1]
    assert read("d.csv", text, public_classes=True)[0].label_names == ("calm",)


def test_classes_that_are_declared_without_a_column_of_labels(read: Read) -> None:
    text = "id,time,load\na,1,5\na,2,6\n"
    assert read("d.csv", text)[0].label_names == ("all",)
    assert read("d.csv", text, classes=("homes",))[0].label_names == ("homes",)
    with pytest.raises(SourceError, match="no column of labels"):
        read("d.csv", text, classes=("a", "b"))


def test_a_column_that_names_no_series_is_found_out_before_anything_is_read(read: Read) -> None:
    with pytest.raises(SourceError, match="the first series by id has 1 step") as caught:
        read("d.csv", "id,time,load\n1,1,5\n2,2,6\n")
    assert "--id" in caught.value.fix


def test_an_empty_table(read: Read) -> None:
    with pytest.raises(SourceError, match="there is no series in the file"):
        read("d.csv", "id,time,load\n")
    with pytest.raises(SourceError, match="the file is empty"):
        read("d.csv", "\n\n")


def test_a_series_is_read_the_same_beside_any_others(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Adding or removing a record changes no other: data, labels and faults."""
    monkeypatch.setattr(delimited, "_BLOCK", 7)
    rng = np.random.default_rng(5)
    parts: dict[str, list[str]] = {}
    for i in range(24):
        name = f"s{i}"
        times = rng.permutation(rng.integers(3, 7))
        if i % 5 == 0:
            times[0] = times[-1]
        cells = ["" if rng.random() < 0.1 else f"{rng.normal():.6f}" for _ in times]
        if i % 7 == 0:
            cells[1] = "low"
        parts[name] = [f"{name},{t},{v},{i % 2}" for t, v in zip(times, cells, strict=True)]
    settings = {"missing": "hold", "fit": "stretch", "length": 5, "classes": ("a", "b")}
    rows = [row for part in parts.values() for row in part]
    order = rng.permutation(len(rows))
    _, whole = read("d.csv", _table([rows[i] for i in order]), **settings)
    by_first = list(dict.fromkeys(rows[i].split(",")[0] for i in order))
    assert whole.faults is not None and 5 < len(whole.faults) < 20
    for place, name in enumerate(by_first):
        mine = [rows[i] for i in order if rows[i].split(",")[0] == name]
        _, alone = read("e.csv", _table(mine), **settings)
        np.testing.assert_array_equal(alone.data[0], whole.data[place])
        assert alone.labels[0] == whole.labels[place]
        assert bool(alone.faults) == (place in whole.faults)


def test_a_table_is_refused_while_it_is_read(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long, "most_bytes", lambda: 1000)
    with pytest.raises(SourceError, match="more than half of this machine's memory"):
        read("d.csv", _table([row for i in range(50) for row in _good(str(i))]))


def test_an_error_quotes_nothing_of_a_record(read: Read) -> None:
    rows = [*_good("a"), "jane,2024-01-01,4711,0", "jane,2024-01-01,secret,0", *_good("b")]
    _, table = read("d.csv", _table(rows), length=STEPS)
    assert table.faults
    for fault in table.faults.values():
        text = f"{fault.what} {fault.fix} {fault.where}"
        assert "jane" not in text and "4711" not in text and "secret" not in text


@pytest.mark.parametrize("header", ["patient,time,load", "patient,id,time,load"])
def test_a_client_is_one_however_it_is_written(read: Read, header: str) -> None:
    own = "" if "id" not in header.split(",") else ",a"
    cells = [("7", 1), ("7.0", 2), ("8", 1), ("8", 2), ("nan", 1), ("NA", 2)]
    rows = [f"{client}{own},{t},{t}" for client, t in cells]
    _, table = read("d.csv", _table(rows, header), length=2)
    assert table.data[:2, :, 0].tolist() == [[1, 2], [1, 2]]
    assert table.clients is not None and table.clients[0] != table.clients[1]
    assert table.faults is not None and 0 not in table.faults and 1 not in table.faults
    assert all("has no 'patient'" in fault.what for fault in table.faults.values())


ROWS = ["b,0,1", "b,1,2", "b,2,3", "a,0,1", "a,1,2", "a,2,3", "a,3,4", "c,0,5", "c,1,6", "c,2,7"]


TORN = "(has [0-9] cells?, expected 3|cannot be split into cells), so the series"


@pytest.mark.parametrize(
    "torn",
    [
        "a,1",
        "1,2",
        "a",
        "a,1,2,",
        "a,1,1,2,5",
        "b,2,3a,0,1",
        'a,1,"2,5',
        'b,2,"3a,0,1',
        '"a,1,2',
    ],
)
@pytest.mark.parametrize("at", [0, 4, 9])
def test_no_series_is_read_from_a_table_with_a_torn_row(read: Read, torn: str, at: int) -> None:
    """Its id may be lost: any series could lack the step, and begin or go on too early."""
    rows = [*ROWS[:at], torn, *ROWS[at + 1 :]]
    for settings in ({}, {"fit": "pad", "length": 3}, {"fit": "crop", "length": 2}):
        with pytest.raises(SourceError, match=f"line {at + 2} {TORN}") as bad:
            read("d.csv", _table(rows, "id,time,load"), **settings)
        assert "any series could lack a step" in bad.value.what and "correct" in bad.value.fix


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("time,id,load", "1,a,2,5"),
        ("time,load,id", "1,a"),
        ("client,time,load,id", "a,1,2,5,x"),
        ("client,id,time,load", "a,a,1"),
        ("client;id;time;load", "a;a;1"),
    ],
)
def test_a_torn_row_is_one_wherever_its_id_is(read: Read, header: str, row: str) -> None:
    cells = {"client": "a", "id": "a", "time": "0", "load": "5"}
    good = ";".join(cells[name] for name in header.replace(",", ";").split(";"))
    good = good if ";" in header else good.replace(";", ",")
    for settings in ({}, {"length": 2, "fit": "pad"}):
        with pytest.raises(SourceError, match=r"line 3 has [2-5] cells, expected"):
            read("d.csv", _table([good, row], header), **settings)


def test_a_torn_row_of_a_wide_table_is_the_fault_of_its_own_record(read: Read) -> None:
    rows = ["1,2,0", "3,4", "5,6,1", "7,8,1,1"]
    _, table = read("d.csv", _table(rows, "t0,t1,label"))
    assert table.faults is not None and list(table.faults) == [1, 3]
    assert table.data[0, :, 0].tolist() == [1, 2] and table.data[2, :, 0].tolist() == [5, 6]
    assert table.labels[2] == 1
