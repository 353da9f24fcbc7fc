"""Draw the images of the guide: `python docs/make_images.py` writes docs/images/guide/*.png."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pe_sdk import OutputSpec, Simulator, SimulatorGenerator, random

DOCS = Path(__file__).parent
DEGREES = (0.0, 0.1, 0.25, 0.5, 1.0)
COPIES = 3
GAP, HEAD = 2, 16


def gauges() -> Simulator:
    """Simulator of the tutorial, executed from the text of the page."""
    found = re.search(
        r"```python\n(# src/pe_gauges/__init__\.py\n.*?)```",
        (DOCS / "tutorial.md").read_text(),
        re.DOTALL,
    )
    assert found
    names: dict[str, Any] = {}
    exec(found.group(1), names)
    made = names["Gauges"](OutputSpec.image(28, 28))
    assert isinstance(made, Simulator)
    return made


def built_in(
    package: str, output: OutputSpec, labels: tuple[str, ...], options: Mapping[str, str]
) -> Simulator:
    """Simulator of a plugin in this repository."""
    from importlib import import_module

    from pe_sdk import parse_options

    (spec,) = import_module(package).pe_generators()
    made = spec.factory(output, labels, parse_options(spec.options, options))
    assert isinstance(made, Simulator)
    return made


def sheet(pictures: NDArray[Any], columns: int, zoom: int) -> Image.Image:
    """Contact sheet of images [n, H, W, C] in rows of `columns`, enlarged `zoom` times."""
    n, height, width, channels = pictures.shape
    cells = np.full((n // columns, height + GAP, columns, width + GAP, channels), 40, np.uint8)
    cells[:, :height, :, :width] = pictures.reshape(-1, columns, height, width, channels).transpose(
        0, 2, 1, 3, 4
    )
    flat = cells.reshape(-1, columns * (width + GAP), channels)
    image = Image.fromarray(flat[..., 0] if channels == 1 else flat)
    return image.resize(
        (image.width * zoom, image.height * zoom), Image.Resampling.NEAREST
    ).convert("RGB")


def draws(simulator: Simulator, rows: int, columns: int, zoom: int) -> Image.Image:
    """Contact sheet of random samples."""
    seeds = random.derive(1, "figure", rows * columns)
    params = simulator.space.sample(seeds)
    return sheet(simulator.render(params, np.zeros(len(seeds), np.int64), seeds), columns, zoom)


def degrees(
    simulator: Simulator, output: OutputSpec, labels: tuple[str, ...], zoom: int, seed: int
) -> Image.Image:
    """One row per label: a sample and its variations of each degree, as the host makes them."""
    generator = SimulatorGenerator(simulator, output, labels)
    codes = np.arange(len(labels))
    parents = generator.random(codes, random.derive(seed, "figure/parents", len(labels)))
    parts = []
    for degree in DEGREES:
        copies = 1 if degree == 0 else COPIES
        for copy in range(copies):
            seeds = random.derive(seed, f"figure/{degree}/{copy}", len(labels))
            varied = generator.vary(parents, degree, seeds)
            parts.append((degree, sheet(generator.restore(codes, varied.state).data, 1, zoom)))
    width, height = parts[0][1].size
    space = 6
    page = Image.new(
        "RGB", (width * len(parts) + space * (len(DEGREES) - 1), height + HEAD), (40, 40, 40)
    )
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(12)
    x, before = 0, DEGREES[0]
    draw.text((4, 1), f"{before:g}", fill="white", font=font)
    for degree, column in parts:
        if degree != before:
            x, before = x + space, degree
            draw.text((x + 4, 1), f"{degree:g}", fill="white", font=font)
        page.paste(column, (x, HEAD))
        x += width
    return page


def main() -> None:
    """Write all images."""
    folder = DOCS / "images" / "guide"
    folder.mkdir(parents=True, exist_ok=True)
    grey, coloured = OutputSpec.image(28, 28), OutputSpec.image(56, 56, 3)
    digits = ("2", "3", "5", "8")
    shapes = {
        "a": "shape:top,repeat:once",
        "b": "shape:bag,repeat:once",
        "c": "shape:icon,repeat:once",
        "d": "shape:shoe,repeat:once",
    }
    asked = {f"labels.{name}": text for name, text in shapes.items()}
    pictures = {
        "gauges-random": draws(gauges(), 4, 12, 2),
        "gauges-degrees": degrees(gauges(), grey, ("dial",) * 3, 2, 5),
        "degrees-text-render": degrees(
            built_in("pe_text_render", grey, digits, {}), grey, digits, 2, 4
        ),
        "degrees-procedural-2d": degrees(
            built_in("pe_procedural_2d", coloured, tuple(shapes), asked),
            coloured,
            tuple(shapes),
            1,
            4,
        ),
    }
    for name, picture in pictures.items():
        picture.quantize(64).save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
