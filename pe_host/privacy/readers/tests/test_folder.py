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


def test_no_single_image_decides_the_form_of_the_others(tmp_path: Path) -> None:
    """If gray were converted, one colour record that sorts first would decide the release."""
    where = _folders(tmp_path)
    Image.fromarray(IMAGES[0]).convert("RGB").save(tmp_path / "class0" / "0.png")
    info = folder.describe(where)
    with pytest.raises(SourceError, match="expected a colour image"):
        folder.read(where, info.output, info.label_names)


def test_fault_15_images_that_do_not_fit_are_named(tmp_path: Path) -> None:
    where = _folders(tmp_path)
    names = folder.describe(where).label_names
    bad = tmp_path / "class1" / "9.png"
    for image in (Image.fromarray(IMAGES[0].T.copy()), Image.fromarray(IMAGES[0]).convert("RGB")):
        image.save(bad)
        with pytest.raises(SourceError, match=r"9\.png: expected a gray image of 4 × 5"):
            folder.read(where, GRAY, names)
    Image.fromarray(IMAGES[0]).save(bad)
    for content in (b"", b"not an image", bad.read_bytes()[:50]):
        bad.write_bytes(content)
        with pytest.raises(SourceError, match=r"9\.png"):
            folder.read(where, GRAY, names)


@pytest.mark.parametrize("stray", ["Thumbs.db", "notes.txt"])
def test_a_stray_file_in_a_class_folder_is_named_with_what_to_do(
    tmp_path: Path, stray: str
) -> None:
    where = _folders(tmp_path)
    names = folder.describe(where).label_names
    (tmp_path / "class1" / stray).write_text("no image")
    with pytest.raises(SourceError) as caught:
        folder.read(where, GRAY, names)
    assert caught.value.where.endswith(stray) and "move it out" in caught.value.fix


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
