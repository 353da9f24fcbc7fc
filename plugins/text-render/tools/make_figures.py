"""Draw the pictures of the documentation: `python tools/make_figures.py FOLDER`"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import pe_text_render
from pe_sdk import Categorical, OutputSpec, Simulator, random

DIGITS = tuple("0123456789")
GAP = 2


def simulator(height: int, width: int, labels: tuple[str, ...] = DIGITS) -> Simulator:
    return pe_text_render.make(OutputSpec.image(height, width), labels, pe_text_render.Options())


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


def random_sheet(made: Simulator, labels: int, n: int, columns: int, zoom: int) -> Image.Image:
    seeds = random.derive(7, "figure", n)
    which = np.arange(n) % labels
    return table(made.render(made.space.sample(seeds), which, seeds), columns, zoom)


def sweep_sheet(made: Simulator, steps: int = 11, zoom: int = 2) -> Image.Image:
    """A row for each parameter, from its low end to its high end; the others stay in the middle."""
    names = list(made.space)
    params = {name: p.sample(np.full(steps * len(names), 0.5)) for name, p in made.space.items()}
    params["font"][:] = made.space["font"].choices.index("patrick-hand-400")
    params["blur"][:] = 0.002
    for row, name in enumerate(names):
        params[name][row * steps : (row + 1) * steps] = made.space[name].sample(
            np.linspace(0, 1 - 1e-9, steps)
        )
    labels = np.full(len(params["font"]), 2)
    sheet = table(made.render(params, labels, random.derive(0, "figure", len(labels))), steps, zoom)
    margin = 190
    page = Image.new("L", (sheet.width + margin, sheet.height), 40)
    page.paste(sheet, (margin, 0))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(13)
    pitch = sheet.height / len(names)
    for row, name in enumerate(names):
        p = made.space[name]
        span = (
            f"{len(p.choices)} faces" if isinstance(p, Categorical) else f"{p.low:g} .. {p.high:g}"
        )
        draw.text((6, int((row + 0.35) * pitch)), f"{name}   {span}", fill=230, font=font)
    return page


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    large = simulator(28, 28)
    words = ("cat", "42", "Hello", "Sim-PE")
    sheets = {
        "digits-28.png": random_sheet(large, 10, 100, 10, 3),
        "digits-8.png": random_sheet(simulator(8, 8), 10, 60, 20, 5),
        "words.png": random_sheet(simulator(32, 96, words), len(words), 24, 4, 2),
        "sweep.png": sweep_sheet(large),
    }
    for name, sheet in sheets.items():
        sheet.quantize(32).save(folder / name, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
