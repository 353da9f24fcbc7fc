from pathlib import Path
from typing import Any

import pytest

from pe_host.privacy.readers import guess_scheme, series
from pe_host.privacy.readers.series.tests.conftest import Read
from pe_sdk import SourceError, SourceOptions

TSV = "1\t0.5\t1.5\t2.5\n2\t1.5\t2.5\t3.5\n"
TS = """# a comment
@problemName Walk
@timeStamps false
@missing false
@univariate false
@dimensions 2
@equalLength true
@seriesLength 3
@classLabel true walk run
@data
1,2,3:4,5,6:run
7,8,9:10,11,12:walk
"""
ARFF = """% a comment
@RELATION Gun
@ATTRIBUTE att0 NUMERIC
@attribute 'att 1' real
@attribute target {gun, 'no gun'}
@DATA
1.5,2.5,gun
3.5,4.5,'no gun'
"""


def test_tsv_has_the_label_first_and_counts_from_one(read: Read) -> None:
    info, table = read("Gun_TRAIN.tsv", TSV)
    assert info.label_names == ("1", "2") and info.counted and info.output.shape == (3, 1)
    assert table.labels.tolist() == [0, 1] and table.data[1, :, 0].tolist() == [1.5, 2.5, 3.5]
    assert info.layout == "UCR file, a row a series: label first"


def test_txt_has_spaces_and_labels_as_floats(read: Read) -> None:
    text = "  0.0000000e+00  1.5 2.5\n   1.0000000e+00  -3.5   4.5\n"
    with pytest.raises(SourceError, match="count from 1") as caught:
        read("Gun_TEST.txt", text)
    assert "--labels-from 0" in caught.value.fix
    info, table = read("Gun_TEST.txt", text, labels_from=0)
    assert info.label_names == ("0", "1") and table.data[1, :, 0].tolist() == [-3.5, 4.5]


@pytest.mark.parametrize("name", ["Gun_TRAIN", "Gun_TRAIN.csv"])
def test_the_old_archive_has_commas(read: Read, name: str) -> None:
    assert read(name, TSV.replace("\t", ","))[1].labels.tolist() == [0, 1]


def test_negative_labels_are_named(read: Read) -> None:
    text = TSV.replace("2\t1.5", "-1\t1.5")
    with pytest.raises(SourceError, match="one is less") as caught:
        read("a.tsv", text)
    assert "--classes=-1,1" in caught.value.fix
    assert read("a.tsv", text, classes=("-1", "1"))[1].labels.tolist() == [1, 0]


def test_unequal_lengths_need_a_policy(read: Read) -> None:
    _, table = read("a.tsv", TSV + "1\t5\n")
    assert table.faults is not None and "line 3 has 1 step, expected 3" in table.faults[2].what
    assert read("a.tsv", TSV + "1\t5\n", length=3, fit="pad")[1].data[2, :, 0].tolist() == [5] * 3
    padded = TSV + "1\t5\tNaN\tNaN\n"  # as the archive pads them
    assert read("a.tsv", padded, missing="hold")[1].data[2, :, 0].tolist() == [5] * 3


def test_a_tsv_with_a_header_is_a_table(read: Read) -> None:
    info, _ = read("a.tsv", "label\tt0\tt1\n0\t1\t2\n")
    assert info.layout.startswith("TSV, a row a series: 2 steps")


def test_ts_has_names_dimensions_and_length_in_its_head(read: Read) -> None:
    info, table = read("Walk_TRAIN.ts", TS)
    assert info.label_names == ("walk", "run") and not info.counted
    assert info.output.form == "float32 3 × 2: x1, x2" and info.names_from == "the head of the file"
    assert table.labels.tolist() == [1, 0] and table.data[0].tolist() == [[1, 4], [2, 5], [3, 6]]
    assert not any("first series" in text for text in info.preparation)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("1,2,3:4,5,6:fly", "the label of line 13 is not one of the classes"),
        ("1,2,3:walk", "line 13 has another number of features than 2"),
        ("1,2,3:4,5:walk", "line 13 has features of different lengths"),
        ("1,2,?:4,5,6:walk", "a value is missing in line 13"),
        ("1,2:4,5:walk", "line 13 has 2 steps, expected 3"),
        ("1,2,z:4,5,6:walk", "line 13 has a value that is not a number in step 3"),
    ],
)
def test_what_is_wrong_with_a_line_of_ts_is_its_fault(read: Read, line: str, what: str) -> None:
    _, table = read("a.ts", f"{TS}{line}\n")
    assert table.faults is not None and [fault.what for fault in table.faults.values()] == [what]


def test_a_line_of_tabs_in_the_head_of_ts_is_empty(read: Read) -> None:
    assert len(read("a.ts", TS.replace("@dimensions", "\t\n@dimensions"))[1].data) == 2


def test_ts_without_labels_or_length(read: Read) -> None:
    text = "@classLabel false\n@data\n1,2,3\n4,5\n"
    info, table = read("a.ts", text, fit="pad")
    assert info.label_names == ("all",) and table.data[1, :, 0].tolist() == [4, 5, 5]
    assert "3 steps: those of the first series, which count as public" in info.preparation


@pytest.mark.parametrize(
    ("text", "say"),
    [
        (TS.replace("@timeStamps false", "@timeStamps true"), "time stamps"),
        (TS.replace("walk run", "walk walk"), "twice"),
        (TS[: TS.index("@data")], "no line @data"),
    ],
)
def test_ts_files_that_are_refused(read: Read, text: str, say: str) -> None:
    with pytest.raises(SourceError, match=say) as caught:
        read("a.ts", text)
    assert caught.value.fix


