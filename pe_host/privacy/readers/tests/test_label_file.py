"""Files that list labels, in the formats that people have."""

import json
import re

import pytest

from pe_host.privacy.readers.label_file import LONGEST_VALUE, LabelFile
from pe_host.privacy.readers.label_rows import COLUMNS, LONGEST
from pe_host.privacy.readers.listed_files import FileNames
from pe_sdk import SourceError

NAMES = ("x/1.png", "x/2.png", "x/3.png")


def label_file(
    text: str | bytes, name: str = "labels.csv", base: str = "", values: tuple[str, ...] = ()
) -> LabelFile:
    content = text if isinstance(text, bytes) else text.encode()
    return LabelFile(content, name, FileNames(NAMES, base), f"data/{name}", values)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "file_name,label,other\nx/1.png,disc,7\nx/3.png,bar,8\n"),
        ("a.csv", "id;label\r\n1;disc\r\n3;bar\r\n"),
        ("a.tsv", "label\tfile\ndisc\t1.png\nbar\t3.png\n"),
        ("a.csv", '"image","label"\n"1.png","disc"\n"./x/3.png", "bar"\n'),
        ("a.jsonl", '{"file_name": "x/1.png", "label": "disc"}\n\n'
                    '{"file_name": "x/3.png", "label": "bar", "more": [0.1]}\n'),
        ("a.json", '[{"image": "1.png", "label": "disc"}, {"image": "3.png", "label": "bar"}]'),
        ("dataset.json", '{"labels": [["x/1.png", "disc"], ["x/3.png", "bar"]]}'),
        ("dataset.json", '{"labels": {"x/1.png": "disc", "x/3.png": "bar"}}'),
        ("a.json", '{"1.png": "disc", "3.png": "bar"}'),
        ("a.csv", "﻿file,label\nx\\1.png,disc\nx\\3.png,bar\n"),
    ],
)  # fmt: skip
def test_a_column_is_read_by_the_files_that_its_rows_name(name: str, text: str) -> None:
    if name == "a.jsonl":
        text = text.replace('"more": [0.1]', '"more": 0.5')
    assert label_file(text, name).column("label").values == {0: "disc", 2: "bar"}


def test_a_list_without_a_header_has_numbered_columns() -> None:
    found = label_file("1.png 7\n3.png 8\n", "identity.txt")
    assert found.columns == ("1", "2") and found.others == ("2",)
    assert found.column("2").values == {0: "7", 2: "8"}
    assert label_file("1.png,7\n3.png,8\n").column("2").values == {0: "7", 2: "8"}


def test_an_attribute_list_is_known_by_its_first_line_or_its_name() -> None:
    found = label_file("3\nMale Smiling\n1.png -1  1\n2.png  1 -1\n3.png 1 1\n", "list.txt")
    assert found.is_attributes and found.others == ("Male", "Smiling")
    assert found.column("Smiling").values == {0: "1", 1: "-1", 2: "1"}
    assert label_file("image_id,Male\n1.png,-1\n", "list_attr_celeba.csv").is_attributes
    assert not label_file("file,Male\n1.png,-1\n").is_attributes


def test_paths_are_relative_to_the_list_and_plain_names_may_be_unique() -> None:
    assert label_file("file,label\n2.png,a\n", "x/metadata.csv", "x/").column("label").values == {
        1: "a"
    }
    twice = FileNames(("a/1.png", "b/1.png", "b/2.png"), "")
    assert [twice.find(cell) for cell in ("a/1.png", "1.png", "2.png", "2", "", "3.png")] == [
        0,
        -1,
        2,
        2,
        -1,
        -1,
    ]


