from pathlib import Path

import numpy as np
import pytest

from pe_host.privacy.readers import guess_scheme, npy
from pe_host.privacy.readers.tests.reading import images, refusal, taken
from pe_sdk.testing import check_reader

LABELS = np.arange(10) % 2
RGB = np.random.default_rng(4).integers(0, 256, (10, 8, 6, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "images.npy", RGB)
    np.save(tmp_path / "labels.npy", LABELS)
    return tmp_path


@pytest.mark.parametrize(
    ("location", "labels"),
    [
        ("{}/images.npy", "labels.npy"),
        ("{}/images.npy", "{}/labels.npy"),
        ("{0}/images.npy,{0}/labels.npy", ""),
        ("{}", ""),
    ],
)
def test_a_pair_of_files(folder: Path, location: str, labels: str) -> None:
    where = location.format(folder)
    assert guess_scheme(Path(where)) == "npy"
    info, table = taken(npy, where, labels=labels.format(folder))
    assert np.array_equal(images(table), RGB) and table.labels.tolist() == LABELS.tolist()
    assert info.label_names == ("0", "1")


def test_a_path_from_the_working_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The decision is the whole path, which holds wherever the run is resumed."""
    (folder / "elsewhere").mkdir()
    np.save(folder / "elsewhere" / "mine.npy", 1 - LABELS)
    monkeypatch.chdir(folder / "elsewhere")
    info, table = taken(npy, folder / "images.npy", labels="mine.npy")
    assert table.labels.tolist() == (1 - LABELS).tolist()
    assert info.options is not None and info.options.labels == "elsewhere/mine.npy"
    np.save(folder / "mine.npy", LABELS)
    error = refusal(npy, folder / "images.npy", labels="mine.npy")
    assert "another one in the working folder" in error.what
    assert str(folder / "elsewhere" / "mine.npy") in error.fix


def test_one_file_alone_is_one_class(folder: Path) -> None:
    info, table = taken(npy, folder / "images.npy")
    assert info.label_names == ("all",) and not table.labels.any()


def test_parts_in_a_folder(tmp_path: Path) -> None:
    for part, count in (("train", 10), ("test", 4)):
        np.save(tmp_path / f"x_{part}.npy", RGB[:count])
        np.save(tmp_path / f"y_{part}.npy", LABELS[:count])
    assert guess_scheme(tmp_path) == "npy"
    assert len(taken(npy, tmp_path)[1].labels) == 10
    assert len(taken(npy, tmp_path, split="test")[1].labels) == 4


def test_what_cannot_be_used_is_refused(folder: Path) -> None:
    assert "no such file" in refusal(npy, folder / "none.npy").what
    assert (
        "labels are given twice"
        in refusal(npy, f"{folder}/images.npy,{folder}/labels.npy", labels="labels.npy").what
    )
    (folder / "empty").mkdir()
    assert "no npy files" in refusal(npy, folder / "empty").what
    (folder / "images.npy").write_bytes((folder / "images.npy").read_bytes()[:-5])
    assert "announces another size" in refusal(npy, folder).what
    (folder / "images.npy").write_bytes(b"junk")
    assert "cannot be read" in refusal(npy, folder).what


def test_names_of_files_can_be_private_and_are_not_shown(folder: Path) -> None:
    """An operator sees them with --show-names, as those of pictures."""
    error = refusal(npy, folder, labels="grade")
    assert "images [10, 8, 6, 3], labels [10]" in error.what and not error.name
    for name in ("anna", "images_bob", "labels 山田"):
        np.save(folder / f"{name}.npy", RGB)
    info, _ = taken(npy, folder)
    assert info.passed_over == ("arrays of other names: 3",)
    errors = [refusal(npy, folder, **{key: "grade"}) for key in ("labels", "images", "client")]
    assert "images [10, 8, 6, 3], labels [10] and 3 more" in errors[0].what
    np.save(folder / "images_bob.npy", LABELS)
    (folder / "labels.npy").unlink()
    errors.append(refusal(npy, folder))
    assert "which array holds the labels" in errors[-1].what and "--labels KEY" in errors[-1].fix
    (folder / "images.npy").unlink()
    errors.append(refusal(npy, folder))
    assert "known to hold images; there are 3 of other names" in errors[-1].what
    (folder / "anna.npy").write_bytes(b"junk")
    errors.append(refusal(npy, folder))
    assert errors[-1].what == "the array 'file 0' cannot be read"
    (folder / "anna.npy").unlink()
    (folder / "anna.npy").symlink_to("/none/anna")
    errors.append(refusal(npy, folder))
    assert errors[-1].what == "there is no such file" and errors[-1].where == str(folder)
    for error in errors:
        assert "anna" in error.name
        for name in ("anna", "bob", "山田"):
            assert name not in f"{error} {error.fix} {error.where}".replace(str(folder), "")


def test_the_name_of_a_file_that_the_user_names_is_shown(folder: Path) -> None:
    (folder / "anna.npy").write_bytes(b"junk")
    assert "'anna' cannot be read" in refusal(npy, folder / "anna.npy").what


def test_labels_beside_a_file_whose_folder_has_a_comma(folder: Path) -> None:
    inner = folder / "a,b"
    inner.mkdir()
    for name in ("images", "labels"):
        (folder / f"{name}.npy").rename(inner / f"{name}.npy")
    info, table = taken(npy, inner / "images.npy", labels="labels.npy")
    assert table.labels.tolist() == LABELS.tolist()
    assert info.options is not None and info.options.labels == "labels.npy"


def test_a_file_of_a_folder_does_not_lead_out_of_it(folder: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "images.npy").symlink_to(folder / "images.npy")
    assert "leads out of the folder" in refusal(npy, inner).what


def test_the_reader_keeps_its_contract(folder: Path) -> None:
    (spec,) = npy.pe_readers()
    for location in (folder, folder / "images.npy"):
        check_reader(spec, location=str(location)).raise_for_failures()
