"""Labels and clients of images in folders and zip archives: from files and from names."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.privacy.readers import folder
from pe_host.privacy.readers import zip as zip_reader
from pe_host.privacy.readers.tests.pictures import class_files, gray, rgb, write
from pe_sdk import SourceError, SourceInfo, SourceOptions, Table
from pe_sdk.testing import check_reader


def zipped(root: Path) -> Path:
    """An archive of all that is in a folder, which then is no more."""
    path = root.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*")):
            archive.write(file, file.relative_to(root))
    shutil.rmtree(root)
    return path


@pytest.fixture(params=["folder", "zip"])
def taken(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Describe and read files, in a folder or in an archive."""

    def take(files: dict[str, Any], **options: Any) -> tuple[SourceInfo, Table]:
        where = write(tmp_path / "data", files)
        reader: Any = folder
        if request.param == "zip":
            where, reader = zipped(where), zip_reader
        info = reader.describe(str(where), SourceOptions(**options))
        return info, reader.read(str(where), info.output, info.label_names, info.options)

    return take


def bright(table: Table) -> list[int]:
    """The half of each image that is bright: 0 or 1, which tells the images apart."""
    data = np.asarray(table.data).astype(int)
    half = data.shape[2] // 2
    return [int(image[:, half:].sum() > image[:, :half].sum()) for image in data]


def flat(count: int = 6, folder: str = "") -> dict[str, Any]:
    return {f"{folder}{number:04d}.png": rgb(number) for number in range(count)}


def test_class_folders(taken: Any) -> None:
    info, table = taken({**class_files({"disc": 0, "bar": 1}), "rare": None})
    assert info.label_names == ("bar", "disc", "rare")
    assert table.labels.tolist() == [0, 0, 0, 1, 1, 1] and bright(table) == [1, 1, 1, 0, 0, 0]
    assert info.options.labels == "folder" and table.clients is None


def test_names_with_commas_and_other_letters_are_kept(taken: Any) -> None:
    names = ("Größe 1 – ähnlich", "a,b", "日本 語")
    info, _ = taken(class_files(dict.fromkeys(names, 0)))
    assert info.label_names == names


def test_images_without_labels_are_one_class_and_it_is_said(taken: Any) -> None:
    info, table = taken(flat())
    assert info.label_names == ("all",) and info.names_from == "no labels: one class"
    assert table.labels.tolist() == [0] * 6 and bright(table) == [0, 1] * 3


def test_one_class_may_have_another_name_and_not_several(taken: Any) -> None:
    info, _ = taken(flat(), classes=("face",))
    assert info.label_names == ("face",)
    with pytest.raises(SourceError, match="there is one class"):
        taken(flat(), classes=("a", "b"))


def test_a_part_is_read_by_its_name(taken: Any) -> None:
    files = class_files({"train/disc": 0, "train/bar": 1, "test/disc": 0, "test/bar": 1}, 2)
    info, table = taken(files, split="test")
    assert info.label_names == ("bar", "disc") and len(table.labels) == 4
    assert info.options.split == "test" and "the part test" in info.layout


METADATA = "file_name,label\n" + "".join(
    f"{number:04d}.png,{('disc', 'bar')[number % 2]}\n" for number in range(6)
)


def test_labels_of_a_metadata_file_are_private_names(taken: Any) -> None:
    files = {**flat(folder="train/"), "train/metadata.csv": METADATA}
    with pytest.raises(SourceError, match="private") as caught:
        taken(files)
    assert "--classes" in caught.value.fix and "--public-classes" in caught.value.fix


@pytest.mark.parametrize("declared", [{"classes": ("disc", "bar")}, {"public_classes": True}])
def test_labels_of_a_metadata_file(taken: Any, declared: dict[str, Any]) -> None:
    files = {**flat(folder="train/"), "train/metadata.csv": METADATA}
    info, table = taken(files, **declared)
    assert set(info.label_names) == {"disc", "bar"} and not table.faults
    disc = info.label_names.index("disc")
    assert [int(label != disc) for label in table.labels] == bright(table)
    assert info.options.labels == "train/metadata.csv:label"
    assert info.passed_over == ()


def test_a_metadata_file_without_labels_is_no_obstacle(taken: Any) -> None:
    rows = "".join(json.dumps({"file_name": f"{n:04d}.png", "text": "x"}) + "\n" for n in range(6))
    info, _ = taken({**flat(), "metadata.jsonl": rows})
    assert info.label_names == ("all",) and "no column of labels" in info.layout
    assert info.passed_over == ("metadata.jsonl",)