@pytest.mark.parametrize(
    ("text", "named", "column"),
    [
        (",file_name,grade\n1,3.png,a\n2,2.png,a\n3,1.png,b\n", (), "file_name"),  # of pandas
        ("label,file_name\n2,1.png\n1,2.png\n", (), "file_name"),
        ("patient,image_id,label\n1,x/3.png,a\n2,3,b\n3,1,a\n", (), "image_id"),
        ("case,scan\n1,3.png\n2,2.png\n3,1.png\n", (), "scan"),  # whose it is comes last
        ("isic_id,patient_id,label\n3,1,a\n", (), "isic_id"),
        ("index,id,label\n1,3,a\n2,2,b\n", (), "id"),
        ("patient,scan\n1,3\n2,2\n3,1\n", ("patient",), "scan"),
        ("grade;scan\n1;3\n2;2\n", ("grade",), "scan"),
        ("image,scan_image\n1.png,2.png\n2.png,3.png\n", (), "image"),
        ("scan_image,image\n1.png,2.png\n2.png,\n3.png,\n", (), "image"),
        ("id_code,diagnosis\n1,0\n3,4\n", (), "id_code"),
        ("filepaths,labels\nx/1.png,a\n", (), "filepaths"),
        ("Image Index,Finding Labels\n1.png,a\n2.png,b\n", (), "Image Index"),
        ("fileName,imagePath\n1.png,2.png\n", (), "fileName"),
        ("Bildname,grade\n1.png,a\n2.png,b\n", ("grade",), "Bildname"),
    ],
)
def test_the_column_of_file_names_is_found_by_its_header(
    text: str, named: tuple[str, ...], column: str
) -> None:
    assert label_file(text, values=named).file_column == column


@pytest.mark.parametrize(
    "text",
    [
        "id,scan\n1,3\n2,2\n3,1\n",
        "id,scan\n1,9\n2,9\n3,1\n",  # one row is enough: the other column is no label for sure
        "scan,id\n1.png,3\n9.png,2\n9.png,1\n",
        "image,path\n1,x/3.png\n2,x/2.png\n",  # a count of the rows?
        "image_scan,image_slide\n1.png,2.png\n2.png,3.png\n",
        "image_scan,image_id_path\n9.png,1.png\n",
        "id,remark\n1,\n9,3.png\n",  # perhaps no remark
    ],
)
def test_of_several_columns_that_could_name_files_none_is_taken(text: str) -> None:
    with pytest.raises(SourceError, match="several columns") as caught:
        label_file(text).column("label")
    assert "file_name" in caught.value.fix


def test_no_row_decides_between_columns_whose_headers_say_that_they_name_files() -> None:
    text = "image,scan_image,label\n1.png,3.png,a\n2.png,1.png,b\n3.png,2.png,c\n"
    assert label_file(text).column("label").values == {0: "a", 1: "b", 2: "c"}
    for row in ("1.png,", "2.png,", "3.png,"):
        values = label_file(text.replace(f"\n{row}", "\n,")).column("label").values
        assert values == {n: "abc"[n] for n in range(3) if f"{n + 1}.png," != row}
    nothing = "image,scan_image,label\n,3.png,a\n,1.png,b\n"
    with pytest.raises(SourceError, match="several columns"):
        label_file(nothing).column("label")


@pytest.mark.parametrize("key", ["file_name", "image", "path"])
def test_an_object_of_json_says_only_which_file_it_is_about_itself(key: str) -> None:
    """Fails if the keys of all objects are one header: one record then takes the labels away."""
    lines = [json.dumps({"id": n, "label": "abc"[n - 1]}) for n in (1, 2, 3)]
    lines[2] = json.dumps({**json.loads(lines[2]), key: "gone.png"})
    for name, text in (("m.jsonl", "\n".join(lines)), ("m.json", f"[{', '.join(lines)}]")):
        assert label_file(text, name).column("label").values == {0: "a", 1: "b"}
    both = [json.dumps({"image": f"{n}.png", "file_name": f"{4 - n}.png"}) for n in (1, 2, 3)]
    assert label_file("\n".join(both), "metadata.jsonl").column("image").values == {
        n: f"{3 - n}.png" for n in range(3)
    }


