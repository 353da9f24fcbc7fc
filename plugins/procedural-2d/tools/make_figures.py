"""Draw the figures of the documentation: `python tools/make_figures.py FOLDER`"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import pe_procedural_2d
from pe_procedural_2d import GARMENTS
from pe_procedural_2d.demo import describe, read
from pe_procedural_2d.space import SHAPES, SPACE
from pe_sdk import Categorical, OutputSpec, SimulatorGenerator, random

GAP = 2
SWEPT = {
    "top": (
        "width",
        "waist",
        "flare",
        "sleeve",
        "sleeve_angle",
        "sleeve_width",
        "opening",
        "neck_width",
        "hem",
        "neck",
        "front",
    ),
    "dress": ("width", "waist", "flare", "sleeve"),
    "trousers": ("width", "flare", "legs", "rise"),
    "shoe": ("shaft", "heel", "heel_width", "sole", "rise", "front"),
    "sandal": ("heel", "heel_width", "count", "strap", "handle", "opening"),
    "bag": ("width", "flare", "handle", "roundness", "opening", "front"),
    "icon": ("count", "waist", "roundness", "opening", "handle"),
    "tissue": ("count", "width", "flare", "waist"),
    "vessels": ("count", "strap", "flare", "waist"),
}
SURFACES = (
    "texture",
    "texture_scale",
    "texture_angle",
    "texture_contrast",
    "fold",
    "rim",
    "light_x",
    "grain",
    "ink",
    "soft",
    "repeat",
)


def table(pictures: np.ndarray, columns: int, zoom: int) -> Image.Image:
    """Arrange pictures [n, H, W, C] in rows of `columns`, enlarged."""
    n, height, width, channels = pictures.shape
    cells = np.full((n // columns, height + GAP, columns, width + GAP, channels), 60, np.uint8)
    cells[:, :height, :, :width] = pictures.reshape(-1, columns, height, width, channels).transpose(
        0, 2, 1, 3, 4
    )
    flat = cells.reshape(n // columns * (height + GAP), columns * (width + GAP), channels)
    picture = Image.fromarray(flat.repeat(3, 2) if channels == 1 else flat)
    return picture.resize((picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST)


def garments() -> Image.Image:
    output = OutputSpec.image(28, 28)
    made = pe_procedural_2d.make(output, GARMENTS, pe_procedural_2d.Options())
    generator = SimulatorGenerator(made, output, GARMENTS)
    drawn = generator.random(np.arange(200) // 20, random.derive(7, "figure", 200))
    return table(generator.restore(drawn.labels, drawn.state).data, 20, 2)


def families() -> Image.Image:
    made = pe_procedural_2d.make(OutputSpec.image(48, 48, 3), ("any",), pe_procedural_2d.Options())
    n = 14 * len(SHAPES)
    seeds = random.derive(8, "figure", n)
    params = made.space.sample(seeds)
    params["shape"] = np.arange(n) // 14
    params["rotation"] *= np.where(params["shape"] < 6, 0.08, 1.0)
    params["repeat"][np.arange(n) % 14 < 12] = 0
    return table(made.render(params, np.zeros(n, np.int64), seeds), 14, 1)


def sweeps(lines: list[tuple[str, str]], steps: int = 11, zoom: int = 1) -> Image.Image:
    """Draw a row for each shape and parameter, which goes from its low end to its high end.

    The other parameters stay in the middle.
    """
    made = pe_procedural_2d.make(OutputSpec.image(48, 48), ("any",), pe_procedural_2d.Options())
    n = steps * len(lines)
    params = {name: p.sample(np.full(n, 0.5)) for name, p in SPACE.items()}
    for name in ("texture", "repeat", "front", "neck", "ground", "rotation", "grain", "soft"):
        params[name] = np.zeros_like(params[name])
    params |= {
        "ink": np.full(n, 0.85),
        "scale": np.full(n, 0.9),
        "fold": np.full(n, 0.3),
        "rim": np.full(n, 0.3),
    }
    for row, (shape, name) in enumerate(lines):
        rows = slice(row * steps, (row + 1) * steps)
        params["shape"][rows] = SHAPES.index(shape)
        if name.startswith("texture"):
            params["texture"][rows], params["texture_contrast"][rows] = 1, 0.8
        params[name][rows] = SPACE[name].sample(np.linspace(0, 1 - 1e-9, steps))
    sheet = table(
        made.render(params, np.zeros(n, np.int64), random.derive(1, "figure", n)), steps, zoom
    )
    page = Image.new("RGB", (sheet.width + 190, sheet.height), (40, 40, 40))
    page.paste(sheet, (190, 0))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(13)
    for row, (shape, name) in enumerate(lines):
        p = SPACE[name]
        span = (
            f"{len(p.choices)} choices"
            if isinstance(p, Categorical)
            else f"{p.low:g} .. {p.high:g}"
        )
        draw.text(
            (6, int((row + 0.35) * sheet.height / len(lines))),
            f"{shape} {name}  {span}",
            fill=(230,) * 3,
            font=font,
        )
    return page


def demos() -> Image.Image:
    sheets = []
    for name in ("garments", "icons,channels=3", "tiles,channels=3"):
        info = describe(f"{name},records=36")
        data = read(f"{name},records=36", info.output, info.label_names).data
        sheets.append(table(data, 18, 2))
    page = Image.new("RGB", (sheets[0].width, sum(s.height + 6 for s in sheets)), (60, 60, 60))
    at = 0
    for sheet in sheets:
        page.paste(sheet, (0, at))
        at += sheet.height + 6
    return page


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {
        "garments.png": garments(),
        "families.png": families(),
        "sweeps.png": sweeps([(shape, name) for shape, names in SWEPT.items() for name in names]),
        "surface.png": sweeps([("top", name) for name in SURFACES]),
        "demo-shapes.png": demos(),
    }
    for name, sheet in sheets.items():
        sheet.quantize(96).save(folder / name, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
