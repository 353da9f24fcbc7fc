"""WebDataset shards: samples, labels and clients, and what goes wrong in one of them."""

import gzip
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.privacy.readers import webdataset
from pe_host.privacy.readers.tests.pictures import png, rgb
from pe_host.privacy.readers.tests.test_picture_files import bright
from pe_sdk import OutputSpec, SourceError, SourceInfo, SourceOptions, Table
from pe_sdk.testing import check_reader


def shard(path: Path, files: dict[str, bytes]) -> Path:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as made:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    path.parent.mkdir(parents=True, exist_ok=True)
    zipped = path.suffix in (".gz", ".tgz")
    path.write_bytes(gzip.compress(content.getvalue()) if zipped else content.getvalue())
    return path


def samples(first: int = 0, count: int = 6, **more: Any) -> dict[str, bytes]:
    """Samples whose label is the bright half; of more files, the content by their number."""
    files: dict[str, bytes] = {}
    for number in range(first, first + count):
        files[f"{number:06d}.png"] = png(rgb(number))
        files[f"{number:06d}.cls"] = b"%d\n" % (number % 2)
        for end, content in more.items():
            files[f"{number:06d}.{end}"] = content(number)
    return files


def taken(where: Path, **options: Any) -> tuple[SourceInfo, Table]:
    info = webdataset.describe(str(where), SourceOptions(**options))
    assert info.options is not None
    return info, webdataset.read(str(where), info.output, info.label_names, info.options)


@pytest.mark.parametrize("end", ["tar", "tar.gz", "tgz"])
def test_shards_are_read_in_order(tmp_path: Path, end: str) -> None:
    shard(tmp_path / "data" / f"shard-10.{end}", samples(4, 2))
    shard(tmp_path / "data" / f"shard-9.{end}", samples(0, 4))
    (tmp_path / "data" / "README.md").write_text("x")
    (tmp_path / "data" / ".DS_Store").write_text("x")
    info, table = taken(tmp_path / "data")
    assert info.output == OutputSpec.image(12, 12, 3) and info.label_names == ("0", "1")
    assert info.counted and info.options and info.options.labels == "cls"
    assert table.labels.tolist() == bright(table) == [0, 1] * 3 and not table.faults
    assert info.passed_over == (".DS_Store", "README.md")
    assert len(taken(tmp_path / "data" / f"shard-9.{end}")[1].labels) == 4


def test_it_keeps_the_contract_of_readers(tmp_path: Path) -> None:
    (spec,) = webdataset.pe_readers()
    check_reader(spec, location=str(shard(tmp_path / "x.tar", samples()))).raise_for_failures()


def test_declared_classes_and_names_as_labels(tmp_path: Path) -> None:
    where = shard(tmp_path / "x.tar", samples(txt=lambda n: (b"disc", b"bar")[n % 2]))
    info, table = taken(where, classes=("disc", "bar"))
    assert info.label_names == ("disc", "bar") and table.labels.tolist() == [0, 1] * 3
    with pytest.raises(SourceError, match="private"):
        taken(where, labels="txt")
    info, table = taken(where, labels="txt", public_classes=True)
    assert info.label_names == ("bar", "disc") and table.labels.tolist() == [1, 0] * 3
    info, table = taken(where, labels="none")
    assert info.label_names == ("all",) and table.labels.tolist() == [0] * 6


def about(number: int) -> bytes:
    return json.dumps({"grade": number % 2, "patient": f"p{number // 2}"}).encode()


def test_labels_and_clients_in_json_and_in_names(tmp_path: Path) -> None:
    where = shard(tmp_path / "x.tar", samples(json=about))
    info, table = taken(where, labels="json:grade", client="json:patient")
    assert table.labels.tolist() == [0, 1] * 3 and info.clients_from == ".json files, key patient"
    assert table.clients is not None and table.clients.tolist() == [0, 0, 1, 1, 2, 2]
    _, table = taken(where, client=r"name:^(\d{5})")
    assert table.clients is not None and table.clients.tolist() == [0] * 6
    with pytest.raises(SourceError, match="no sample has a label in json:other") as caught:
        taken(where, labels="json:other")
    assert "json:KEY" in caught.value.fix