def test_a_metadata_file_beside_class_folders(taken: Any) -> None:
    info, _ = taken({**class_files({"disc": 0, "bar": 1}), "metadata.jsonl": "{}\n"})
    assert info.label_names == ("bar", "disc") and info.passed_over == ("metadata.jsonl",)


CELEBA = "6\nMale Smiling\n" + "".join(
    f"{number:04d}.png {1 if number % 2 else -1:2d}  1\n" for number in range(6)
)


def test_an_attribute_is_two_classes_with_public_names(taken: Any) -> None:
    files = {**flat(folder="img_align_celeba/"), "list_attr_celeba.txt": CELEBA}
    info, table = taken(files, labels="list_attr_celeba.txt:Male")
    assert info.label_names == ("not Male", "Male") and table.labels.tolist() == [0, 1] * 3
    assert bright(table) == table.labels.tolist() and not table.faults
    info, table = taken(files, labels="list_attr_celeba.txt:Smiling", classes=("no", "yes"))
    assert info.label_names == ("no", "yes") and table.labels.tolist() == [1] * 6


def test_values_of_an_attribute(taken: Any) -> None:
    values = ("1", "1.0", "True", "-1", "0", "-1.0", "FALSE", "2", "yes", "", "0.5")
    rows = "".join(f"{n:04d}.png,{value}\n" for n, value in enumerate(values))
    files = {**flat(len(values)), "list_attr_x.csv": f"image_id,Smiling\n{rows}"}
    for declared in ({}, {"classes": ("no", "yes"), "labels_from": 1}):
        info, table = taken(files, labels="list_attr_x.csv:Smiling", **declared)
        assert info.label_names == declared.get("classes", ("not Smiling", "Smiling"))
        assert table.labels.tolist() == [1] * 3 + [0] * 4 + [-1] * 4
        assert table.faults is not None and list(table.faults) == [7, 8, 9, 10]
    assert "1 or -1" in table.faults[7].what and "yes" not in str(table.faults[8])


def test_an_attribute_list_needs_a_column(taken: Any) -> None:
    files = {**flat(folder="img_align_celeba/"), "list_attr_celeba.txt": CELEBA}
    with pytest.raises(SourceError) as caught:
        taken(files)
    assert "--labels list_attr_celeba.txt:Male" in caught.value.fix
    for wrong in ("list_attr_celeba.txt:Young", "list_attr_celeba.txt"):
        with pytest.raises(SourceError) as caught:
            taken(files, labels=wrong)
        assert "Male" in caught.value.fix


def test_labels_and_clients_of_one_file(taken: Any) -> None:
    rows = "".join(f"{n:04d},{n % 2 + 1},p{n // 2}\n" for n in range(6))
    files = {**flat(folder="images/"), "labels.csv": f"id,grade,patient\n{rows}"}
    declared = {"client": "patient", "classes": ("low", "high"), "labels_from": 1}
    info, table = taken(files, labels="labels.csv:grade", **declared)
    assert table.labels.tolist() == [0, 1] * 3 and table.clients is not None
    assert table.clients.tolist() == [0, 0, 1, 1, 2, 2] and info.clients
    assert info.clients_from == "patient" and info.options.labels_from == 1
    with pytest.raises(SourceError, match="none of these is 0") as caught:
        taken(files, labels="labels.csv:grade")
    assert "--labels-from 1" in caught.value.fix
    info, _ = taken(files, labels="labels.csv:grade", labels_from=1)
    assert info.label_names == ("1", "2") and info.counted


def test_an_image_without_a_row_is_a_fault_of_its_own(taken: Any) -> None:
    rows = "file,label,patient\n0000.png,0,a\n0001.png,1,a\n0003.png,1,\n0004.png,?,b\n"
    files = {**flat(), "labels.csv": rows}
    _, table = taken(files, labels="labels.csv:label", client="patient", classes=("a", "b"))
    assert table.faults is not None and sorted(table.faults) == [2, 3, 5]
    assert "in row 2 of this folder has no" in table.faults[2].what
    assert "has no client" in table.faults[3].what
    assert table.labels.tolist() == [0, 1, -1, 1, -1, -1]


