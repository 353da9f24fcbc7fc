"""Exports: whole, reproducible, safe to unpack anywhere, and never written over anything."""

import json
import os
import sys
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pe_host.errors import DataError
from pe_host.export import BUILT_IN, check_release, write_built_in
from pe_host.export.atomic import check_free
from pe_host.export.folder_names import folder_names
from pe_host.export.write import check_holds, create
from pe_sdk import Feature, OutputSpec, Release
from pe_sdk.testing import check_exporter

NAMES = ("one", "two", "zero")


def table(channels: int = 1, n: int = 12):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (n, 6, 5, channels), dtype=np.uint8)
    return images, rng.integers(0, 2, n), NAMES  # nothing of class zero


def checked(images, labels, names):
    return check_release(OutputSpec.image(*images.shape[1:]), images, labels, names)


def table_for(kind: str, n: int = 12) -> Release:
    """A table that the writer takes."""
    if kind != "csv":
        return checked(*table(n=n))
    series = np.random.default_rng(1).normal(size=(n, 6, 2)).astype(np.float32)
    return check_release(OutputSpec.series(6, ["queue", "delay"]), series, np.arange(n) % 2, NAMES)


def left_over(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("channels", [1, 3])
def test_npz_holds_the_data_without_pickle(tmp_path, channels):
    images, labels, names = table(channels)
    assert (
        write_built_in("npz", tmp_path / "d.npz", checked(images, labels, names))
        == tmp_path / "d.npz"
    )
    with np.load(tmp_path / "d.npz", allow_pickle=False) as read:
        np.testing.assert_array_equal(read["images"], images[..., 0] if channels == 1 else images)
        np.testing.assert_array_equal(read["labels"], labels)
        assert read["labels"].dtype == np.int64 and read["images"].dtype == np.uint8
        assert tuple(read["label_names"].tolist()) == names
    assert left_over(tmp_path) == ["d.npz"]


def test_npz_of_equal_data_are_equal_files(tmp_path):
    images, labels, names = table()
    first = write_built_in("npz", tmp_path / "a.npz", checked(images, labels, names)).read_bytes()
    assert (
        first
        == write_built_in(
            "npz",
            tmp_path / "b.npz",
            checked(np.asfortranarray(images), labels.astype(np.int32), list(names)),
        ).read_bytes()
    )
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("channels", [1, 3])
def test_image_folder_holds_every_image_in_order(tmp_path, channels):
    images, labels, names = table(channels)
    write_built_in("imagefolder", tmp_path / "deep" / "out", checked(images, labels, names))
    files = sorted((tmp_path / "deep" / "out").glob("*/*.png"), key=lambda p: p.name)
    assert [f.stem for f in files] == [f"{row:02d}" for row in range(12)]
    assert [f.parent.name for f in files] == [names[label] for label in labels]
    for file, image in zip(files, images, strict=True):
        np.testing.assert_array_equal(
            np.asarray(Image.open(file)), image[..., 0] if channels == 1 else image
        )
    assert left_over(tmp_path / "deep") == ["out"]
    assert left_over(tmp_path / "deep" / "out") == sorted(
        names
    )  # the class without samples too, and no labels.json


def test_changed_folder_names_are_listed(tmp_path):
    images, labels, _ = table()
    names = ("../up", "ok", "")
    write_built_in("imagefolder", tmp_path / "out", checked(images, labels, names))
    listing = json.loads((tmp_path / "out" / "labels.json").read_text())
    assert list(listing["folders"].values()) == list(names)
    assert sorted(p.name for p in (tmp_path / "out").iterdir() if p.is_dir()) == sorted(
        listing["folders"]
    )
    assert left_over(tmp_path) == ["out"]


ODD = (
    "a/b", "a\\b", "..", ".", "...", "", " ", " a", "a ", "a.", ".hidden", "CON", "con.txt", "nul",
    "LPT1", "labels.json", "a:b", "a*b?", 'q"q', "<script>", "a|b", "100%", "%41", "A", "a", "é",
    "e\u0301", "É", "ß", "ss", "tab\tnew\n", "\u202egnp", "\udc80", "x" * 300, "x" * 299 + "y",
    "日本" * 90, "%empty", "a%~2", "-rf", "~", "normal name_1.5",
)  # fmt: skip


def test_folder_names_are_safe_and_different():
    folders = folder_names(ODD)
    for folder in folders:
        assert 0 < len(folder.encode("utf-8")) <= 255
        assert not set(folder) & set('/\\:*?"<>|') and folder.isprintable()
        assert folder[0] not in ". " and folder[-1] not in ". "
        assert (
            folder.split(".")[0].lower() not in {"con", "nul", "lpt1"} and folder != "labels.json"
        )
    assert len({unicodedata.normalize("NFC", f).casefold() for f in folders}) == len(ODD)
    unchanged = {"A", "é", "-rf", "~", "normal name_1.5"}
    assert {name for name, folder in zip(ODD, folders, strict=True) if name == folder} >= unchanged
    assert folder_names(("0", "1", "cat dog", "naïve")) == ("0", "1", "cat dog", "naïve")


def test_odd_names_can_be_written(tmp_path):
    n = len(ODD)
    images = np.zeros((n, 2, 2, 1), np.uint8)
    write_built_in("imagefolder", tmp_path / "out", checked(images, np.arange(n), ODD))
    assert len(list((tmp_path / "out").glob("*/*.png"))) == n
    assert (
        json.loads((tmp_path / "out" / "labels.json").read_text())["folders"][folder_names(ODD)[0]]
        == "a/b"
    )


@pytest.mark.parametrize("kind", BUILT_IN)
def test_a_destination_that_exists_is_left_as_it_is(tmp_path, kind):
    file, folder, link = tmp_path / "file", tmp_path / "folder", tmp_path / "link"
    file.write_text("mine")
    folder.mkdir()
    (folder / "mine").write_text("mine")
    link.symlink_to(tmp_path / "nowhere")
    before = left_over(tmp_path)
    for destination in (file, folder, link):
        with pytest.raises(DataError, match="already exists") as caught:
            write_built_in(kind, destination, table_for(kind))
        assert caught.value.exit_code == 5 and caught.value.fix
    assert left_over(tmp_path) == before
    assert (
        file.read_text() == "mine" and (folder / "mine").read_text() == "mine" and link.is_symlink()
    )


@pytest.mark.parametrize("kind", BUILT_IN)
def test_a_path_through_a_file_is_refused_by_the_name_that_was_typed(tmp_path, kind, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    for destination in (Path("file/out"), Path("file/deep/out")):
        with pytest.raises(
            DataError, match=f"^{destination}: cannot be written: .*is a file, not a folder$"
        ) as caught:
            write_built_in(kind, destination, table_for(kind))
        assert caught.value.fix
    assert left_over(tmp_path) == ["file"]


@pytest.mark.parametrize("kind", BUILT_IN)
def test_a_destination_that_appears_meanwhile_is_left_as_it_is(tmp_path, kind, monkeypatch):
    """Two exports to one destination at once. Fails if the last step replaces what it finds."""
    destination = tmp_path / "out"

    def another_arrives(*_: object) -> None:
        if not destination.exists():
            if not BUILT_IN[kind].folder:
                destination.write_text("mine")
            else:
                destination.mkdir()
                (destination / "mine").write_text("mine")

    monkeypatch.setattr(os, "fsync", another_arrives)  # the last thing before a file gets its name
    monkeypatch.setattr(os, "sync", another_arrives)  # and before a folder does
    with pytest.raises(DataError, match="already exists"):
        write_built_in(kind, destination, table_for(kind))
    assert left_over(tmp_path) == ["out"]
    assert (
        destination if not BUILT_IN[kind].folder else destination / "mine"
    ).read_text() == "mine"


def test_a_file_system_without_hard_links_will_do(tmp_path, monkeypatch):
    def no_links(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    write_built_in("npz", tmp_path / "d.npz", checked(*table()))
    assert left_over(tmp_path) == ["d.npz"]


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "out").mkdir()
    write_built_in("imagefolder", tmp_path / "out", checked(*table()))
    assert len(list((tmp_path / "out").glob("*/*.png"))) == 12


@pytest.mark.parametrize("kind", BUILT_IN)
@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_export_leaves_nothing(tmp_path, kind, failure, monkeypatch):
    def fail(*_):
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    monkeypatch.setattr(os, "sync", fail)
    with pytest.raises((DataError, KeyboardInterrupt)) as caught:
        write_built_in(kind, tmp_path / "out", table_for(kind))
    if isinstance(failure, OSError):
        assert isinstance(caught.value, DataError) and "No space left" in str(caught.value)
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("kind", BUILT_IN)
def test_the_permissions_are_those_of_any_new_file(tmp_path, kind):
    mask = os.umask(0o022)
    try:
        write_built_in(kind, tmp_path / "out", table_for(kind))
    finally:
        os.umask(mask)
    mode = (tmp_path / "out").stat().st_mode & 0o777
    assert mode == (0o755 if BUILT_IN[kind].folder else 0o644)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((2, 4, 4, 1), np.float32)}, "uint8"),
        ({"images": np.zeros((2, 4, 4), np.uint8)}, "uint8"),
        ({"images": np.zeros((2, 4, 4, 2), np.uint8)}, "4, 4, 1"),
        ({"labels": np.array([0, 1, 1])}, "2 records"),
        ({"labels": np.array([0.0, 1.0])}, "integer labels"),
        ({"labels": np.array([0, 2])}, "from 0 to 2"),
        ({"labels": np.array([-1, 1])}, "from -1 to 1"),
        ({"names": ("a", "a")}, "the same"),
        ({"names": ("a", "b\0")}, "NUL"),
    ],
)
def test_arrays_of_another_form_are_no_table(change, message):
    good = {
        "images": np.zeros((2, 4, 4, 1), np.uint8),
        "labels": np.array([0, 1]),
        "names": ("a", "b"),
    }
    with pytest.raises(DataError, match=message):
        check_release(OutputSpec.image(4, 4), *(good | change).values())


