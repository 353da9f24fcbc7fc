"""Labels, and the drawings taken from python_avatars."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from pe_avatars import Options, drawing, make
from pe_avatars.parts import CHOICES, COLOURS
from pe_sdk import CannotMake, OutputSpec, random

FOLDER = Path(__file__).parents[1]


def test_labels_narrow_their_space_and_keep_the_codes():
    asked = {"glasses": "accessory:round|wayfarers, top:bob"}
    made = make(OutputSpec.image(8, 8), ("plain", "glasses"), Options(labels=asked))
    columns = made.space_for("glasses").sample(random.derive(1, "test", 200))
    accessory = CHOICES["accessory"]
    assert set(columns["accessory"].tolist()) == {
        accessory.index("round"),
        accessory.index("wayfarers"),
    }
    assert set(columns["top"].tolist()) == {CHOICES["top"].index("bob")}
    assert made.space.contains(columns).all()
    assert len(
        np.unique(made.space_for("plain").sample(random.derive(1, "test", 500))["accessory"])
    ) == len(accessory)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"other": "top:bob"}, "unknown labels"),
        ({"a": "beard:bob"}, "no parameter 'beard'"),
        ({"a": "top:wig"}, "cannot be 'wig'"),
        ({"a": "top"}, "invalid constraint"),
        ({"a": "top:bob,top:bun"}, "twice"),
    ],
)
def test_constraints_that_make_no_sense_are_refused(asked, message):
    with pytest.raises(CannotMake, match=message):
        make(OutputSpec.image(8, 8), ("a",), Options(labels=asked))


def test_colours_are_those_of_the_package():
    """Guard the copied names and codes: a new version of the package may have others."""
    package = pytest.importorskip("python_avatars")
    kinds = {
        "background_color": "BackgroundColor",
        "skin_color": "SkinColor",
        "hair_color": "HairColor",
    }
    for name, kind in {**kinds, "clothing_color": "ClothingColor"}.items():
        assert dict(COLOURS[name]) == {c.name.lower(): c.value for c in getattr(package, kind)}


def test_parts_are_those_of_the_package():
    package = pytest.importorskip("python_avatars")
    kinds = {
        "eyes": "EyeType",
        "mouth": "MouthType",
        "accessory": "AccessoryType",
        "clothing": "ClothingType",
    }
    kinds |= {
        "eyebrows": "EyebrowType",
        "nose": "NoseType",
        "facial_hair": "FacialHairType",
        "style": "AvatarStyle",
    }
    for name, kind in kinds.items():
        assert sorted(CHOICES[name]) == sorted(c.name.lower() for c in getattr(package, kind))
    assert len(CHOICES["top"]) == len(package.HairType) + len(package.HatType)


def test_a_graphic_on_a_shirt_would_lie_below_the_crop():
    """This is why it is not a parameter: it begins at 170 + 58 units, the crop ends at 224."""
    left, top, width, height = drawing.CROP
    assert (left, top, left + width, top + height) == (40, 40, 224, 224)
    assert top + height <= 170 + 58


def test_missing_drawings_are_one_clear_error(monkeypatch):
    drawing._parsed.cache_clear()
    monkeypatch.setattr(drawing, "find_spec", lambda name: None)
    with pytest.raises(CannotMake, match="pip install python_avatars"):
        make(OutputSpec.image(8, 8), ("a",), Options())


def test_no_drawing_is_shipped_and_provenance_is_stated():
    """The art's terms allow its use, but nowhere its distribution: it comes in its own package."""
    assert (FOLDER / "LICENSE").is_file() and "python_avatars" in (
        FOLDER / "PROVENANCE.md"
    ).read_text(encoding="utf-8")
    shipped = [p for p in (FOLDER / "src").rglob("*") if p.suffix in (".svg", ".png", ".npz")]
    assert shipped == []
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any(d.startswith("python_avatars") for d in project["dependencies"])
