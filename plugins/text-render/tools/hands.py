"""Hands: handwritten faces drawn by this project, because type lacks many shapes that people write.

Every digit has several skeletons (`skeletons.txt`): an open or a closed 4, a 2 with or without a
loop, a 1 of one stroke, a crossed 7, an 8 of one stroke or of two circles, a 9 with a straight
stem. A hand picks one of each, and bends, slants and proportions them all in its own manner.
Letters are the Hershey simplex skeletons, bent in the same manner.
"""

from pathlib import Path

import numpy as np
from packages import notice_of, package_folder
from strokes import HERSHEY_LICENCE, Faces, Stroke, draw, hershey_glyphs

from pe_text_render.atlas import CHARS, DIGITS, LETTERS, Face

COUNT = 78
ILLEGIBLE = (22, 64)
"""Hands that were judged illegible by eye: their manner is too strong."""
CAP = 21 / 32
"""Height of a digit in em, that of the Hershey capitals."""

NOTICE = """Hands: drawn by this project. MIT licence, \
Copyright (c) 2026 the pe authors; its text is in MIT.txt.

Their letters are bent Hershey skeletons; \
the acknowledgement of the Hershey fonts (hershey-fonts-data.txt) is therefore part of
this notice:

"""


Drawn = dict[str, tuple[list[Stroke], float]]
Skeleton = list[list[tuple[float, float]]]


def read_skeletons(path: Path) -> dict[str, list[Skeleton]]:
    """The skeletons of each digit, in the order of the file; the file describes its format."""
    found: dict[str, list[Skeleton]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        char, strokes = line.split(maxsplit=1)
        pairs = [[point.split(",") for point in stroke.split()] for stroke in strokes.split("|")]
        found.setdefault(char, []).append(
            [[(float(x), float(y)) for x, y in stroke] for stroke in pairs]
        )
    return found


def smooth(points: list[tuple[float, float]]) -> list[Stroke]:
    """Smooth lines through the points (Catmull-Rom splines); a repeated point is a corner."""
    runs: list[list[tuple[float, float]]] = [[points[0]]]
    for point in points[1:]:
        if point == runs[-1][-1]:
            runs.append([point])
        else:
            runs[-1].append(point)
    return [_spline(np.array(run)) for run in runs if len(run) > 1]


def _spline(p: Stroke) -> Stroke:
    closed = len(p) > 2 and np.allclose(p[0], p[-1])
    before = p[-2] if closed else 2 * p[0] - p[1]
    after = p[1] if closed else 2 * p[-1] - p[-2]
    q = np.concatenate([[before], p, [after]])
    t = np.linspace(0, 1, 13)[:, None]
    parts = []
    for a, b, c, d in zip(q, q[1:], q[2:], q[3:], strict=False):
        parts.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
        )
    return np.concatenate(parts)


def hand(number: int, digits: dict[str, list[Skeleton]], letters: Drawn) -> Drawn:
    """Strokes and advances in em of one hand.

    The stream of numpy's PCG64 is fixed, so a number is always the same hand.
    """
    random = np.random.default_rng([2026, number])
    wide = random.uniform(0.56, 0.88) * CAP
    slant = random.uniform(-0.08, 0.3)
    shift, phase = random.normal(0, 0.03, (2, 2, 2)), random.uniform(0, 2 * np.pi, (2, 2))
    glyphs = {}
    for char in DIGITS:
        skeleton = digits[char][int(random.integers(len(digits[char])))]
        own = random.normal(0, 0.015, (2, 2, 2))
        width = wide * random.uniform(0.85, 1.15)
        strokes = []
        for points in skeleton:
            for line in smooth(points):
                bent = _bend(line, shift + own, phase)
                strokes.append(
                    np.stack(
                        [
                            bent[:, 0] * width - (bent[:, 1] - 1) * slant * CAP,
                            (bent[:, 1] - 1) * CAP,
                        ],
                        axis=1,
                    )
                )
        left = min(s[:, 0].min() for s in strokes) - 0.1
        strokes = [s - (left, 0) for s in strokes]
        glyphs[char] = (strokes, max(s[:, 0].max() for s in strokes) + 0.1)
    for char in CHARS:
        if char not in DIGITS and char in letters:
            lines, advance = letters[char]
            stretch = wide / (0.7 * CAP) if char in LETTERS else 1.0
            bent = [_bend(_dense(line) / CAP, shift, phase) * CAP for line in lines]
            glyphs[char] = (
                [np.stack([b[:, 0] * stretch - b[:, 1] * slant, b[:, 1]], axis=1) for b in bent],
                advance * stretch,
            )
    return glyphs


def _bend(points: Stroke, shift: np.ndarray, phase: np.ndarray) -> Stroke:
    """Add two slow waves in each direction: a hand's own manner."""
    moved = points.copy()
    for axis in range(2):
        for other in range(2):
            wave = np.sin(np.pi * (1 + other) * points[:, 1 - other] + phase[axis, other])
            moved[:, axis] += shift[axis, other].sum() * wave
    return moved


def _dense(line: Stroke) -> Stroke:
    """Add points to straight pieces, so that they can bend."""
    at = np.arange(len(line))
    fine = np.linspace(0, len(line) - 1, 6 * (len(line) - 1) + 1)
    return np.stack([np.interp(fine, at, line[:, k]) for k in range(2)], axis=1)


def hand_faces(folder: Path) -> Faces:
    """All hands."""
    package = package_folder(folder, "hershey-fonts-data")
    letters = hershey_glyphs(package / "usr/share/hershey-fonts/futural.jhf")
    digits = read_skeletons(Path(__file__).parent / "skeletons.txt")
    notice = NOTICE + notice_of(package).read_text(encoding="utf-8")
    for number in range(1, COUNT + 1):
        if number in ILLEGIBLE:
            continue
        glyphs = hand(number, digits, letters)
        name = f"hand-{number:02d}"
        face = Face(
            name,
            "Hand",
            f"{number:02d}",
            True,
            f"MIT AND {HERSHEY_LICENCE}",
            "pe-plugin-text-render",
            "1.0.0",
            "hands.txt",
        )
        yield face, {c: draw(*g) for c, g in glyphs.items() if g[0] or c.isspace()}, notice