def test_without_labels_there_is_one_class_and_it_is_said(tmp_path: Path) -> None:
    files = {name: content for name, content in samples(json=about).items() if ".cls" not in name}
    info, table = taken(shard(tmp_path / "x.tar", files))
    assert info.label_names == ("all",) and "without .cls files (there are .json)" in info.layout
    assert table.labels.tolist() == [0] * 6
    with pytest.raises(SourceError, match="there is one class"):
        taken(tmp_path / "x.tar", classes=("a", "b"))


def test_one_label_anywhere_makes_those_without_one_faults(tmp_path: Path) -> None:
    files = samples()
    del files["000000.cls"]
    info, table = taken(shard(tmp_path / "x.tar", files))
    assert info.label_names == ("0", "1") and table.labels.tolist()[1:] == [1, 0, 1, 0, 1]
    assert table.faults is not None and "has no label" in table.faults[0].what
    assert list(table.faults) == [0]


def test_folders_without_labels_may_be_classes_and_are_asked_about(tmp_path: Path) -> None:
    files = {f"{('anna', 'bob')[n % 2]}/{n}.png": png(rgb(n)) for n in range(6)}
    where = shard(tmp_path / "x.tar", files)
    with pytest.raises(SourceError, match="several folders") as caught:
        taken(where)
    assert "--labels none" in caught.value.fix and "anna" not in str(caught.value)
    labels = caught.value.fix.split("'")[1]
    info, table = taken(where, labels=labels, public_classes=True)
    assert info.label_names == ("anna", "bob") and table.labels.tolist() == bright(table)
    assert taken(where, labels="none")[0].label_names == ("all",)
    one = shard(tmp_path / "y.tar", {f"all/{n}.png": png(rgb(n)) for n in range(6)})
    assert taken(one)[0].label_names == ("all",)


@pytest.mark.parametrize(
    "above", ["flowers/{}/{}", "flowers/{}/site{}", "a/b/{}/{}/c", "{}/{}", "{}", "./x/{}"]
)
def test_the_pattern_that_is_shown_is_for_the_first_level_that_differs(
    tmp_path: Path, above: str
) -> None:
    files = {f"{above.format('lr'[n % 2], n)}/{n}.png": png(rgb(n)) for n in range(6)}
    where = shard(tmp_path / "x.tar", files)
    with pytest.raises(SourceError, match="several folders, which may be their classes") as caught:
        taken(where)
    labels = caught.value.fix.split("'")[1]
    info, table = taken(where, labels=labels, public_classes=True)
    assert info.label_names == ("l", "r") and table.labels.tolist() == bright(table)


@pytest.mark.parametrize("above", ["data/{0}/{1}", "{0}/{1}", "{1}/{0}", "x/{1}/{0}/y"])
def test_folders_of_parts_are_asked_about(tmp_path: Path, above: str) -> None:
    """Records for training and those held out are not mixed by a pattern for classes."""
    files = {
        f"{above.format(('train', 'test')[n // 2 % 2], 'lr'[n % 2])}/{n}.png": png(rgb(n))
        for n in range(8)
    }
    where = shard(tmp_path / "x.tar", files)
    with pytest.raises(SourceError, match="several parts of a data set") as caught:
        taken(where)
    assert "a tar file of one part" in caught.value.fix and "--labels none" in caught.value.fix
    info, table = taken(where, labels=caught.value.fix.split("'")[1], public_classes=True)
    assert info.label_names == ("l", "r") and table.labels.tolist() == bright(table)
    only = {f"{('train', 'val')[n % 2]}/{n}.png": png(rgb(n)) for n in range(4)}
    with pytest.raises(SourceError, match="several parts of a data set") as caught:
        taken(shard(tmp_path / "y.tar", only))
    assert "path:" not in caught.value.fix


