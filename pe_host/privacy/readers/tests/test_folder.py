import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pe_host.privacy.readers import folder
from pe_sdk import OutputSpec, SourceError

IMAGES = np.random.default_rng(1).integers(0, 256, (6, 5, 4), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 2, 1, 0])
GRAY = OutputSpec.image(5, 4)


def _folders(path: Path, mode: str = "L") -> str:
    for row, (pixels, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        (path / f"class{label}").mkdir(exist_ok=True)
        Image.fromarray(pixels).convert(mode).save(path / f"class{label}" / f"{row}.png")
    (path / "README").write_text("beside the class folders")
    return str(path)


def test_folder_reads_images_in_sorted_order(tmp_path: Path) -> None:
    where = _folders(tmp_path)
    info = folder.describe(where)
    assert info.output == GRAY and info.label_names == ("class0", "class1", "class2")
    table = folder.read(where, info.output, info.label_names)
    assert np.array_equal(table.data[..., 0], IMAGES[[0, 5, 1, 4, 2, 3]])
    assert table.labels.tolist() == [0, 0, 1, 1, 2, 2]
    table = folder.read(where, info.output, ("class2", "class1", "class0"))
    assert table.labels.tolist() == [2, 2, 1, 1, 0, 0]


def _fault(where: str) -> SourceError:
    """The only fault of the images in the folder, read as gray ones of the first form."""
    faults = folder.read(where, GRAY, ("class0", "class1", "class2")).faults
    assert faults is not None and len(faults) == 1, faults
    return next(iter(faults.values()))


def test_no_single_image_decides_the_form_of_the_others(tmp_path: Path) -> None:
    """If gray were converted, one colour record that sorts first would decide the release."""
    where = _folders(tmp_path)
    Image.fromarray(IMAGES[0]).convert("RGB").save(tmp_path / "class0" / "0.png")
    info = folder.describe(where)
    faults = folder.read(where, info.output, info.label_names).faults
    assert faults is not None and sorted(faults) == [1, 2, 3, 4, 5]
    assert "is not a colour image" in faults[1].what


def test_fault_15_images_that_do_not_fit_are_a_fault_of_their_row(tmp_path: Path) -> None:
    where = _folders(tmp_path)
    bad = tmp_path / "class1" / "9.png"
    for image in (Image.fromarray(IMAGES[0].T.copy()), Image.fromarray(IMAGES[0]).convert("RGB")):
        image.save(bad)
        assert "is not a gray image of 4 × 5 pixels" in _fault(where).what
    Image.fromarray(IMAGES[0]).save(bad)
    for content in (b"", b"not an image", bad.read_bytes()[:50]):
        bad.write_bytes(content)
        fault = _fault(where)
        assert fault.what.startswith("the file in row 2 of this class folder")
        assert fault.where == str(tmp_path / "class1")


def test_a_name_of_a_file_stands_apart_from_the_message(tmp_path: Path) -> None:
    where = _folders(tmp_path)
    (tmp_path / "class1" / "jane-doe.png").write_bytes(b"")
    fault = _fault(where)
    assert fault.name == "jane-doe.png"
    assert not any("jane" in text for text in (fault.what, fault.where, fault.fix, str(fault)))


@pytest.mark.parametrize("stray", ["Thumbs.db", "notes.txt"])
def test_a_stray_file_in_a_class_folder_is_a_fault_with_what_to_do(
    tmp_path: Path, stray: str
) -> None:
    where = _folders(tmp_path)
    (tmp_path / "class1" / stray).write_text("no image")
    fault = _fault(where)
    assert fault.name == stray and "move it out" in fault.fix


def test_the_first_image_that_can_be_read_gives_the_form(tmp_path: Path) -> None:
    """Otherwise one odd record decides whether there is a run, also where it would be dropped."""
    where = _folders(tmp_path)
    (tmp_path / "class0" / "#first").write_bytes(b"")
    info = folder.describe(where)
    assert info.output == GRAY
    assert "in row 0" in _fault(where).what


def test_nothing_but_regular_files_within_the_folder_is_read(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    where = _folders(root)
    outside = tmp_path / "outside.png"
    Image.fromarray(IMAGES[0]).save(outside)
    odd = root / "class1" / "9.png"
    os.mkfifo(odd)
    assert "is a pipe, not a file" in _fault(where).what
    odd.unlink()
    odd.symlink_to("/dev/zero")
    assert "is a link that leads out of the folder" in _fault(where).what
    odd.unlink()
    odd.symlink_to(outside)
    assert "is a link that leads out of the folder" in _fault(where).what
    odd.unlink()
    odd.symlink_to("../class0/0.png")
    table = folder.read(where, GRAY, ("class0", "class1", "class2"))
    assert not table.faults and np.array_equal(table.data[4, ..., 0], IMAGES[0])


def test_a_class_folder_that_is_a_link_out_is_refused(tmp_path: Path) -> None:
    root, other = tmp_path / "data", tmp_path / "other"
    root.mkdir()
    other.mkdir()
    where = _folders(root)
    (root / "class9").symlink_to(other)
    with pytest.raises(SourceError, match="class9: this is a link that leads out"):
        folder.describe(where)


def test_a_folder_in_a_class_folder_is_refused_as_a_whole(tmp_path: Path) -> None:
    where = _folders(tmp_path)
    (tmp_path / "class1" / "more").mkdir()
    with pytest.raises(SourceError, match="the entry in row 2 of this class folder is a folder"):
        folder.read(where, GRAY, ("class0", "class1", "class2"))


def test_folders_without_classes_or_images_are_errors(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "none"):
        with pytest.raises(SourceError):
            folder.describe(str(where))
    (tmp_path / "a").mkdir()
    with pytest.raises(SourceError, match="no images"):
        folder.describe(str(tmp_path))
    (tmp_path / "b").mkdir()
    Image.fromarray(IMAGES[0]).save(tmp_path / "b" / "1.png")
    info = folder.describe(str(tmp_path))  # fault 15: an empty class is fine
    assert info.label_names == ("a", "b") and folder.read(
        str(tmp_path), GRAY, ("a", "b")
    ).labels.tolist() == [1]
    with pytest.raises(SourceError, match="not one of the classes"):
        folder.read(str(tmp_path), GRAY, ("a",))
