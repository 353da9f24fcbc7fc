import numpy as np
import pytest

from pe_host.privacy.readers.series import rows
from pe_host.privacy.readers.series.tests.conftest import Read
from pe_sdk import OutputSpec, SourceError


def test_a_wide_table(read: Read) -> None:
    info, table = read("d.csv", "label,t0,t1,t2\n0,1,2,3\n1,4,5,6\n")
    assert info.layout == "CSV, a row a series: 3 steps in the columns t0 … t2"
    assert info.output == OutputSpec.series(3, 1) and info.label_names == ("0", "1")
    assert table.data[..., 0].tolist() == [[1, 2, 3], [4, 5, 6]] and table.labels.tolist() == [0, 1]


def test_a_table_as_a_data_frame_writes_it(read: Read) -> None:
    info, table = read("d.csv", ",0,1,2,label\n0,1,2,3,1\n1,4,5,6,0\n")
    assert table.data[0, :, 0].tolist() == [1, 2, 3] and table.labels.tolist() == [1, 0]
    assert info.passed_over == ("column ''",)


def test_features_side_by_side_and_a_client(read: Read) -> None:
    text = "user;load_0;load_1;temp_0;temp_1\nann;1,5;2;10;20\nbob;3;4;30;40\nann;5;6;50;60\n"
    info, table = read("d.csv", text)
    assert [feature.name for feature in info.output.features] == ["load", "temp"]
    assert table.data[0].tolist() == [[1.5, 10], [2, 20]]
    assert info.clients and table.clients is not None and table.clients.tolist() == [0, 1, 0]


def test_steps_that_the_user_names_in_another_order(read: Read) -> None:
    _, table = read("d.csv", "tue,mon,kind\n2,1,0\n", values=("mon", "tue"), labels="kind")
    assert table.data[0, :, 0].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("1,2", "line 3 has 2 cells, expected 3"),
        ("0,1,x", "line 3 has a value that is not a number in step 2"),
        ("0,1,", "a value is missing in line 3"),
        (",1,2", "the label of line 3 is missing"),
        ("-1,1,2", "the label of line 3 is not one of the classes"),
    ],
)
def test_what_is_wrong_with_a_row_is_its_fault(read: Read, row: str, what: str) -> None:
    _, table = read("d.csv", f"label,t0,t1\n0,1,2\n{row}\n1,3,4\n")
    assert table.faults is not None
    assert [(i, fault.what) for i, fault in table.faults.items()] == [(1, what)]
    assert "--bad-records drop" in table.faults[1].fix or "--missing drop" in table.faults[1].fix


def test_a_missing_client_is_a_fault(read: Read) -> None:
    _, table = read("d.csv", "client,t0,t1\na,1,2\n,3,4\n")
    assert table.faults is not None and table.faults[1].what == "the client of line 3 is missing"


@pytest.mark.parametrize(
    ("options", "shape"),
    [({"length": 2, "fit": "crop"}, 2), ({"length": 6, "fit": "stretch"}, 6)],
)
def test_rows_are_brought_to_a_length(read: Read, options: dict[str, object], shape: int) -> None:
    info, table = read("d.csv", "t0,t1,t2,t3\n0,1,2,3\n", **options)
    assert info.output.shape == (shape, 1) and table.data.shape == (1, shape, 1)


def test_a_length_without_a_policy_is_refused(read: Read) -> None:
    with pytest.raises(SourceError, match="each row has 4 steps, not 3") as caught:
        read("d.csv", "t0,t1,t2,t3\n0,1,2,3\n", length=3)
    assert "--fit crop" in caught.value.fix


def test_a_column_that_is_neither(read: Read) -> None:
    with pytest.raises(SourceError, match="'region'"):
        read("d.csv", "region,t0,t1\n1,2,3\n")


def test_labels_from_one_are_as_everywhere(read: Read) -> None:
    text = "label,t0,t1\n1,1,2\n2,3,4\n"
    with pytest.raises(SourceError, match="labels count from 0"):
        read("d.csv", text)
    assert read("d.csv", text, labels_from=1)[1].labels.tolist() == [0, 1]
    declared = {"classes": ("calm", "wild"), "labels_from": 1}
    assert read("d.csv", text, **declared)[1].labels.tolist() == [0, 1]
    with pytest.raises(SourceError, match="labels count from 0"):
        read("d.csv", text, classes=("calm", "wild"))