def test_no_object_decides_what_is_the_label_of_all() -> None:
    lines = [json.dumps({"file_name": f"{n}.png", "class": "a"}) for n in (1, 2, 3)]
    assert label_file("\n".join(lines), "metadata.jsonl").label_column == "class"
    more = lines[0].replace('"class"', '"label": "b", "class"')
    with pytest.raises(SourceError, match="some objects of this file have a key"):
        assert label_file("\n".join([more, *lines[1:]]), "metadata.jsonl").label_column
    for text in (
        '{"1.png": "a", "labels": null}',
        '{"1.png": "a", "labels": {"2.png": "b"}}',
    ):
        with pytest.raises(SourceError, match="labels beside other keys"):
            label_file(text, "dataset.json").column("label")
    with pytest.raises(SourceError, match="a key of this file occurs twice"):
        label_file('{"labels": {"1.png": 0, "1.png": 1}}', "dataset.json").column("label")


def test_no_file_takes_over_the_row_of_another() -> None:
    files = FileNames(("1.jpg", "2.jpg", "1", "a/3.jpg", "b/c/3.jpg"), "")
    assert files.find("2") == 1 and files.find("1") == -1, "1 or 1.jpg"
    assert files.find("c/3.jpg") == 4 and files.find("3") == -1
    files = FileNames(("a/1.png", "l/b/a/1.png"), "m/")
    assert files.find("a/1.png") == -1, "the first, or the end of the second"


def test_no_name_of_a_file_makes_a_row_of_a_header() -> None:
    """Fails if files decide what is a header: `2.png` would be a row, and columns numbers."""
    text = "file_name,0,1,2\n1.png,a,b,c\n3.png,d,e,f\n"
    assert label_file(text, values=("2",)).column("2").values == {0: "c", 2: "f"}
    assert label_file("image,1\n3.png,a\n").column("1").values == {2: "a"}


def test_a_line_break_in_a_cell_is_refused_since_its_lines_could_pass_for_rows() -> None:
    for text in (
        'file,note,label\n1.png,"x\n3.png,,b\ny",a\n',
        'file,note,label\n1.png,5" wide,y\n',
        '1.png,a\n2.png,"b\n3.png,c\n',
    ):
        with pytest.raises(SourceError, match="a quotation mark opens in a line") as caught:
            label_file(text).column("label")
        assert "JSON lines" in caught.value.fix


def test_lists_of_other_programs_are_read() -> None:
    expected = {0: "a", 2: "c"}
    for name, text in (
        ("a.csv", "sep=;\nfile;label\n1.png;a\n3.png;c\n"),
        ("a.csv", '"file";"x,y,z";"label"\n1.png;;a\n3.png;;c\n'),
        ("a.csv", '"file" , "label"\n"1.png" , "a"\n"3.png", "c"\n'),
        ("a.tsv", 'file\tnote\tlabel\n1.png\t"So" they said\ta\n3.png\t"x ""y"""\t"c"\n'),
    ):
        assert label_file(text, name).column("label").values == expected
    torn = '"file" "label"\n"1" "1.png" "a"\n"2" "3.png" "c"\n'
    with pytest.raises(SourceError, match="2 of 2 rows of this file have more or fewer cells"):
        label_file(torn, "a.txt").column("label")


@pytest.mark.parametrize("torn", ['2.png,"5" inch,b', "2.png,tall, x,b", "2.png,b"])
def test_a_torn_row_has_no_label_and_changes_no_other(torn: str) -> None:
    text = f"file,note,label\n1.png,,a\n{torn}\n3.png,ok,c\n"
    assert label_file(text).column("label").values == {0: "a", 2: "c"}
    tabs = label_file(text.replace(",", "\t"), "l.tsv").column("label").values
    assert tabs in ({0: "a", 2: "c"}, {0: "a", 1: "b", 2: "c"}), "a tab file quotes nothing"
    only = label_file(f"file,note,label\n{torn}\n")
    assert not only.is_empty, "a list without a row that can be read is not one without labels"


def test_a_torn_row_of_a_list_with_white_space_has_no_label() -> None:
    text = "file note label\n1.png - a\n2.png tall x b\n3.png c\n"
    assert label_file(text, "l.txt").column("label").values == {0: "a"}
    text = "3\nMale Smiling\n1.png -1  1\n2.png  1 1 -1\n3.png 1\n"
    assert label_file(text, "list.txt").column("Smiling").values == {0: "1"}