def test_rows_about_another_part_label_none_of_this_one(taken: Any) -> None:
    files = {**flat(4, "train/"), **flat(2, "test/")}
    rows = "".join(f"train/{n:04d}.png,{n % 2}\n" for n in range(4))
    labels = {"labels": "labels.csv:label", "split": "test"}
    with pytest.raises(SourceError, match="no row of this file has a value"):
        taken({**files, "labels.csv": f"file,label\n{rows}"}, **labels)
    plain = "".join(f"{n:04d}.png,{n % 2}\n" for n in range(4))
    with pytest.raises(SourceError, match="could name several files|has a value"):
        taken({**files, "labels.csv": f"file,label\n{plain}"}, **labels)
    rows += "test/0000.png,1\ntest/0001.png,0\n"
    _, table = taken({**files, "labels.csv": f"file,label\n{rows}"}, **labels)
    assert table.labels.tolist() == [1, 0] and not table.faults


def test_rows_that_could_be_about_another_part_are_refused_with_what_helps(taken: Any) -> None:
    """As in competitions: two parts, and a list of stems for one of them."""
    rows = "".join(f"{n:04d},{n % 2}\n" for n in range(6))
    files = {**flat(6, "train/"), "test/0004.png": rgb(0), "train.csv": f"id,label\n{rows}"}
    asked = {"split": "train", "labels": "train.csv:label"}
    with pytest.raises(SourceError, match="rows of this file could name several files") as caught:
        taken(files, **asked)
    assert "--images train " in caught.value.fix
    _, table = taken(files, **asked, images="train")
    assert table.labels.tolist() == [0, 1] * 3 and not table.faults


def test_rows_that_disagree_are_said_to(taken: Any) -> None:
    rows = "file,label,who\n0000.png,0,a\n0001.png,1,b\n0002.png,0,a\n0000.png,1,c\n"
    files = {**flat(4), "labels.csv": rows}
    _, table = taken(files, labels="labels.csv:label")
    assert table.faults is not None and list(table.faults) == [0, 3]
    assert "several rows in its list, with different values of its label" in table.faults[0].what
    assert "has no label" in table.faults[3].what
    assert "a row with a stray quotation mark" in table.faults[3].fix
    _, table = taken(files, labels="none", client="labels.csv:who")
    assert table.faults is not None and "values of its client" in table.faults[0].what


def test_folders_of_people_beside_a_list_of_the_images_are_no_classes_unsaid(taken: Any) -> None:
    files = {**flat(3, "anna_smith/"), **{f"bob_jones/b{n}.png": rgb(n) for n in range(3)}}
    names = sorted(files)
    rows = "".join(f"{name},{n % 2}\n" for n, name in enumerate(names))
    listed = {**files, "labels.csv": f"file_name,label\n{rows}"}
    with pytest.raises(SourceError, match="beside the folders may list the labels") as caught:
        taken(listed)
    shown = f"{caught.value} {caught.value.fix} {caught.value.where}"
    assert "anna" not in shown and "--labels labels.csv:label" in caught.value.fix
    info, table = taken(listed, labels="labels.csv:label")
    assert info.label_names == ("0", "1") and table.labels.tolist() == [0, 1] * 3
    for other in ("disc 0\nbar 1\n", "\xff", "file,label\ngone.png,1\n"):
        assert taken({**files, "labels.csv": other})[0].label_names == ("anna_smith", "bob_jones")


def test_the_column_of_clients_is_no_column_of_files(taken: Any) -> None:
    rows = "".join(f"{900 + n // 2},{5 - n:04d},{n % 2}\n" for n in range(6))
    files = {**flat(), **{f"{900 + n}.png": rgb(n) for n in range(3)}}
    for client in ("who", "l.csv:who"):
        asked = {"labels": "l.csv:grade", "client": client}
        _, table = taken({**files, "l.csv": f"who,scan,grade\n{rows}"}, **asked)
        assert table.labels[:6].tolist() == [1, 0] * 3 and table.faults is not None
        assert sorted(table.faults) == [6, 7, 8] and table.clients is not None
        assert table.clients[:6].tolist() == [2, 2, 1, 1, 0, 0]


def test_labels_and_clients_in_names(taken: Any) -> None:
    files = {f"patient_{n // 2:03d}/{('cat', 'dog')[n % 2]}_{n}.png": rgb(n) for n in range(6)}
    info, table = taken(
        files, labels="name:^([a-z]+)_", client="path:patient_([0-9]+)", public_classes=True
    )
    assert info.label_names == ("cat", "dog") and table.labels.tolist() == bright(table)
    assert table.clients is not None and table.clients.tolist() == [0, 0, 1, 1, 2, 2]
    assert info.names_from.endswith("from the names of the files")
    with pytest.raises(SourceError, match="private"):
        taken(files, labels="name:^([a-z]+)_")


