"""Masks of stroke fonts drawn with a round pen: Inkscape's SVG fonts, and Hershey fonts (jhf)."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from fontTools.pens.recordingPen import RecordingPen
from fontTools.svgLib.path import parse_path
from packages import notice_of, package_folder, version_of
from PIL import Image, ImageDraw

from pe_text_render.atlas import CHARS, DIGITS, Face
from pe_text_render.glyphs import EM, Mask

PEN = 0.075
"""Pen width in em; the renderer thins or thickens strokes from there."""
SVG_FONTS = {
    "EMSAllure": True,
    "EMSElfin": True,
    "EMSFelix": True,
    "EMSNixish": True,
    "EMSNixishItalic": True,
    "EMSReadability": True,
    "EMSReadabilityItalic": True,
    "EMSTech": False,
    "EMSOsmotron": False,
}
HERSHEY = {"futural": False, "rowmans": False, "scripts": True, "cursive": True}
HERSHEY_EM = 32.0
"""Hershey units per em: capitals are 21 units high."""
HERSHEY_LICENCE = "LicenseRef-Hershey"

Stroke = np.ndarray
"""float [k, 2]: points of a line in em, y down from the baseline."""
Faces = Iterator[tuple[Face, dict[str, Mask], str]]


def draw(strokes: list[Stroke], advance: float, pen: float = PEN) -> Mask:
    """Ink of some strokes; `advance` and `pen` are in em."""
    if not strokes:
        return Mask(np.zeros((1, 1), np.bool_), 0, 0, advance * EM)
    points = np.concatenate(strokes) * EM
    border = pen * EM / 2 + 3
    left, top = np.floor(points.min(0) - border)
    right, bottom = np.ceil(points.max(0) + border)
    fine = 2  # sub-pixels per side
    image = Image.new("1", (int(right - left) * fine, int(bottom - top) * fine))
    canvas = ImageDraw.Draw(image)
    radius = pen * EM / 2 * fine
    for stroke in strokes:
        line = [((x * EM - left) * fine, (y * EM - top) * fine) for x, y in stroke]
        canvas.line(line, fill=1, width=round(2 * radius))
        for x, y in line:
            canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
    return Mask(np.asarray(image)[::fine, ::fine], left, top, advance * EM)


def svg_glyphs(path: Path) -> dict[str, tuple[list[Stroke], float]]:
    """Strokes and advance in em of every single-character glyph of an SVG stroke font."""
    text = path.read_text(encoding="utf-8")
    unit = float(re.search(r'units-per-em="([\d.]+)"', text).group(1))
    glyphs = {}
    for tag in re.findall(r"<glyph\s[^>]*>", text):
        fields = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        char = html.unescape(fields.get("unicode", ""))
        if len(char) == 1:
            glyphs[char] = (
                flatten(fields.get("d", ""), 1 / unit),
                float(fields["horiz-adv-x"]) / unit,
            )
    return glyphs


def flatten(path: str, scale: float) -> list[Stroke]:
    """The lines of an SVG path, with curves as polygons and y turned to point down."""
    pen = RecordingPen()
    parse_path(path, pen)
    strokes: list[list[np.ndarray]] = []
    for name, points in pen.value:
        pts = [np.array(p, float) * (scale, -scale) for p in points]
        if name == "moveTo":
            strokes.append([pts[0]])
        elif name == "lineTo":
            strokes[-1].append(pts[0])
        elif name == "curveTo":
            t = np.linspace(0, 1, 17)[1:, None]
            a, (b, c, d) = strokes[-1][-1], pts
            strokes[-1].extend(
                (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
            )
        elif name == "qCurveTo":
            t = np.linspace(0, 1, 17)[1:, None]
            a, (b, c) = strokes[-1][-1], pts
            strokes[-1].extend((1 - t) ** 2 * a + 2 * (1 - t) * t * b + t**2 * c)
        elif name == "closePath":
            strokes[-1].append(strokes[-1][0])
    return [np.array(stroke) for stroke in strokes]


def hershey_glyphs(path: Path) -> dict[str, tuple[list[Stroke], float]]:
    """Strokes and advance in em of the printable ASCII characters of a Hershey font (jhf)."""
    text = path.read_text(encoding="latin-1").replace("\r", "").replace("\n", "")
    glyphs, at = {}, 0
    for code in range(32, 127):
        count = int(text[at + 5 : at + 8])
        pairs = [text[at + 8 + 2 * i : at + 10 + 2 * i] for i in range(count)]
        at += 8 + 2 * count
        left, right = (ord(c) - ord("R") for c in pairs[0])
        lines = " ".join(
            "/" if p == " R" else f"{ord(p[0]) - ord('R') - left},{ord(p[1]) - ord('R') - 9}"
            for p in pairs[1:]
        )
        strokes = [
            np.array([p.split(",") for p in s.split()], float) / HERSHEY_EM
            for s in lines.split("/")
            if s.split()
        ]
        glyphs[chr(code)] = (strokes, (right - left) / HERSHEY_EM)
    return glyphs


def masks_of(glyphs: dict[str, tuple[list[Stroke], float]]) -> dict[str, Mask]:
    return {c: draw(*glyphs[c]) for c in CHARS if c in glyphs and (glyphs[c][0] or c.isspace())}


def stroke_faces(folder: Path) -> Faces:
    """The faces of Inkscape's single-line fonts and of the Hershey fonts."""
    package = package_folder(folder, "inkscape")
    svg_fonts = package / "usr/share/inkscape/extensions/svg_fonts"
    ofl = (svg_fonts / "OFL.txt").read_text(encoding="utf-8")
    for name, handwriting in SVG_FONTS.items():
        text = (svg_fonts / f"{name}.svg").read_text(encoding="utf-8")
        credit = re.search(r"<metadata>(.*?)</metadata>", text, re.DOTALL).group(1).strip()
        family = re.search(r'font-family="([^"]+)"', text).group(1)
        style = "Italic" if name.endswith("Italic") else "Regular"
        face = Face(
            name.lower(),
            family,
            style,
            handwriting,
            "OFL-1.1",
            "inkscape",
            version_of(package),
            f"{name}.txt",
        )
        yield face, masks_of(svg_glyphs(svg_fonts / f"{name}.svg")), f"{credit}\n\n{ofl}"
    package = package_folder(folder, "hershey-fonts-data")
    notice = notice_of(package).read_text(encoding="utf-8")
    for name, handwriting in HERSHEY.items():
        glyphs = hershey_glyphs(package / f"usr/share/hershey-fonts/{name}.jhf")
        face = Face(
            f"hershey-{name}",
            "Hershey",
            name,
            handwriting,
            HERSHEY_LICENCE,
            "hershey-fonts-data",
            version_of(package),
            "hershey-fonts-data.txt",
        )
        assert set(DIGITS) <= set(glyphs)
        yield face, masks_of(glyphs), notice
