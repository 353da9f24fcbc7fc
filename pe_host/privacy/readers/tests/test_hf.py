"""Hugging Face data sets: Parquet with pictures, saved data sets, folders of shards."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pe_host.errors import DataError
from pe_host.files import open_regular
from pe_host.privacy.readers import guess_scheme, hf, hf_names, parquet_file
from pe_host.privacy.readers import parquet as read_parquet
from pe_host.privacy.readers.hf_names import shard_of
from pe_host.privacy.readers.hf_tables import TableFile
from pe_host.privacy.readers.tests.pictures import gray, png, rgb
from pe_host.privacy.readers.tests.reading import images, refusal, taken, used
from pe_sdk import OutputSpec, Table
from pe_sdk.testing import check_reader

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
FEATURES = {
    "image": {"_type": "Image"},
    "label": {"names": ["left", "right"], "_type": "ClassLabel"},
}


def table_of(
    start: int = 0, count: int = 6, features: Any = FEATURES, drop: Any = (), **columns: Any
) -> pa.Table:
    """Rows of pictures whose label is the bright half, with the schema that datasets writes."""
    numbers = range(start, start + count)
    made = {
        "image": pa.array([{"bytes": png(rgb(i)), "path": f"{i}.png"} for i in numbers], IMAGE),
        "label": pa.array([i % 2 for i in numbers], pa.int64()),
        **columns,
    }
    found = pa.table({name: made[name] for name in made if name not in drop})
    about = json.dumps({"info": {"features": features}})
    return found.replace_schema_metadata({"huggingface": about} if features else None)


def parquet(path: Path, table: pa.Table) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def saved(folder: Path, table: pa.Table, files: int = 1) -> Path:
    """A folder as `save_to_disk` writes it."""
    folder.mkdir(parents=True)
    names = [f"data-{i:05d}-of-{files:05d}.arrow" for i in range(files)]
    step = -(-len(table) // files)
    for i, name in enumerate(names):
        with (
            pa.OSFile(str(folder / name), "wb") as sink,
            pa.ipc.new_stream(sink, table.schema) as writer,
        ):
            writer.write_table(table.slice(i * step, step), max_chunksize=2)
    state = {"_data_files": [{"filename": name} for name in names], "_split": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": FEATURES}))
    return folder


def bright(table: Table) -> list[int]:
    """Which half of each picture is bright."""
    pixels = images(table)[..., 0].astype(int)
    half = pixels.shape[2] // 2
    return [int(p[:, half:].mean() > p[:, :half].mean()) for p in pixels]


def check(where: Path | str, count: int, **options: Any) -> Any:
    info, table = taken(hf, where, **options)
    assert not table.faults and len(table.labels) == count
    assert table.labels.tolist() == bright(table)
    return info


def test_a_parquet_file_with_pictures_and_class_labels(tmp_path: Path) -> None:
    where = parquet(tmp_path / "x.parquet", table_of())
    assert guess_scheme(where) == "hf"
    info = check(where, 6)
    assert info.output == OutputSpec.image(12, 12, 3) and info.label_names == ("left", "right")
    assert not info.counted and "label" in info.names_from


def test_other_tables_are_left_to_their_reader(tmp_path: Path) -> None:
    series = pa.table({"load": pa.array([[1.0, 2.0]]), "label": pa.array([0])})
    assert guess_scheme(parquet(tmp_path / "x.parquet", series)) == "parquet"
    (tmp_path / "y.parquet").write_bytes(b"junk")
    assert guess_scheme(tmp_path / "y.parquet") == "parquet"


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.large_binary(), pa.struct([("bytes", pa.large_binary())])]
)
def test_pictures_of_any_type_without_features(tmp_path: Path, kind: Any) -> None:
    contents = [png(rgb(i)) for i in range(6)]
    values = [{"bytes": c} for c in contents] if pa.types.is_struct(kind) else contents
    table = table_of(features=None, image=pa.array(values, kind))
    info = check(parquet(tmp_path / "x.parquet", table), 6)
    assert info.label_names == ("0", "1") and info.counted


def test_names_are_declared_for_labels_of_text(tmp_path: Path) -> None:
    texts = pa.array(["l", "r"] * 3).dictionary_encode()
    where = parquet(tmp_path / "x.parquet", table_of(features=None, label=texts))
    assert "--classes" in refusal(hf, where).fix
    assert check(where, 6, classes=("l", "r")).label_names == ("l", "r")
    check(where, 6, public_classes=True)


SPLITS = ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001")


@pytest.mark.parametrize("folder", ["data/", "", "plain_text/"])
def test_shards_of_a_part_in_order(tmp_path: Path, folder: str) -> None:
    for number, name in enumerate(SPLITS):
        parquet(tmp_path / f"{folder}{name}.parquet", table_of(3 * number, 3))
    (tmp_path / "README.md").write_text("---")
    assert guess_scheme(tmp_path) == "hf"
    info = check(tmp_path, 6)
    assert "2 Parquet files" in info.layout and "the part train; --split test" in info.layout
    assert info.options.split == "train"
    check(tmp_path, 3, split="test")
    check(tmp_path, 9, split="all")
    assert "train, test" in refusal(hf, tmp_path, split="val").what.replace(
        "test, train", "train, test"
    )


def test_shards_that_the_hub_has_converted(tmp_path: Path) -> None:
    for number, name in enumerate(
        ("default/train/0000", "default/train/0001", "default/test/0000")
    ):
        parquet(tmp_path / f"{name}.parquet", table_of(3 * number, 3))
    check(tmp_path, 6)
    check(tmp_path, 3, split="test")


def test_a_shard_that_is_missing_is_noticed(tmp_path: Path) -> None:
    parquet(tmp_path / "data/train-00000-of-00003.parquet", table_of())
    error = refusal(hf, tmp_path)
    assert "2 of 3 files are missing, such as number 1" in error.what
    assert f"--data '{tmp_path}/data/train-*.parquet'" in error.fix


def test_a_list_of_files(tmp_path: Path) -> None:
    paths = [
        parquet(tmp_path / f"{name}.parquet", table_of(3 * i, 3)) for i, name in enumerate(SPLITS)
    ]
    check(",".join(map(str, paths[:2])), 6)
    assert guess_scheme(Path(",".join(map(str, paths[:2])))) == "hf"
    assert guess_scheme(tmp_path / "train-*.parquet") == "hf"
    check(",".join(map(str, paths)), 3, split="test")


def test_a_data_set_saved_to_disk(tmp_path: Path) -> None:
    where = saved(tmp_path / "one", table_of(count=10), files=3)
    assert guess_scheme(where) == "hf"
    assert check(where, 10).label_names == ("left", "right")
    bare = saved(tmp_path / "bare", table_of(features=None))
    assert check(bare, 6).label_names == ("left", "right")  # dataset_info.json says it


def test_a_saved_dictionary_of_parts(tmp_path: Path) -> None:
    for number, part in enumerate(("train", "validation")):
        saved(tmp_path / "both" / part, table_of(count=6 - 2 * number))
    (tmp_path / "both" / "dataset_dict.json").write_text('{"splits": ["train", "validation"]}')
    assert guess_scheme(tmp_path / "both") == "hf"
    assert "--split validation" in check(tmp_path / "both", 6).layout
    check(tmp_path / "both", 4, split="val")
    (tmp_path / "both" / "dataset_dict.json").write_text('{"splits": ["../x"]}')
    assert "are not listed" in refusal(hf, tmp_path / "both").what


def test_an_arrow_file_of_the_cache(tmp_path: Path) -> None:
    folder = saved(tmp_path / "s", table_of())
    (folder / "state.json").unlink()
    (folder / "data-00000-of-00001.arrow").rename(folder / "mnist-train.arrow")
    assert guess_scheme(folder) == guess_scheme(folder / "mnist-train.arrow") == "hf"
    check(folder, 6)
    check(folder / "mnist-train.arrow", 6)


def test_several_columns_are_asked_about(tmp_path: Path) -> None:
    features = {"front": {"_type": "Image"}, "back": {"_type": "Image"}}
    features |= {"fine": FEATURES["label"], "coarse": FEATURES["label"]}
    whole = table_of()
    table = pa.table(
        {
            "front": whole["image"],
            "back": whole["image"],
            "fine": whole["label"],
            "coarse": whole["label"],
            "patient": pa.array(["ann", "bob", "cyd"] * 2),
        }
    ).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    where = parquet(tmp_path / "x.parquet", table)
    assert "--images front" in refusal(hf, where).fix
    assert "--labels fine" in refusal(hf, where, images="front").fix
    info, found = taken(hf, where, images="front", labels="fine", client="patient")
    assert info.clients_from == "the column patient" and used(info, found).units == 3
    assert info.passed_over == ("column back", "column coarse")
    for wrong in ({"images": "x"}, {"labels": "x"}, {"client": "x"}):
        error = refusal(hf, where, **{"images": "front", "labels": "fine", **wrong})
        assert "the columns are front (pictures)" in error.what
    assert "not pictures" in refusal(hf, where, images="patient").what


def test_no_labels_are_one_class(tmp_path: Path) -> None:
    where = parquet(tmp_path / "x.parquet", table_of(features=None, drop=("label",)))
    info, table = taken(hf, where)
    assert info.label_names == ("all",) and not table.labels.any() and len(table.labels) == 6
    text = table_of(features=None, drop=("label",), text=pa.array(["a photo"] * 6))
    where = parquet(tmp_path / "y.parquet", text)
    assert "--labels none" in refusal(hf, where).fix
    assert taken(hf, where, labels="none")[0].label_names == ("all",)


def test_what_is_wrong_with_a_row_is_a_fault_without_its_name(tmp_path: Path) -> None:
    values: list[Any] = [{"bytes": png(rgb(i)), "path": f"ann-{i}.png"} for i in range(6)]
    values[1]["bytes"] = b"junk"
    values[2] = None
    values[3] = {"bytes": None, "path": "/home/ann.png"}
    labels = pa.array([0, 1, 0, 1, None, -1])
    where = parquet(tmp_path / "x.parquet", table_of(image=pa.array(values, IMAGE), label=labels))
    info, table = taken(hf, where)
    assert table.faults is not None and sorted(table.faults) == [1, 2, 3, 4]
    assert table.labels[5] == -1  # the host refuses it
    for row, says in ((1, "cannot be read"), (2, "is missing"), (3, "is stored as a path")):
        error = table.faults[row]
        assert f"row {row} of this file {says}" in error.what and "ann-" not in error.what
        assert error.where == str(where)
    assert table.faults[1].name == "ann-1.png" and len(used(info, table).labels) == 1


def test_options_prepare_the_pictures(tmp_path: Path) -> None:
    contents = [{"bytes": png(gray(i, 10 + i)), "path": ""} for i in range(6)]
    where = parquet(tmp_path / "x.parquet", table_of(image=pa.array(contents, IMAGE)))
    assert "--size" in refusal(hf, where).fix
    info = check(where, 6, size=(8, 8), fit="stretch", colour="rgb")
    assert info.output == OutputSpec.image(8, 8, 3)


def test_files_that_are_damaged_or_no_files_are_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path / "s", table_of())
    arrow = folder / "data-00000-of-00001.arrow"
    content = arrow.read_bytes()
    for broken in (content[:-200], content[:40], b"junk" * 100, b""):
        arrow.write_bytes(broken)
        assert "cannot be read as Arrow" in refusal(hf, folder).what
    arrow.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert "git lfs pull" in refusal(hf, folder).fix
    (folder / "state.json").write_text('{"_data_files": [{"filename": "../x.arrow"}]}')
    assert "files elsewhere" in refusal(hf, folder).what
    (folder / "state.json").write_text("[")
    assert "JSON" in refusal(hf, folder).what
    (tmp_path / "empty").mkdir()
    assert "no Parquet or Arrow files" in refusal(hf, tmp_path / "empty").what


@pytest.mark.parametrize("name", ["state.json", "dataset_info.json"])
def test_a_document_that_is_no_file_or_leads_out_is_not_read(tmp_path: Path, name: str) -> None:
    folder = saved(tmp_path / "both" / "train", table_of(features=None))
    (tmp_path / "both" / "dataset_dict.json").write_text('{"splits": ["train"]}')
    assert check(tmp_path / "both", 6).label_names == ("left", "right")
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    assert "cannot be read as JSON" in refusal(hf, tmp_path / "both").what
    (folder / name).unlink()
    os.mkfifo(folder / name)  # opening one would wait for ever
    if name == "state.json":
        assert "cannot be read as JSON" in refusal(hf, tmp_path / "both").what
    else:
        check(tmp_path / "both", 6)


def test_a_part_that_is_a_link_out_of_the_data_set_is_not_read(tmp_path: Path) -> None:
    saved(tmp_path / "elsewhere", table_of())
    (tmp_path / "both").mkdir()
    (tmp_path / "both" / "dataset_dict.json").write_text('{"splits": ["train"]}')
    (tmp_path / "both" / "train").symlink_to(tmp_path / "elsewhere")
    assert "cannot be read as JSON" in refusal(hf, tmp_path / "both").what


@pytest.mark.parametrize("below", ["", "data"])
def test_the_links_in_the_cache_of_the_hub_are_followed(tmp_path: Path, below: str) -> None:
    place = tmp_path / "datasets--org--set"
    blob = parquet(place / "blobs" / "0123", table_of())
    link = place / "snapshots" / "abc" / "data" / "train-00000-of-00001.parquet"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../../blobs/0123")
    check(place / "snapshots" / "abc" / below, 6)
    blob.rename(tmp_path / "0123")
    link.unlink()
    link.symlink_to("../../../../0123")
    error = refusal(hf, place / "snapshots" / "abc" / below)
    assert "a link that leads out of the folder" in error.what


def test_files_too_deep_are_not_left_out_in_silence(tmp_path: Path) -> None:
    parquet(tmp_path / "a/b/c/train-00000-of-00001.parquet", table_of())
    check(tmp_path, 6)
    parquet(tmp_path / "a/b/c/d/train-00000-of-00001.parquet", table_of())
    error = refusal(hf, tmp_path)
    assert "1 of 2 Parquet and Arrow files lie more than 3 folders below" in error.what
    (tmp_path / "a/b/c/d/train-00000-of-00001.parquet").unlink()
    (tmp_path / "a/b/c/d/circle").symlink_to(tmp_path)
    check(tmp_path, 6)


@pytest.mark.parametrize("names", [("a", "more/b"), ("data/a", "more/b"), ("x/a", "y/b")])
def test_no_data_set_of_several_is_read_without_a_word(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    for number, name in enumerate(names):
        parquet(tmp_path / f"{name}.parquet", table_of(3 * number, 3))
    error = refusal(hf, tmp_path)
    assert "there are several data sets here, in" in error.what
    assert "--data one of the folders" in error.fix and "'FOLDER/*.parquet'" in error.fix
    for name in names:
        check(f"{tmp_path / name}.parquet", 3)
        if "/" in name:
            check((tmp_path / name).parent, 3)


def test_files_beside_the_default_configuration_are_counted(tmp_path: Path) -> None:
    for number, name in enumerate(("default", "anna", "bob", "")):
        parquet(tmp_path / name / "train-00000-of-00001.parquet", table_of(3 * number, 3))
    info = check(tmp_path, 3)
    assert info.passed_over == ("3 files of other configurations",)
    assert check(tmp_path / "default", 3).passed_over == ()


def test_names_of_folders_and_files_are_withheld(tmp_path: Path) -> None:
    names = ("anna_smith", "bob_hiv")
    folders, parts, mixed = tmp_path / "f", tmp_path / "p", tmp_path / "m"
    for number, name in enumerate(names):
        table = table_of(3 * number, 3)
        parquet(folders / name / "scan.parquet", table)
        parquet(parts / f"{name}-00000-of-00001.parquet", table)
        parquet(mixed / f"{name}-00000-of-00001.parquet", table)
        parquet(mixed / f"{('train', 'test')[number]}-00000-of-00001.parquet", table)
    found = [refusal(hf, folders), refusal(hf, parts), refusal(hf, parts, split="val")]
    for error in found:
        assert not any(name in f"{error.what} {error.fix} {error.where}" for name in names)
        assert error.name == "anna_smith, bob_hiv" and "2 " in error.what
    assert "bob" not in check(parts, 3, split="anna_smith").layout
    layout = check(mixed, 3).layout
    assert "the part train; --split test" in layout and "bob" not in layout
    parquet(tmp_path / "q" / "anna_smith-00000-of-00002.parquet", table_of())
    error = refusal(hf, tmp_path / "q")
    assert "1 of 2 files are missing" in error.what and "anna" not in error.what + error.fix


def test_names_of_saved_parts_are_withheld(tmp_path: Path) -> None:
    where = tmp_path / "both"
    for part in ("anna", "bob"):
        saved(where / part, table_of())
    (where / "dataset_dict.json").write_text('{"splits": ["anna", "bob"]}')
    error = refusal(hf, where)
    assert "anna" not in f"{error.what} {error.fix}" and error.name == "anna, bob"
    assert "bob" not in check(where, 6, split="anna").layout


def test_a_pattern_of_too_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(3):
        parquet(tmp_path / f"{i}.parquet", table_of())
    monkeypatch.setattr(hf_names, "PATTERN_FILES", 3)
    assert len(hf_names.matches(tmp_path / "*.parquet")) == 3
    monkeypatch.setattr(hf_names, "PATTERN_FILES", 2)
    with pytest.raises(DataError, match="more than 2 files") as caught:
        guess_scheme(tmp_path / "*.parquet")
    assert "the folder of the data set" in caught.value.fix


def test_a_list_that_is_too_long_for_a_path(tmp_path: Path) -> None:
    paths = [parquet(tmp_path / f"{'x' * 200}{i}.parquet", table_of(i, 1)) for i in range(40)]
    check(",".join(map(str, paths)), 40)


@pytest.mark.parametrize("end", ["parquet", "arrow"])
def test_what_was_checked_is_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """The path may lead to another file as soon as it was opened, so it is opened once."""
    path = tmp_path / f"x.{end}"
    if end == "parquet":
        parquet(path, table_of())
    else:
        saved(tmp_path / "s", table_of())
        (tmp_path / "s" / "data-00000-of-00001.arrow").rename(path)
    opened: list[str] = []

    def opening(where: str, inside: Path | None) -> Any:
        opened.append(where)
        file = open_regular(where, inside)
        path.unlink()
        return file

    monkeypatch.setattr(parquet_file, "open_regular", opening)
    assert TableFile(path, tmp_path).schema().names == ["image", "label"]
    assert opened == [str(path)]


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    for name in ("x.parquet", "x.arrow"):
        path = tmp_path / name
        path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
        for module in (hf, read_parquet):
            assert "git lfs pull" in refusal(module, path).fix


def test_files_of_another_data_set_are_refused(tmp_path: Path) -> None:
    parquet(tmp_path / "train-00000-of-00002.parquet", table_of())
    parquet(tmp_path / "train-00001-of-00002.parquet", table_of(drop=("label",)))
    assert "'label' is not there" in refusal(hf, tmp_path).what


@pytest.mark.parametrize(
    ("path", "split", "config"),
    [
        ("data/train-00000-of-00005.parquet", "train", ""),
        ("data/train-00000-of-00005-0123456789abcdef.parquet", "train", ""),
        ("mnist/test-00000-of-00001.parquet", "test", "mnist"),
        ("default/partial-train/0000.parquet", "partial-train", "default"),
        ("train.parquet", "train", ""),
        ("mine.parquet", "", ""),
        ("cifar10-train.arrow", "train", ""),
        ("data-00000-of-00002.arrow", "", ""),
    ],
)
def test_what_the_path_of_a_shard_says(path: str, split: str, config: str) -> None:
    found = shard_of(path)
    assert found is not None and (found.split, found.config) == (split, config)


def test_the_reader_keeps_its_contract(tmp_path: Path) -> None:
    (spec,) = hf.pe_readers()
    for where in (parquet(tmp_path / "x.parquet", table_of()), saved(tmp_path / "s", table_of())):
        check_reader(spec, location=str(where)).raise_for_failures()


def test_blocks_of_a_large_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pe_host.privacy.stored.most_in_memory", lambda: 100)
    check(parquet(tmp_path / "x.parquet", table_of(count=40)), 40)
    assert np.prod(OutputSpec.image(12, 12, 3).shape) > 100