def test_cells_in_quotes_are_read_by_line() -> None:
    text = 'file,note,label\n1.png,"a, b ""c""",x\n2.png,,y\n'
    assert label_file(text).column("label").values == {0: "x", 1: "y"}


def test_rows_of_a_list_without_a_header_agree_on_their_number_of_cells() -> None:
    for rows in ("1.png,a\n2.png,b,c\n", "1.png,x,a\n2.png,b\n3.png,c\n"):
        with pytest.raises(SourceError, match="no header, and its rows") as caught:
            label_file(rows).column("2")
        assert "file_name" in caught.value.fix
    assert label_file('1.png,a\n2.png,"b" x\n3.png,c\n').column("2").values == {0: "a", 2: "c"}


def test_empty_columns_of_a_spreadsheet_are_none() -> None:
    text = "file_name,label,,\n1.png,a,,\n2.png,b\n3.png,c,x,\n1.png,z,,,\n"
    found = label_file(text)
    assert found.columns == ("file_name", "label") and found.others == ("label",)
    assert found.column("label").values == {0: "a", 1: "b"}
    assert label_file(",,file,label\n,,1.png,a\n").column("label").values == {0: "a"}


def test_a_name_with_a_delimiter_is_not_that_of_another_file() -> None:
    """Fails if any row may end in empty cells: `1,2.png` without a label is no row about 1.png."""
    text = "file,label\n1.png,a\n1,2.png,\n3.png,c\n"
    assert label_file(text).column("label").values == {0: "a", 2: "c"}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "file,label\n1.png," + "x" * LONGEST + "\n", "line 2 of this file has more than"),
        ("a.txt", "a " * LONGEST, "line 1 of this file has more than"),
        ("a.jsonl", '{"a": [' + "[]," * LONGEST + "]}", "line 1 of this file has more than"),
        ("a.jsonl", '{"a": [' + "[]," * COLUMNS + "[]]}", "lists and objects"),
        ("a.csv", "a,b" + "," * COLUMNS, "has over 10,000 columns"),
        ("a.jsonl", json.dumps(dict.fromkeys(map(str, range(COLUMNS + 1)))), "too many keys"),
    ],
)
def test_lines_and_their_cells_are_limited(name: str, text: str, says: str) -> None:
    """A small archive holds lines of any length."""
    with pytest.raises(SourceError, match=says) as caught:
        label_file(text, name).column("label")
    assert caught.value.fix


def test_lines_and_cells_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pe_host.privacy.readers.label_rows.CELLS", 5)
    with pytest.raises(SourceError, match="too many cells"):
        label_file("file,label\n1.png,a\n2.png,b\n3.png,c\n").column("label")
    monkeypatch.setattr("pe_host.privacy.readers.label_rows.LINES", 9)
    with pytest.raises(SourceError, match="more than 9 lines"):
        label_file("file,label\n1.png,a\n" + "\n" * 9).column("label")


def test_a_row_with_too_many_cells_or_a_long_label_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long, many = "x" * (LONGEST_VALUE + 1), "," * COLUMNS
    text = f"file,label\n1.png,{long}\n2.png,a{many}\n3.png,{long[1:]}\n"
    assert label_file(text).column("label").values == {2: long[1:]}
    monkeypatch.setattr("pe_host.privacy.readers.label_rows.CELLS", 3)
    with pytest.raises(SourceError, match="too many keys"):
        label_file('{"file": "1.png", "a": 1}\n{"file": "2.png"}\n', "a.jsonl")


@pytest.mark.parametrize(
    "text", ["Anna,HIV-positive\n2,neg\n3,neg\n", "Anna HIV\n1.png neg\n3.png pos\n"]
)
def test_a_first_row_that_is_no_header_is_not_quoted(text: str) -> None:
    """The first row is about a file that is not there, so it looks like a header."""
    for ask in (lambda file: file.others, lambda file: file.column("2")):
        with pytest.raises(SourceError, match="no header line") as caught:
            ask(label_file(text))
        assert not {"Anna", "HIV"} & set(re.findall(r"\w+", str(caught.value) + caught.value.fix))


