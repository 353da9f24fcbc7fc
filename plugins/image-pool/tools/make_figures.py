"""Draw the figures of the documentation: `python tools/make_figures.py FOLDER`

Needs pe-plugin-pyrender-faces.
"""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import pe_image_pool
import pe_pyrender_faces
import pe_text_render
from pe_image_pool.law import gamma
from pe_sdk import Generator, OutputSpec, SimulatorGenerator, random

COUNT, COLUMNS, MARGIN, GAP = 20_000, 12, 110, 2
DEGREES = (0.0, 0.1, 0.3, 0.5, 0.75, 1.0)


class Peers:
    """`pe_sdk.Peers` with the two simulators of the figures."""

    def make(self, name, output, labels, options):
        simulators = {"text-render": pe_text_render, "pyrender-faces": pe_pyrender_faces}
        made = simulators[name].make(output, labels, simulators[name].Options(**options))
        return SimulatorGenerator(made, output, labels)


def pool(name: str, output: OutputSpec, labels: tuple[str, ...]) -> Generator:
    options = {"backend": "numba"} if name == "pyrender-faces" else {}
    chosen = pe_image_pool.Options(generator=name, count=COUNT, generator_options=options)
    return pe_image_pool.make(output, labels, chosen, Peers())


def sheet(made: Generator, labels: np.ndarray, zoom: int) -> Image.Image:
    """Draw pictures of the pool, and below them a row of their variations for each degree.

    The degrees begin with 0, which shows the pictures themselves.
    """
    start = made.random(labels, random.derive(3, "figure", len(labels)))
    rows = [made.vary(start, degree, random.derive(4, "vary", len(labels))) for degree in DEGREES]
    pictures = np.stack([made.restore(r.labels, r.state).data for r in rows])
    height, width = pictures.shape[2] * zoom + GAP, pictures.shape[3] * zoom + GAP
    page = Image.new("RGB", (MARGIN + width * len(labels), height * len(rows)), (40, 40, 40))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(13)
    for i, degree in enumerate(DEGREES):
        draw.text(
            (6, int((i + 0.35) * height)),
            f"{degree:g}   1 of {gamma(degree, 1000)}",
            fill=(230, 230, 230),
            font=font,
        )
        for j, picture in enumerate(pictures[i]):
            small = Image.fromarray(picture if picture.shape[2] == 3 else picture[..., 0]).convert(
                "RGB"
            )
            large = small.resize((width - GAP, height - GAP), Image.Resampling.NEAREST)
            page.paste(large, (MARGIN + j * width, i * height))
    return page


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        digits = pool("text-render", OutputSpec.image(28, 28), tuple("0123456789"))
        sheet(digits, np.arange(COLUMNS) % 10, 2).quantize(32).save(
            folder / "digits.png", optimize=True
        )
        faces = pool("pyrender-faces", OutputSpec.image(64, 64, 3), ("face",))
        sheet(faces, np.zeros(COLUMNS, np.int64), 1).save(folder / "faces.png", optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