def test_a_fault_names_the_folder_of_a_class_and_never_that_of_a_client(taken: Any) -> None:
    files = {f"{('anna', 'bob')[n // 3]}/{n}.png": rgb(n) for n in range(6)} | {
        "bob/4.png": b"damaged"
    }
    _, table = taken(files, labels="none", client="path:^([^/]+)/")
    assert table.faults is not None and list(table.faults) == [4]
    fault = table.faults[4]
    assert "in row 4 of this folder" in fault.what and fault.name == "bob/4.png"
    assert not any("bob" in text for text in (fault.what, fault.where, fault.fix))
    (fault,) = (taken(files)[1].faults or {}).values()
    assert "in row 1 of this class folder" in fault.what and fault.name == "4.png"
    assert fault.where.endswith("bob")


def test_class_folders_with_patients_as_clients(taken: Any) -> None:
    """As in Camelyon: a patient has patches of both classes."""
    files = {
        f"{('normal', 'tumor')[n % 2]}/patient_{n // 2:03d}_node_1_x_{n}.png": rgb(n)
        for n in range(6)
    }
    info, table = taken(files, client="name:^patient_([0-9]+)")
    assert info.label_names == ("normal", "tumor") and info.clients
    assert table.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert table.clients is not None and table.clients.tolist() == [0, 1, 2, 0, 1, 2]
    with pytest.raises(SourceError, match="labels come from no file") as caught:
        taken(files, client="patient")
    assert "--client name:REGEX" in caught.value.fix


def test_dataset_json_of_stylegan(taken: Any) -> None:
    names = [f"{n // 3:05d}/img{n:08d}.png" for n in range(6)]
    files = {name: rgb(n) for n, name in enumerate(names)}
    labels = json.dumps({"labels": [[name, n % 2] for n, name in enumerate(names)]})
    info, table = taken({**files, "dataset.json": labels})
    assert info.label_names == ("0", "1") and info.counted
    assert table.labels.tolist() == bright(table) == [0, 1] * 3
    info, table = taken({**files, "dataset.json": labels}, classes=("disc", "bar"))
    assert info.label_names == ("disc", "bar") and table.labels.tolist() == [0, 1] * 3


@pytest.mark.parametrize("labels", ['{"labels": null}', '{"labels": []}'])
def test_dataset_json_without_labels_is_one_class(taken: Any, labels: str) -> None:
    info, _ = taken({"00000/a.png": rgb(0), "00000/b.png": rgb(1), "dataset.json": labels})
    assert info.label_names == ("all",) and "dataset.json has no labels" in info.layout


def test_masks_are_left_out_by_option(taken: Any) -> None:
    files = {f"{name}/{n}.png": gray(n) for name in ("images", "masks") for n in range(3)}
    with pytest.raises(SourceError, match="looks like no class") as caught:
        taken(files)
    assert "--images images" in caught.value.fix
    info, table = taken(files, images="images")
    assert len(table.labels) == 3 and info.label_names == ("all",)
    with pytest.raises(SourceError, match="no folder 'pictures'"):
        taken(files, images="pictures")


def test_a_list_without_columns_is_one_clear_error(taken: Any) -> None:
    for name, text in (("labels.json", "[]"), ("labels.csv", ""), ("labels.csv", ",,\n")):
        for more in ({}, {"client": f"{name}:person"}):
            with pytest.raises(SourceError, match="names no column of this file"):
                taken({**flat(), name: text}, labels=name, **more)


def test_a_file_that_is_not_there_is_named_with_what_works(taken: Any) -> None:
    with pytest.raises(SourceError, match="names no file of the source") as caught:
        taken(flat(), labels="labels.csv:label")
    assert "name:REGEX" in caught.value.fix and "--labels none" in caught.value.fix


def test_the_zip_reader_keeps_the_contract_of_readers(tmp_path: Path) -> None:
    (spec,) = zip_reader.pe_readers()
    where = zipped(write(tmp_path / "data", class_files({"disc": 0, "bar": 1})))
    check_reader(spec, location=str(where)).raise_for_failures()


def test_a_folder_with_nothing_but_an_archive_is_that_archive(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    write(tmp_path / "x" / "data", class_files({"disc": 0, "bar": 1}))
    zipped(tmp_path / "x" / "data")
    (tmp_path / "x" / ".DS_Store").write_bytes(b"")
    assert zip_reader.describe(str(tmp_path / "x")).label_names == ("bar", "disc")