def test_a_path_names_no_file_in_another_folder() -> None:
    names = ("test/1.png", "test/2.png", "deep/a/train/3.png", "a/4.png", "b/4.png", "b/c/5.png")
    files = FileNames(names, "b/")
    assert files.find("train/1.png") == files.find("x/2.png") == files.find("rain/3.png") == -1
    assert files.find("train/3.png") == files.find(r"a\train\3.png") == 2
    assert files.find("4.png") == 4, "relative to the list"
    assert files.find("a/4.png") == files.find("../a/4.png") == 3
    assert FileNames(names, "").find("4.png") == FileNames(names, "").find("4") == -1
    assert files.find("c/5.png") == files.find("b/c/5.png") == files.find("5") == 5


def test_names_that_could_be_several_files_are_refused() -> None:
    files = FileNames(("a/1.png", "b/1.png"), "")
    with pytest.raises(SourceError, match="could name several files") as caught:
        LabelFile(b"file,label\n1.png,x\n", "l.csv", files, "l.csv").column("label")
    assert "path of each file" in caught.value.fix and "--images FOLDER" in caught.value.fix
    files = FileNames(("train/1.png", "train/2.png", "test/1.png"), "")
    one = LabelFile(b"id,label\n1,x\n2,y\n", "l.csv", files, "l.csv", (), "train/")
    with pytest.raises(SourceError, match="could name several files") as caught:
        one.column("label")
    assert "--images train if" in caught.value.fix


def test_a_json_document_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pe_host.privacy.readers.label_rows.JSON_VALUES", 3)
    label_file('{"labels": [["x/1.png", 1]]}', "dataset.json")
    with pytest.raises(SourceError, match="too many rows") as caught:
        label_file('{"labels": [["x/1.png", 1], ["x/2.png", 2]]}', "dataset.json")
    assert "CSV" in caught.value.fix


def test_a_file_in_several_rows_has_a_label_only_if_they_agree() -> None:
    rows = "file,label\n1.png,a\n1.png,a\n2.png,a\n2.png,b\n3.png,\n4.png,c\n"
    assert label_file(rows).column("label") == ({0: "a"}, {1})


def test_one_hot_and_missing_labels_of_stylegan() -> None:
    pairs = [["x/1.png", [0, 1, 0]], ["x/2.png", None], ["x/3.png", 2.0]]
    assert label_file(json.dumps({"labels": pairs}), "dataset.json").column("label").values == {
        0: "1",
        2: "2",
    }
    for empty in ('{"labels": null}', '{"labels": []}'):
        assert label_file(empty, "dataset.json").is_empty


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", b"\xff\xfe\x00", "not UTF-8"),
        ("a.json", "{", "cannot be read as a list of labels"),
        ("a.json", "3", "cannot be read as a list of labels"),
        ("a.json", '{"labels": 5}', "cannot be read as a list of labels"),
        ("a.json", '{"labels": [["1.png", 0], 5]}', "cannot be read as a list of labels"),
        ("a.jsonl", "[1]\n", "cannot be read as a list of labels"),
        ("a.json", '{"labels": [["1.png"]]}', "cannot be read as a list of labels"),
        ("a.json", "[" * 100_000, "cannot be read as a list of labels"),
        ("a.csv", "a,a\n1.png,x\n", "two columns of this file have the same header"),
        ("a.csv", "file,label\nunknown.png,x\n", "names a file of the source"),
        ("a.csv", "file,other\n1.png,x\n", "there is no column 'label'"),
        ("a.csv", '"file,label\n1.png,x\n', "a quotation mark opens"),
    ],
)
def test_what_is_no_list_is_one_clear_error(name: str, text: str | bytes, says: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        label_file(text, name).column("label")
    assert caught.value.where == f"data/{name}" and caught.value.fix
    assert "unknown.png" not in str(caught.value) + caught.value.fix