@pytest.mark.parametrize("kind", BUILT_IN)
def test_nothing_at_all_can_be_exported(tmp_path, kind):
    write_built_in(kind, tmp_path / "out", table_for(kind, n=0))
    assert (tmp_path / "out").exists()


@pytest.mark.parametrize(("kind", "records"), [("imagefolder", "csv"), ("csv", "npz")])
def test_an_exporter_refuses_kinds_it_cannot_write(tmp_path, kind, records):
    with pytest.raises(DataError, match="cannot contain") as caught:
        write_built_in(kind, tmp_path / "out", table_for(records))
    assert caught.value.fix and left_over(tmp_path) == []


def test_what_a_format_cannot_hold_is_found_without_a_record(monkeypatch):
    names = ("a", "b")
    for kind in BUILT_IN:
        check_holds(kind, table_for(kind).output, names)
    clash = OutputSpec.series(4, [Feature("time")])
    with pytest.raises(DataError, match="name of another column: time"):
        check_holds("csv", clash, names)
    with pytest.raises(DataError, match="--to csv: csv files cannot contain records of kind image"):
        check_holds("csv", OutputSpec.image(4, 4), names)
    with pytest.raises(DataError, match="not valid Unicode"):
        check_holds("huggingface", OutputSpec.image(4, 4), ("a", "\ud800"))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(DataError, match="pyarrow"):
        check_holds("parquet", clash, names)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_destination_is_checked_as_when_it_is_written(tmp_path, name):
    folder = BUILT_IN[name].folder
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    check_free(tmp_path / "deep" / "out", folder)
    for taken in ("file", "file/out", *(() if folder else ("empty",))):
        with pytest.raises(DataError):
            check_free(tmp_path / taken, folder)
        with pytest.raises(DataError):
            write_built_in(name, tmp_path / taken, table_for(name))
    if folder:
        check_free(tmp_path / "empty", folder)
    assert left_over(tmp_path) == ["empty", "file"]


