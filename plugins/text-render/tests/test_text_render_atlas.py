"""The shipped atlas, its licences, the user's fonts, and the cost of an import."""

import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import pe_text_render
from pe_sdk import CannotMake, OutputSpec, PluginWarning
from pe_text_render.atlas import CHARS, DIGITS, LETTERS, shipped, shipped_faces
from pe_text_render.cells import SIZE, ZERO, grow, pack, shrink, unpack
from pe_text_render.glyphs import Mask, from_masks
from pe_text_render.userfonts import atlas_of, cache_folder

ALLOWED = {"OFL-1.1", "OFL-1.0", "Apache-2.0", "MIT", "BSD-3-Clause", "LicenseRef-Hershey"}
ROOT = resources.files("pe_text_render")


def test_there_are_enough_faces_and_half_are_handwriting():
    faces = shipped_faces()
    assert len(faces) >= 200
    assert sum(face.handwriting for face in faces) >= len(faces) / 2
    assert len({face.name for face in faces}) == len(faces)
    assert [face.name for face in faces] == sorted(face.name for face in faces)


def test_every_face_has_an_allowed_licence_whose_text_is_shipped():
    for face in shipped_faces():
        assert set(re.split(r" AND ", face.licence)) <= ALLOWED, face
        assert face.source and face.version and face.family, face
        notice = (ROOT / "LICENSES" / face.notice).read_text(encoding="utf-8")
        assert re.search("copyright|hershey", notice, re.IGNORECASE), face.notice
        if "OFL" in face.licence:
            assert re.search(r"open\s+font\s+license", notice, re.IGNORECASE), face.notice
        if "Apache" in face.licence:
            assert (ROOT / "LICENSES" / "Apache-2.0.txt").is_file()
    used = {face.notice for face in shipped_faces()} | {"Apache-2.0.txt", "MIT.txt"}
    assert {p.name for p in (ROOT / "LICENSES").iterdir()} == used


def test_every_face_has_all_digits_and_most_have_all_letters():
    digits = shipped(DIGITS)
    assert digits.present.all()
    assert (digits.cells.max(axis=(2, 3)) > ZERO).all()
    assert shipped(LETTERS).present.all(axis=1).mean() > 0.9
    assert shipped(CHARS).present.mean() > 0.9


def test_the_shipped_files_are_small():
    assert sum(p.stat().st_size for p in Path(str(ROOT / "assets")).iterdir()) < 6.3e6


def test_packing_is_exact_and_shrinking_nearly():
    cells = shipped("8").cells
    np.testing.assert_array_equal(unpack(pack(cells)), cells)
    back = grow(shrink(cells)).astype(int)
    assert np.abs(back - cells)[..., 4:-4, 4:-4].mean() < 4  # a quarter of a cell pixel is 4


def test_a_distance_field_is_the_distance():
    """A disc, whose distance is known: 16 values per pixel, within an eighth of a cell pixel."""
    y, x = np.mgrid[-100:101, -100:101]
    glyphs = from_masks({"o": Mask(x**2 + y**2 <= 100.5**2, 0, -201, 210)}, "o")
    pitch = 201 / 32
    v, u = (np.mgrid[:SIZE, :SIZE] + 0.5 - SIZE / 2) * pitch
    distance = (100.5 - np.hypot(u, v)) / pitch
    near = np.abs(distance) < 7
    assert np.abs((glyphs.cells[0].astype(float) - ZERO) / 16 - distance)[near].max() < 0.125


def test_importing_the_module_is_light():
    code = (
        "import sys, pe_text_render\n"
        "loaded = {module.split('.')[0] for module in sys.modules}\n"
        "print(sorted(loaded & {'numba', 'fontTools', 'PIL', 'scipy'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def fonts(tmp_path, monkeypatch):
    """A folder of two generated fonts: squares for digits, one of them without the 7."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "fonts"
    folder.mkdir()
    _font(folder / "whole.ttf", "0123456789")
    _font(folder / "partial.ttf", "012345689")
    return folder


def _font(path: Path, chars: str) -> None:
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    names = [".notdef"] + [f"d{c}" for c in chars]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): f"d{c}" for c in chars})
    glyphs = {}
    for i, name in enumerate(names):
        pen = TTGlyphPen(None)
        for corner, move in enumerate(
            [(100, 0), (100, 700), (200 + 40 * i, 700), (200 + 40 * i, 0)]
        ):
            (pen.moveTo if corner == 0 else pen.lineTo)(move)
        pen.closePath()
        glyphs[name] = pen.glyph()
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(names, (800, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


def _make(folder: Path, labels=tuple("0123456789")):
    return pe_text_render.make(
        OutputSpec.image(28, 28), labels, pe_text_render.Options(fonts=str(folder))
    )


def test_fonts_of_the_user_are_used_and_cached(fonts):
    made = _make(fonts, tuple("012"))
    assert made.space["font"].choices == ("partial", "whole")
    kept = sorted(cache_folder().iterdir())
    assert len(kept) == 2 and all(p.suffix == ".npz" for p in kept)
    before = atlas_of(fonts, "012")
    kept[0].write_bytes(b"torn")
    after = atlas_of(fonts, "012")
    np.testing.assert_array_equal(before.cells, after.cells)


def test_a_face_that_lacks_a_character_is_left_out_with_one_warning(fonts):
    with pytest.warns(PluginWarning, match="'partial'") as caught:
        made = _make(fonts)
    assert len(caught) == 1
    assert made.space["font"].choices == ("whole",)


def test_a_broken_font_is_one_warning_that_names_it(fonts):
    (fonts / "broken.ttf").write_bytes(b"\x00\x01\x00\x00not a font")
    (fonts / "readme.txt").write_text("no font")
    with pytest.warns(PluginWarning, match=r"broken\.ttf") as caught:
        made = _make(fonts, ("1", "2"))
    assert len(caught) == 1
    assert made.space["font"].choices == ("partial", "whole")


def test_no_usable_font_is_an_error(fonts, tmp_path):
    with pytest.raises(CannotMake, match="no folder"):
        _make(tmp_path / "none")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CannotMake, match="no usable font"):
        _make(empty)
    with pytest.raises(CannotMake, match="no face has"):
        _make(fonts, ("x",))


def test_two_fonts_of_one_name_get_their_paths(fonts):
    (fonts / "more").mkdir()
    _font(fonts / "more" / "whole.ttf", "01")
    assert _make(fonts, ("0", "1")).space["font"].choices == (
        "more/whole.ttf",
        "partial",
        "whole.ttf",
    )
