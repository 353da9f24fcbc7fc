"""Which first lines name columns: never one that could be a record."""

from collections.abc import Sequence

import pytest

from pe_host.privacy.readers.series.header import Header, read_header
from pe_host.privacy.readers.series.lines import Line
from pe_host.privacy.readers.series.tests.conftest import Read
from pe_sdk import SourceError, SourceOptions


def _header(text: str, *, ucr: bool = False, **options: str | Sequence[str]) -> Header:
    return read_header(iter([Line(1, text)]), SourceOptions(**options), "f.csv", ucr=ucr)


@pytest.mark.parametrize(
    "text",
    [
        "id,time,load",
        "label,t0,t1",
        "0,1,2,3",
        "1,2,3",
        "2015,2016,2017",
        "01,02,03",
        ",0,1,2",
        ",0,1,2,label",
        "0,1,2,class",
        "label,15,30,45",
        "client,2015,2016,2017",
        "label,2024-01-01,2024-01-02",
        "label,1.1.2024,2.1.2024",
        "label,00:00,00:15",
        "na,k,ca",
        "text,label",
    ],
)
def test_texts_and_numbers_that_count_steps_are_names(text: str) -> None:
    assert _header(text).names == tuple(text.split(","))


@pytest.mark.parametrize(
    "text",
    ["98,99,100", "1,2,4", "0,1", "5", "0.5,0.25", "1e3,2", "0,15,30", "?,0.5,1", "3,2,1", "-,-"],
)
def test_other_numbers_are_values(text: str) -> None:
    assert _header(text).names == ()


@pytest.mark.parametrize(
    "text",
    [
        "seizure,0.71,0.35,0.92",
        "seizure,71,35,92",
        "Ann,98,99,100",
        "Ann,0,1",
        "c1,2024-01-01 00:00,0.71,night",
        "1,0.5,low",
        "Ann;1.000,5;2.000,5",
        "Ann,1_000,2_000,7_000",
        "Ann,-5,1e3",
    ],
)
def test_a_line_that_may_be_a_record_is_not_quoted(text: str) -> None:
    with pytest.raises(SourceError, match="no header line: its first line") as caught:
        _header(text)
    said = f"{caught.value} {caught.value.fix}"
    assert "--labels 1" in said and "--labels NAME" in said
    assert not any(cell in said for cell in text.replace(";", ",").split(",") if cell != "1")


def test_the_user_says_what_such_a_line_is() -> None:
    record, header = "seizure,0.71,0.35", "kind,0.71,0.35"
    assert _header(record, labels="1").names == () == _header(record, client="1").names
    assert _header(header, labels="kind").names == tuple(header.split(","))
    assert _header(header, values=("0.71", "0.35")).names == tuple(header.split(","))
    with pytest.raises(SourceError, match="no header line"):
        _header(record, labels="kind")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("id,0,7,14,30\na,1.5,2,3,4\nb,1,2,3,5\n", "id"),
        ("Country,1960,1970,1980\nA,1.5,2,3\nB,1,2,3\n", "Country"),
        ("store,20200101,20200102,20200103,20200201\n1,5,6,7,8\n2,5,6,7,9\n", "store"),
    ],
)
def test_a_header_of_odd_steps_is_one_with_the_option_that_is_shown(
    read: Read, text: str, name: str
) -> None:
    with pytest.raises(SourceError, match="no header line") as caught:
        read("d.csv", text)
    assert "--client NAME" in caught.value.fix
    info, table = read("d.csv", text, client=name)
    assert info.clients and len(table.data) == 2 and not table.faults
    assert table.clients is not None and table.clients.tolist() == [0, 1]


def test_a_header_that_is_commented_out_is_pointed_at(read: Read) -> None:
    rows = "a,0,1.5,0\na,1,2.5,0\n"
    with pytest.raises(SourceError, match="no header line") as caught:
        read("d.csv", f"# made by hand\n#id,time,value,label\n{rows}")
    assert "remove the # from line 2" in caught.value.fix and "tim" not in str(caught.value)
    assert len(read("d.csv", f"# made by hand\nid,time,value,label\n{rows}")[1].data) == 1
    with pytest.raises(SourceError, match="no header line") as caught:
        read("d.csv", rows)
    assert "#" not in caught.value.fix


def test_the_archive_has_no_header_of_numbers(read: Read) -> None:
    assert _header("1\t2\t3\t4").names and not _header("1\t2\t3\t4", ucr=True).names
    _, table = read("A_TRAIN.tsv", "1\t2\t3\t4\n2\t5\t6\t9\n")
    assert table.labels.tolist() == [0, 1]
    assert read("A_train.csv", "0,1,2\n5,6,9\n")[0].label_names == ("all",)


def test_a_record_with_a_text_label_is_read(read: Read) -> None:
    text = "seizure,0.71,0.35\nhealthy,0.1,0.2\n"
    _, table = read("d.csv", text, labels="1", classes=("healthy", "seizure"))
    assert table.labels.tolist() == [1, 0] and table.data[1, :, 0].tolist() == pytest.approx(
        [0.1, 0.2]
    )


@pytest.mark.parametrize("content", [b"\x0b\n1,2\n", b'"' + b"a" * 200_000 + b'",b\n1,2\n'])
def test_a_first_line_without_cells(read: Read, content: bytes) -> None:
    with pytest.raises(SourceError, match="line 1 cannot be split into cells"):
        read("d.csv", content)