def test_a_folder_that_may_not_be_changed_is_found_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the superuser may change any
    with pytest.raises(DataError, match="cannot be written: Permission denied"):
        check_free(tmp_path / "out", False)


@pytest.mark.parametrize("name", BUILT_IN)
def test_exporters_keep_the_contract(name):
    report = check_exporter(name)
    report.raise_for_failures()
    skipped = {result.name for result in report.results if result.status == "skipped"}
    assert skipped <= {"refuses_other_kinds", *(["reads_back"] if name == "csv" else [])}


def test_labels_that_are_not_in_the_order_of_their_names_are_listed(tmp_path):
    images, labels, _ = table()
    release = checked(images, labels, ("zero", "one", "two"))
    write_built_in("imagefolder", tmp_path / "out", release)
    back = BUILT_IN["imagefolder"].read(tmp_path / "out")
    assert back.label_names == ("zero", "one", "two")
    np.testing.assert_array_equal(back.labels, labels)


@pytest.mark.parametrize("folder", [True, False])
def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path, folder):
    """Fails if the temporary name is longer than the name itself."""
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    path, longer = tmp_path / ("x" * longest), tmp_path / ("x" * (longest + 1))
    check_free(path, folder)
    create(path, folder, lambda place: None if folder else place.write_text("a"))
    assert path.exists() and list(tmp_path.iterdir()) == [path]
    for bad in (longer, longer / "a", tmp_path / "new" / longer.name):
        with pytest.raises(DataError, match="too long") as caught:
            check_free(bad, folder)
        assert str(bad) in str(caught.value)
    with pytest.raises(DataError) as caught:
        create(longer, folder, lambda place: None if folder else place.write_text("a"))
    assert str(longer) in str(caught.value) and ".part" not in str(caught.value)
