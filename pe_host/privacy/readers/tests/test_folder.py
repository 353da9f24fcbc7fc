import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pe_host.privacy.readers import folder
from pe_host.privacy.readers.tests.pictures import class_files, gray, png, rgb, write
from pe_sdk import OutputSpec, SourceError, SourceInfo, SourceOptions, Table
from pe_sdk.testing import check_reader

IMAGES = np.random.default_rng(1).integers(0, 256, (6, 5, 4), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 2, 1, 0])
GRAY = OutputSpec.image(5, 4)
CLASSES = ("class0", "class1", "class2")


def _folders(path: Path, mode: str = "L") -> str:
    for row, (pixels, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        (path / f"class{label}").mkdir(exist_ok=True)
        Image.fromarray(pixels).convert(mode).save(path / f"class{label}" / f"{row}.png")
    (path / "README").write_text("beside the class folders")
    return str(path)


def _described(where: Any, **options: Any) -> SourceInfo:
    return folder.describe(str(where), SourceOptions(**options))


def _taken(where: Any, **options: Any) -> tuple[SourceInfo, Table]:
    """What a run has: the reader chooses nothing anew when it reads."""
    info = _described(where, **options)
    assert info.options is not None
    return info, folder.read(str(where), info.output, info.label_names, info.options)


def test_folder_reads_images_in_sorted_order(tmp_path: Path) -> None:
    where = _folders(tmp_path)
    info = folder.describe(where)
    assert info.output == GRAY and info.label_names == CLASSES
    assert info.names_from == "the names of the folders" and info.layout == "class folders"
    assert info.passed_over == ("README",)
    table = folder.read(where, info.output, info.label_names)
    assert np.array_equal(table.data[..., 0], IMAGES[[0, 5, 1, 4, 2, 3]])
    assert table.labels.tolist() == [0, 0, 1, 1, 2, 2]
    table = folder.read(where, info.output, ("class2", "class1", "class0"))
    assert table.labels.tolist() == [2, 2, 1, 1, 0, 0]


def test_it_keeps_the_contract_of_readers(tmp_path: Path) -> None:
    (spec,) = folder.pe_readers()
    check_reader(spec, location=_folders(tmp_path)).raise_for_failures()


def _fault(where: str) -> SourceError:
    """The only fault of the images in the folder, read as gray ones of the first form."""
    faults = folder.read(where, GRAY, CLASSES).faults
    assert faults is not None and len(faults) == 1, faults
    return next(iter(faults.values()))


def test_no_single_image_decides_the_form_of_the_others(tmp_path: Path) -> None:
    """Not the first one either: of the first few, the most frequent form counts."""
    where = _folders(tmp_path)
    Image.fromarray(IMAGES[0]).convert("RGB").save(tmp_path / "class0" / "0.png")
    assert folder.describe(where).output == GRAY
    fault = _fault(where)
    assert "in row 0 of this class folder is a colour image (mode RGB), not gray" in fault.what
    assert "as in the first images by name" in fault.what and "--colour gray" in fault.fix
    Image.fromarray(IMAGES[0, :4]).save(tmp_path / "class0" / "0.png")
    assert folder.describe(where).output == GRAY
    fault = _fault(where)
    assert "has 4 × 4 pixels, not 5 × 4 as in the first images by name" in fault.what
    assert "--size 5x4 --fit crop" in fault.fix


def test_fault_15_images_that_do_not_fit_are_a_fault_of_their_row(tmp_path: Path) -> None:
    where = _folders(tmp_path)
    bad = tmp_path / "class1" / "9.png"
    for image, says in (
        (Image.fromarray(IMAGES[0].T.copy()), "has 4 × 5 pixels"),
        (Image.fromarray(IMAGES[0]).convert("RGB"), "is a colour image"),
    ):
        image.save(bad)
        assert says in _fault(where).what
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


def test_files_of_systems_are_passed_over_and_said(tmp_path: Path) -> None:
    where = _folders(tmp_path)
    for name in ("Thumbs.db", "class1/thumbs.db", "class0/.DS_Store", "class2/.x.png",
                 "class2/desktop.ini", "__MACOSX/class0/._1.png",
                 ".ipynb_checkpoints/a.png"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(b"\0")
    info, table = _taken(where)
    assert info.label_names == CLASSES and len(table.labels) == 6 and not table.faults
    assert info.passed_over[:6] == (
        ".DS_Store",
        ".ipynb_checkpoints",
        "Thumbs.db",
        "__MACOSX",
        "desktop.ini",
        "names that start with a dot",
    )


def test_a_stray_file_in_a_class_folder_is_an_error_before_anything_is_read(
    tmp_path: Path,
) -> None:
    where = _folders(tmp_path)
    (tmp_path / "class1" / "notes.txt").write_text("no image")
    with pytest.raises(SourceError, match=r"in row 2 of this class folder is no image") as caught:
        folder.describe(where)
    assert caught.value.name == "notes.txt" and "move it out" in caught.value.fix


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
    table = folder.read(where, GRAY, CLASSES)
    assert not table.faults and np.array_equal(table.data[4, ..., 0], IMAGES[0])


def test_a_class_folder_may_be_a_link_and_its_files_may_not_lead_out(tmp_path: Path) -> None:
    root, other = tmp_path / "data", tmp_path / "other"
    root.mkdir()
    other.mkdir()
    where = _folders(root)
    (other / "1.png").write_bytes(png(IMAGES[0]))
    (root / "class9").symlink_to(other)
    info, table = _taken(where)
    assert info.label_names == (*CLASSES, "class9") and "links to folders elsewhere: class9" in (
        info.layout
    )
    assert len(table.labels) == 7 and not table.faults
    assert np.array_equal(table.data[6, ..., 0], IMAGES[0])
    (other / "2.png").symlink_to(root / "class0" / "0.png")
    faults = folder.read(where, GRAY, info.label_names).faults
    assert faults and "is a link that leads out of the folder" in faults[7].what


def test_links_to_folders_further_down_are_refused(tmp_path: Path) -> None:
    where = _folders(tmp_path)
    (tmp_path / "class1" / "a").mkdir()
    (tmp_path / "class1" / "a" / "again").symlink_to(tmp_path)
    with pytest.raises(SourceError, match="holds a link to a folder"):
        folder.describe(where)
    (tmp_path / "class1" / "a" / "again").unlink()
    (tmp_path / "circle").symlink_to(tmp_path)
    with pytest.raises(SourceError, match="holds a link to a folder"):
        folder.describe(where)


def test_nested_folders_are_one_class(tmp_path: Path) -> None:
    write(tmp_path, class_files({"disc/site1": 0, "disc/site2": 0, "bar/site1": 1}))
    info, table = _taken(tmp_path)
    assert info.label_names == ("bar", "disc") and table.labels.tolist() == [0] * 3 + [1] * 6
    (tmp_path / "disc" / "site2" / "1.png").write_bytes(b"")
    _, table = _taken(tmp_path)
    assert table.faults and "in row 4 of this class folder" in table.faults[7].what
    assert table.faults[7].where == str(tmp_path / "disc")


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


def test_images_of_all_sizes_and_kinds_need_an_option_and_are_read_with_it(tmp_path: Path) -> None:
    sizes = (12, 15, 20, 9, 30, 17)
    for number, size in enumerate(sizes):
        write(tmp_path, {f"{'ab'[number % 2]}/{number}.png": rgb(number, size)})
    with pytest.raises(SourceError, match="differ in size") as caught:
        _described(tmp_path)
    assert "--size 64x64 --fit crop" in caught.value.fix
    with pytest.raises(SourceError, match="no size is given") as caught:
        _described(tmp_path, fit="pad")
    assert "--size 64x64 --fit pad" in caught.value.fix
    info, table = _taken(tmp_path, size=(12, 12))
    assert table.faults and len(table.faults) == 5
    assert "not 12 × 12 as in --size" in table.faults[1].what
    assert table.faults[1].fix.startswith("add --fit crop")
    info, table = _taken(tmp_path, size=(8, 10), fit="crop", colour="gray")
    assert info.output == OutputSpec.image(8, 10) and not table.faults
    left = np.asarray(table.data)[:3, :, :3].mean()
    right = np.asarray(table.data)[3:, :, :3].mean()
    assert left > 90 > 30 > right, "each class keeps its bright half"
    assert "8 × 10 pixels: scaled to cover it" in info.preparation[0]
    with pytest.raises(SourceError, match="more than 100 million"):
        _described(tmp_path, size=(65_000, 65_000), fit="crop")


def test_a_gray_image_among_colour_ones_is_the_one_to_blame_wherever_it_sorts(
    tmp_path: Path,
) -> None:
    for number in (0, 17):
        root = tmp_path / str(number)
        write(root, class_files({"disc": 0}, 20))
        write(root, {f"disc/{number}.png": gray(0)})
        info, table = _taken(root)
        assert info.output == OutputSpec.image(12, 12, 3)
        assert table.faults and list(table.faults) == [number]
        assert "is gray (mode L), not colour as in the first images" in table.faults[number].what
        info, table = _taken(root, colour="rgb")
        assert not table.faults and np.array_equal(
            table.data[number], np.repeat(gray(0)[..., None], 3, axis=2)
        )
        assert _described(root, colour="gray").output == OutputSpec.image(12, 12)