def test_numeric_names_of_ts_are_names(read: Read) -> None:
    """Label 1.0 is the class 1.0, not the class in place 1."""
    text = TS.replace("walk run", "1.0 2.0").replace(":run", ":2.0").replace(":walk", ":1.0")
    assert read("a.ts", text)[1].labels.tolist() == [1, 0]


def test_arff_has_names_in_its_head(read: Read) -> None:
    info, table = read("a.arff", ARFF)
    assert info.label_names == ("gun", "no gun") and info.output.shape == (2, 1)
    assert table.labels.tolist() == [0, 1] and table.data[..., 0].tolist() == [
        [1.5, 2.5],
        [3.5, 4.5],
    ]
    _, odd = read("a.arff", ARFF + "1.5,gun\n")
    assert odd.faults is not None and "line 9 has 2 values, expected 3" in odd.faults[2].what


@pytest.mark.parametrize(
    ("text", "say"),
    [
        (ARFF.replace("NUMERIC", "relational"), "other attributes"),
        (ARFF.replace("NUMERIC", "{a,b}"), "other attributes"),
        (ARFF[: ARFF.index("@DATA")], "no line @data"),
    ],
)
def test_arff_files_that_are_refused(read: Read, text: str, say: str) -> None:
    with pytest.raises(SourceError, match=say):
        read("a.arff", text)


def test_options_for_columns_do_nothing_here_and_are_refused(read: Read) -> None:
    for name, text in (("a.ts", TS), ("a.arff", ARFF)):
        with pytest.raises(SourceError, match="have no names"):
            read(name, text, labels="label")


def _describe(path: Path, **options: Any) -> str:
    return series.describe(str(path), SourceOptions(**options)).layout


def test_a_folder_of_the_archive_needs_no_file_name(tmp_path: Path) -> None:
    (tmp_path / "Gun_TRAIN.tsv").write_text(TSV)
    (tmp_path / "Gun_TEST.tsv").write_text(TSV * 2)
    (tmp_path / "Gun_TRAIN.arff").write_text(ARFF)
    (tmp_path / "GunDimension1_TRAIN.arff").write_text(ARFF)
    (tmp_path / "README.md").write_text("about")
    assert guess_scheme(tmp_path) == "series"
    assert _describe(tmp_path).startswith("the part train (--split takes the other): UCR file")
    assert _describe(tmp_path, split="train").startswith("the part train: UCR file")
    options = SourceOptions(split="test")
    info = series.describe(str(tmp_path), options)
    assert info.options is not None and info.options.split == "test"
    assert len(series.read(str(tmp_path), info.output, info.label_names, info.options).data) == 4
    with pytest.raises(SourceError, match="no part 'valid': it has test and train"):
        _describe(tmp_path, split="valid")
    with pytest.raises(SourceError, match="not the part 'test'"):
        _describe(tmp_path / "Gun_TRAIN.tsv", split="test")
    (tmp_path / "Walk_TRAIN.ts").write_text(TS)
    with pytest.raises(SourceError, match="the folder holds 2 data sets") as caught:
        _describe(tmp_path)
    assert caught.value.name == "Gun, Walk"
    assert "Gun" not in f"{caught.value.what} {caught.value.fix}"


def test_a_folder_with_folders_is_none_of_the_archive(tmp_path: Path) -> None:
    (tmp_path / "cats").mkdir()
    (tmp_path / "files_train.txt").write_text("a.png\n")
    assert guess_scheme(tmp_path) == "folder"


def test_a_folder_with_a_part_of_another_name(tmp_path: Path) -> None:
    (tmp_path / "Gun_TEST.tsv").write_text(TSV)
    assert _describe(tmp_path).startswith("the part test: ")
    with pytest.raises(SourceError, match="no part 'train'") as caught:
        _describe(tmp_path, split="train")
    assert caught.value.fix == "give --split test"
    with pytest.raises(SourceError, match="no NAME_TRAIN.tsv"):
        _describe(tmp_path.parent, split="train")


LONG = "id,time,x\na,1,5\na,2,6\n"


@pytest.mark.parametrize(
    ("name", "text"), [("Gun_TRAIN.tsv", TSV), ("Gun_TRAIN.ts", TS), ("Gun_TRAIN.csv", LONG)]
)
def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path, name: str, text: str) -> None:
    folder, outside = tmp_path / "sets", tmp_path / "outside"
    folder.mkdir()
    outside.write_text(text)
    (folder / name).symlink_to(outside)
    with pytest.raises(SourceError, match="a link that leads out of the folder"):
        _describe(folder)
    assert _describe(folder / name)  # the user names it
    (folder / "stored").write_text(text)
    (folder / name).unlink()
    (folder / name).symlink_to("stored")
    assert "the part train" in _describe(folder)
    (tmp_path / "link").symlink_to(folder)
    info = series.describe(str(tmp_path / "link"), SourceOptions())
    assert info.options is not None
    found = series.read(str(tmp_path / "link"), info.output, info.label_names, info.options)
    assert len(found.data) == len(
        series.read(str(folder / name), info.output, info.label_names, info.options).data
    )


def test_a_link_that_changes_while_a_long_table_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a table is read twice: the second time, too, from the folder only."""
    folder, outside = tmp_path / "sets", tmp_path / "outside"
    folder.mkdir()
    outside.write_text(LONG)
    (folder / "Gun_TRAIN.csv").write_text(LONG)
    find_layout = series.find_layout

    def swap(*given: Any) -> Any:
        (folder / "Gun_TRAIN.csv").unlink()
        (folder / "Gun_TRAIN.csv").symlink_to(outside)
        return find_layout(*given)

    monkeypatch.setattr(series, "find_layout", swap)
    with pytest.raises(SourceError, match="a link that leads out of the folder"):
        _describe(folder)
