"""Build the shipped atlas from a folder of unpacked font packages.

    python tools/build_atlas.py FOLDER

FOLDER holds one folder per package, named as in `faces.csv` (a version may follow after a dash).
Fetch the packages with the ordinary clients and unpack them into FOLDER, for example:

    npm pack @fontsource/caveat    tar xzf fontsource-caveat-*.tgz      -> fontsource-caveat/
    apt-get download fonts-kiloji  dpkg-deb -x fonts-kiloji_*.deb DIR   -> fonts-kiloji/

`faces.csv` lists the files of each package that are used, whether they look handwritten, and the
licence. Stroke fonts come from `strokes.py`, and the hands drawn by this project from `hands.py`.
The tool writes assets/faces.json, assets/*.npz and the licence texts in LICENSES/. It refuses a
face without all ten digits; other characters may be missing.
"""

import csv
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont
from hands import hand_faces
from packages import notice_of, package_folder, version_of
from strokes import stroke_faces

from pe_text_render.atlas import CHARS, DIGITS, PARTS, Atlas, Face, write_faces, write_part
from pe_text_render.glyphs import Glyphs, from_font, from_masks

TOOLS = Path(__file__).parent
PACKAGE = TOOLS.parent / "src" / "pe_text_render"


def names_of(path: Path) -> tuple[str, str]:
    """Family and style as the font names them; the file name where the family is unclear."""
    with TTFont(path, lazy=True, fontNumber=0) as font:
        table = font["name"]
        family = table.getDebugName(16) or table.getDebugName(1)
        style = table.getDebugName(17) or table.getDebugName(2)
    if not (family and family.isascii()):
        family = path.stem.partition("-")[0]
    return family, style or "Regular"


def font_faces(folder: Path) -> Iterator[tuple[Face, Glyphs, Path]]:
    with (TOOLS / "faces.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        package = package_folder(folder, row["package"])
        paths = sorted(
            p
            for p in package.rglob(row["pattern"])
            if p.suffix in (".ttf", ".otf", ".woff") and p.is_file() and not p.is_symlink()
        )
        if not paths:
            raise SystemExit(f"{package.name} has no file that matches {row['pattern']}")
        for path in paths:
            family, style = names_of(path)
            name = (
                re.sub(r"-latin-(\d+)-normal", r"-\1", path.stem)
                .lower()
                .replace("_", "-")
                .strip("-")
            )
            face = Face(
                name,
                family,
                style,
                row["handwriting"] == "yes",
                row["licence"],
                row["package"],
                version_of(package),
                f"{row['package']}.txt",
            )
            yield face, from_font(path, CHARS), notice_of(package)


def main(folder: Path) -> None:
    assets, licences = PACKAGE / "assets", PACKAGE / "LICENSES"
    for old in (assets, licences):
        shutil.rmtree(old, ignore_errors=True)
        old.mkdir(parents=True)
    # Debian's notices only point to it
    shutil.copyfile(TOOLS / "Apache-2.0.txt", licences / "Apache-2.0.txt")
    shutil.copyfile(TOOLS.parent / "LICENSE", licences / "MIT.txt")
    made: dict[str, tuple[Face, Glyphs]] = {}
    for face, glyphs, notice in font_faces(folder):
        add(made, face, glyphs)
        (licences / face.notice).write_text(notice, encoding="utf-8")
    for face, masks, notice in [*stroke_faces(folder), *hand_faces(folder)]:
        add(made, face, from_masks(masks, CHARS))
        (licences / face.notice).write_text(notice, encoding="utf-8")
    order = sorted(made)
    faces = tuple(made[name][0] for name in order)
    write_faces(assets / "faces.json", faces)
    for part, chars in PARTS.items():
        columns = [CHARS.index(char) for char in chars]
        stack = [
            np.stack([getattr(made[name][1], field)[columns] for name in order])
            for field in ("cells", "metrics", "present")
        ]
        write_part(assets / f"{part}.npz", Atlas(faces, chars, *stack), small=part != "digits")
    hands = sum(face.handwriting for face in faces)
    sizes = {p.name: p.stat().st_size for p in sorted(assets.iterdir())}
    sys.stdout.write(f"{len(faces)} faces, {hands} of them handwriting-like; {sizes} bytes\n")


def add(made: dict[str, tuple[Face, Glyphs]], face: Face, glyphs: Glyphs) -> None:
    columns = [CHARS.index(char) for char in DIGITS]
    if not glyphs.present[columns].all():
        raise SystemExit(f"{face.name} lacks digits; remove it from faces.csv")
    same = [
        name
        for name, (_, other) in made.items()
        if np.array_equal(other.cells[columns], glyphs.cells[columns])
    ]
    if same:
        sys.stderr.write(f"{face.name} has the same digits as {same[0]}: skipped\n")
        return
    if face.name in made:
        raise SystemExit(f"two faces are named {face.name}; rename one file")
    made[face.name] = (face, glyphs)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