def test_what_is_said_of_other_files_names_no_person(tmp_path: Path) -> None:
    files = {"0.png": png(rgb(0)), "0.anna": b"x", "0.anna.txt": b"x", "0.json": b"{}"}
    shard(tmp_path / "data/x.tar", files)
    for name in ("anna.csv", "bob.csv", "LICENSE", ".DS_Store", "eva.smith"):
        (tmp_path / "data" / name).write_bytes(b"")
    info, _ = taken(tmp_path / "data")
    assert info.layout == "WebDataset shards without .cls files (there are .json)"
    others = ("2 files that end in .csv", "1 other file")
    assert info.passed_over == (".DS_Store", "LICENSE", *others)


def test_what_is_wrong_with_one_sample_is_its_own_fault(tmp_path: Path) -> None:
    files = samples()
    files["000001.png"] = b"no image"
    files["000002.cls"] = b""
    files["000003.jpg"] = files["000003.png"]
    del files["000004.png"]
    files = dict(sorted(files.items()))
    info, table = taken(shard(tmp_path / "x.tar", files))
    assert table.faults is not None and sorted(table.faults) == [1, 2, 3, 4]
    says = ("cannot be read", "has no label", "has several images (.jpg, .png)", "has no image")
    for row, text in zip((1, 2, 3, 4), says, strict=True):
        fault = table.faults[row]
        assert text in fault.what and f"in row {row} of this shard" in fault.what
        assert fault.where == str(tmp_path / "x.tar") and fault.name == f"00000{row}"
    assert "--images jpg" in table.faults[3].fix
    assert table.labels.tolist() == [0, 1, -1, 1, 0, 1] and bright(table)[0::5] == [0, 1]
    assert info.label_names == ("0", "1")


def test_one_image_of_several_is_chosen(tmp_path: Path) -> None:
    where = shard(tmp_path / "x.tar", samples(jpg=lambda n: png(rgb(n + 1))))
    _, table = taken(where, images="jpg")
    assert bright(table) == [1, 0] * 3 and table.labels.tolist() == [0, 1] * 3
    _, table = taken(where, images=".PNG")
    assert bright(table) == [0, 1] * 3


def test_images_are_prepared_by_options(tmp_path: Path) -> None:
    where = shard(tmp_path / "x.tar", samples())
    info, table = taken(where, size=(6, 6), fit="stretch", colour="gray")
    assert info.output == OutputSpec.image(6, 6) and not table.faults
    assert np.asarray(table.data).shape == (6, 6, 6, 1)


def test_a_sample_whose_files_repeat_and_a_folder_without_shards(tmp_path: Path) -> None:
    files = {"a.PNG": png(rgb(0)), "a.png": png(rgb(0))}
    with pytest.raises(SourceError, match="member 1 of this tar file repeats a file"):
        taken(shard(tmp_path / "x.tar", files))
    (tmp_path / "empty").mkdir()
    for where in (tmp_path / "empty", tmp_path / "none"):
        with pytest.raises(SourceError, match="no (tar files|shards) here"):
            taken(where)
    with pytest.raises(SourceError, match="no images"):
        taken(shard(tmp_path / "y.tar", {}))


def test_a_shard_that_is_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    elsewhere = shard(tmp_path / "elsewhere" / "a.tar", samples())
    shard(tmp_path / "data" / "a.tar", samples())
    (tmp_path / "data" / "b.tar").symlink_to(elsewhere)
    with pytest.raises(SourceError, match="a link that leads out of the folder"):
        webdataset.describe(str(tmp_path / "data"))
    shutil.copy(elsewhere, tmp_path / "data" / "c.tar")
    (tmp_path / "data" / "b.tar").unlink()
    (tmp_path / "data" / "b.tar").symlink_to("c.tar")
    assert len(taken(tmp_path / "data")[1].labels) == 18
