"""Draw the pictures of the documentation: `python tools/make_figures.py FOLDER`

Needs the text-render plugin.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import pe_diffusion
import pe_text_render
from pe_sdk import Generator, OutputSpec, Samples, random

DIGITS = tuple("0123456789")
DEGREES = (0.0, 0.1, 0.2, 0.4, 0.7, 1.0)
GAP = 2


def table(pictures: np.ndarray, columns: int, zoom: int) -> Image.Image:
    """A sheet of pictures [n, H, W, 1], enlarged, with `columns` of them in each row."""
    n, height, width, _ = pictures.shape
    cells = np.full((n // columns, height + GAP, columns, width + GAP), 40, np.uint8)
    cells[:, :height, :, :width] = (
        pictures[..., 0].reshape(-1, columns, height, width).transpose(0, 2, 1, 3)
    )
    flat = cells.reshape(-1, columns * (width + GAP))
    return Image.fromarray(flat).resize(
        (flat.shape[1] * zoom, flat.shape[0] * zoom), Image.Resampling.NEAREST
    )


def random_sheet(made: Generator, per_class: int = 20, zoom: int = 2) -> Image.Image:
    """A sheet with one row per class."""
    labels = np.repeat(np.arange(10), per_class)
    return table(made.random(labels, random.derive(7, "figure", len(labels))).data, per_class, zoom)


def written() -> Samples:
    simulator = pe_text_render.make(OutputSpec.image(28, 28), DIGITS, pe_text_render.Options())
    seeds, labels = random.derive(11, "figure", 10), np.arange(10)
    return Samples(simulator.render(simulator.space.sample(seeds), labels, seeds), labels)


def variation_sheet(made: Generator, first: Samples, each: int = 3, zoom: int = 2) -> Image.Image:
    """A sheet with one row per sample and `each` variations for each degree.

    Each variation has its own seed. Degree 0, the identity, has one column.
    """
    n, columns = len(first), []
    for degree in DEGREES:
        for i in range(1 if degree == 0 else each):
            columns.append(made.vary(first, degree, random.derive(13 + i, "figure", n)).data)
    pictures = np.stack(columns, axis=1).reshape(-1, 28, 28, 1)
    sheet = table(pictures, len(columns), zoom)
    page = Image.new("L", (sheet.width, sheet.height + 22), 40)
    page.paste(sheet, (0, 22))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(14)
    pitch = (28 + GAP) * zoom
    starts = [0, *(1 + each * i for i in range(len(DEGREES) - 1))]
    for degree, start in zip(DEGREES, starts, strict=True):
        draw.text(
            (start * pitch + 4, 3), f"degree {degree:g}" if start else "0", fill=230, font=font
        )
    return page


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    made = pe_diffusion.make(OutputSpec.image(28, 28), DIGITS, pe_diffusion.Options())
    own = made.random(np.arange(10), random.derive(5, "figure", 10))
    sheets = {
        "random.png": random_sheet(made),
        "vary-own.png": variation_sheet(made, own),
        "vary-text-render.png": variation_sheet(made, written()),
    }
    for name, sheet in sheets.items():
        sheet.quantize(32).save(folder / name, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
