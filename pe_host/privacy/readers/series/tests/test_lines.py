import gzip
import os
from pathlib import Path

import pytest

from pe_host.privacy.readers.cells import is_text
from pe_host.privacy.readers.series import lines
from pe_host.privacy.readers.series.lines import find_delimiter, open_lines, split
from pe_sdk import SourceError


def _lines(path: Path, content: bytes) -> list[tuple[int, str]]:
    path.write_bytes(content)
    with open_lines(str(path)) as found:
        return [(line.number, line.text) for line in found]


def test_lines_are_numbered_as_in_an_editor(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbfid,t\r\n\r\n1,2\r\n\n3,4"
    assert _lines(tmp_path / "a.csv", content) == [(1, "id,t"), (3, "1,2"), (5, "3,4")]
    assert _lines(tmp_path / "a.csv.gz", gzip.compress(content, mtime=0)) == [
        (1, "id,t"),
        (3, "1,2"),
        (5, "3,4"),
    ]


def test_a_tab_at_an_end_is_an_empty_cell(tmp_path: Path) -> None:
    assert _lines(tmp_path / "a.tsv", b"\t1\t\n") == [(1, "\t1\t")]


def test_bytes_that_are_not_utf_8_stay_distinct(tmp_path: Path) -> None:
    (_, one), (_, other) = _lines(tmp_path / "a.csv", b"M\xfcller\nM\xe4ller\n")
    assert one != other and not is_text(one) and is_text("Müller")


@pytest.mark.parametrize("compressed", [False, True])
def test_a_line_without_an_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compressed: bool
) -> None:
    """A gzip file of a few kilobytes can hold a line of gigabytes."""
    monkeypatch.setattr(lines, "LONGEST", 1 << 20)
    content = b"a,b\n" + b"1" * (1 << 22)
    with pytest.raises(SourceError, match="line 2 is longer than 1 MiB"):
        _lines(tmp_path / "a.csv", gzip.compress(content, mtime=0) if compressed else content)


@pytest.mark.parametrize(
    ("content", "say"),
    [
        (gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)[:-20], "truncated or damaged"),
        (b"\x1f\x8bnothing", "truncated or damaged"),
        ("a,b\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes, say: str) -> None:
    with pytest.raises(SourceError, match=say) as caught:
        _lines(tmp_path / "a.csv", content)
    assert caught.value.where and caught.value.fix


def test_what_is_no_file_is_named_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path, say in ((tmp_path / "pipe.csv", "this is a pipe"), (tmp_path / "none", "no such")):
        with pytest.raises(SourceError, match=say), open_lines(str(path)):
            pass


@pytest.mark.parametrize(
    ("text", "delimiter", "cells"),
    [
        ("a,b, c ", ",", ["a", "b", "c"]),
        ("a;b,5;c", ";", ["a", "b,5", "c"]),
        ("a\tb\t", "\t", ["a", "b", ""]),
        ('"a, b",c,d', ",", ["a, b", "c", "d"]),
        ("  1.0e+00   2.5 3", "", ["1.0e+00", "2.5", "3"]),
        ("a", "", ["a"]),
        ("1,5;2,5;3,5", ";", ["1,5", "2,5", "3,5"]),
        ("a,b,c;d", ",", ["a", "b", "c;d"]),
    ],
)
def test_the_delimiter_and_the_cells_of_a_line(text: str, delimiter: str, cells: list[str]) -> None:
    assert find_delimiter(text) == delimiter and split(text, delimiter) == cells


def test_a_stray_quotation_mark_reaches_no_other_line(tmp_path: Path) -> None:
    (_, odd), (_, next_one) = _lines(tmp_path / "a.csv", b'1,"2,3\n4,5,6\n')
    assert split(odd, ",") == [] and split(next_one, ",") == ["4", "5", "6"]