def test_a_file_without_a_header_says_where_labels_are(read: Read) -> None:
    text = "0.5,0.25,0.125,1.000e+00\n0.5,0.5,0.5,0.000e+00\n"
    with pytest.raises(SourceError, match="no header line") as caught:
        read("d.csv", text)
    assert "--labels 1 or --labels 4" in caught.value.fix and "--classes all" in caught.value.fix
    info, table = read("d.csv", text, labels="4")
    assert table.labels.tolist() == [1, 0] and table.data[0, :, 0].tolist() == [0.5, 0.25, 0.125]
    assert "label last" in info.layout and info.output.shape == (3, 1)
    assert read("d.csv", text, classes=("all",))[0].output.shape == (4, 1)
    with pytest.raises(SourceError, match="no column 'kind'"):
        read("d.csv", text, labels="kind")


def test_a_header_of_numbers_that_count(read: Read) -> None:
    assert read("d.csv", "0,1,2\n5,6,7\n")[1].data.tolist() == [[[5], [6], [7]]]
    assert read("d.csv", "1,2,3\n5,6,7\n")[1].data.tolist() == [[[5], [6], [7]]]


def test_lines_before_the_header(read: Read) -> None:
    for text in ("# made by a logger\nt0,t1\n1,2\n", "sep=;\nt0;t1\n1;2\n"):
        assert read("d.csv", text)[1].data[0, :, 0].tolist() == [1, 2]


def test_files_that_are_no_utf_8(read: Read) -> None:
    with pytest.raises(SourceError, match="header is not UTF-8"):
        read("d.csv", "größe,t0,t1\n".encode("latin-1"))
    _, table = read("d.csv", b"label,t0,t1\n0,1,2\n\xff,3,4\n", classes=("0",))
    assert table.faults is not None and "label of line 3 is missing" in table.faults[1].what


def test_a_row_is_read_the_same_beside_any_others(read: Read) -> None:
    rng = np.random.default_rng(2)
    lines = []
    for i in range(40):
        cells = ["" if rng.random() < 0.05 else f"{rng.normal():.7g}" for _ in range(6)]
        if i % 9 == 0:
            cells[2] = "bad"
        lines.append(",".join([str(i % 3), *cells]))
    header = "label,t0,t1,t2,t3,t4,t5"
    settings = {"classes": ("0", "1"), "missing": "interpolate"}
    _, whole = read("d.csv", "\n".join([header, *lines]), **settings)
    assert whole.faults is not None and len(whole.faults) > 10
    for i, line in enumerate(lines):
        _, alone = read("e.csv", f"{header}\n{line}\n", **settings)
        np.testing.assert_array_equal(alone.data[0], whole.data[i])
        assert alone.labels[0] == whole.labels[i]
        assert bool(alone.faults) == (i in whole.faults)


def test_a_table_is_refused_while_it_is_read(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "most_bytes", lambda: 1000)
    with pytest.raises(SourceError, match="more than half of this machine's memory"):
        read("d.csv", "t0,t1\n" + "1,2\n" * 100)


def test_another_file_than_the_planned_one(read: Read, tmp_path) -> None:
    from pe_host.privacy.readers import series

    info, _ = read("d.csv", "t0,t1\n1,2\n")
    with pytest.raises(SourceError, match="not the planned float32 2 × 2"):
        series.read(
            str(tmp_path / "d.csv"), OutputSpec.series(2, 2), info.label_names, info.options
        )


def test_a_delimiter_that_the_file_names_counts_for_values_too(read: Read) -> None:
    """More commas than semicolons: they are decimal signs."""
    _, table = read("d.csv", "sep=;\n1,5;2,5;3,5\n2,5;3,5;4,5\n", classes=("all",))
    assert table.data[..., 0].tolist() == [[1.5, 2.5, 3.5], [2.5, 3.5, 4.5]]


def test_a_client_is_one_however_it_is_written(read: Read) -> None:
    text = "patient,t0,t1\n7,1,2\n7.0,1,2\nnan,1,2\nNA,1,2\n"
    _, table = read("d.csv", text)
    assert table.clients is not None and table.clients[0] == table.clients[1]
    assert table.faults is not None and list(table.faults) == [2, 3]
    assert all("the client of line" in fault.what for fault in table.faults.values())
