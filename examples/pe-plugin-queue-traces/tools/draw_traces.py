"""Draw docs/images/traces.png: random traces, released ones, and the demo data.

    python tools/draw_traces.py RUN/release/samples.npz docs/images/traces.png

Needs Pillow. No generator sees the demo data. They are synthetic; never draw such a picture of
private data.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pe_sdk.random import derive
from PIL import Image, ImageDraw

from pe_queue_traces import reader, schema, simulator

COLOURS = ("#2f7fd1", "#d57a1e", "#2f9e62", "#b455c6")
WIDTH, HEIGHT, GAP, LEFT, EACH, SCALE = 150, 56, 6, 150, 5, 2


def main(samples: str, picture: str) -> None:
    """Draw rows by class and source, columns in the order of the file: nothing is hand-picked."""
    info = reader.describe("demo")
    names = info.label_names
    released, private = np.load(samples), reader.read("demo", info.output, names)
    made = simulator.make(info.output, names, simulator.Options())
    rows: list[tuple[str, NDArray[np.float32]]] = []
    for label, name in enumerate(names):
        seeds = derive(0, f"draw/{name}", EACH)
        by_chance = made.render(made.space_for(name).sample(seeds), np.full(EACH, label), seeds)
        rows.append((f"{name}: by chance", by_chance))
        rows.append(("released", released["series"][released["labels"] == label][:EACH]))
        rows.append(("demo data", private.data[private.labels == label][:EACH]))
    draw(rows).save(picture, optimize=True)


def draw(rows: Sequence[tuple[str, NDArray[np.float32]]]) -> Image.Image:
    """Draw a cell for each trace, a line for each feature on its declared range, clipped to it."""
    size = LEFT + EACH * (WIDTH + GAP), len(rows) * (HEIGHT + GAP) + 3 * GAP + 24
    image = Image.new("RGB", (size[0] * SCALE, size[1] * SCALE), "white")
    pen = ImageDraw.Draw(image)
    for row, (title, traces) in enumerate(rows):
        top = row * (HEIGHT + GAP) + row // 3 * GAP
        pen.text((8 * SCALE, (top + HEIGHT / 2 - 8) * SCALE), title, "black", font_size=13 * SCALE)
        for column, trace in enumerate(traces):
            left = LEFT + column * (WIDTH + GAP)
            pen.rectangle(
                [left * SCALE, top * SCALE, (left + WIDTH) * SCALE, (top + HEIGHT) * SCALE],
                "#f0f0f0",
            )
            for feature, colour, values in zip(schema.FEATURES, COLOURS, trace.T, strict=True):
                low, high = feature.low or 0.0, feature.high or 1.0
                heights = np.clip((values - low) / (high - low), 0, 1)
                xs = left + 2 + np.linspace(0, WIDTH - 4, len(values))
                ys = top + HEIGHT - 3 - heights * (HEIGHT - 6)
                points = [
                    (x * SCALE, y * SCALE) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)
                ]
                pen.line(points, colour, SCALE)
    left = float(LEFT)
    for feature, colour in zip(schema.FEATURES, COLOURS, strict=True):
        text = f"{feature.title}, 0 to {feature.high:,.0f}"
        pen.text((left * SCALE, (size[1] - 22) * SCALE), text, colour, font_size=13 * SCALE)
        left += 8 * len(text) + 16
    return image.quantize(32)


if __name__ == "__main__":
    if len(sys.argv) != 3 or not Path(sys.argv[1]).is_file():
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
