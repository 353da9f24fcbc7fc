"""Draw README's picture from a run of `make demo`: `python docs/make_readme_image.py RUN`.

Three panels: records of the demo data set, the first candidates of the run, and its release.
Writes docs/images/guide/readme-faces.jpg.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

ROWS, COLUMNS = 2, 5
"""Per class; the demo data set has two classes."""
GAP, HEAD, SPACE = 2, 26, 18
TITLES = ("demo data (synthetic)", "random candidates", "released, epsilon = {epsilon}")


def private_records() -> NDArray[Any]:
    """Records of `demo:faces`, by class: uint8 [class, n, H, W, C]."""
    from pe_pyrender_faces import demo

    location = "faces,records=200"
    info = demo.describe(location)
    assert info.output is not None and info.label_names is not None
    table = demo.read(location, info.output, info.label_names)
    return by_class(np.asarray(table.data), np.asarray(table.labels))


def by_class(images: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    """The first ROWS × COLUMNS images of each class: uint8 [class, n, H, W, C]."""
    n = ROWS * COLUMNS
    return np.stack([images[labels == label][:n] for label in np.unique(labels)])


def panel(groups: NDArray[Any]) -> Image.Image:
    """Images [class, n, H, W, C] as rows of COLUMNS, class after class, on white."""
    images = groups.reshape(-1, COLUMNS, *groups.shape[2:])
    rows, _, height, width, channels = images.shape
    cells = np.full((rows, height + GAP, COLUMNS, width + GAP, channels), 255, np.uint8)
    cells[:, :height, :, :width] = images.transpose(0, 2, 1, 3, 4)
    return Image.fromarray(cells.reshape(rows * (height + GAP), -1, channels))


def main(run: Path) -> None:
    """Draw the three panels of a run side by side."""
    with np.load(run / "iterations/000/grid.npz") as grid:
        first = grid["images"][:, : ROWS * COLUMNS]
    with np.load(run / "release/samples.npz") as samples:
        released = by_class(samples["images"], samples["labels"])
    plan = json.loads((run / "manifest.json").read_text())["plan"]
    panels = [panel(groups) for groups in (private_records(), first, released)]
    width, height = panels[0].size
    page = Image.new("RGB", (3 * width + 2 * SPACE, height + HEAD), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(17)
    for index, (title, image) in enumerate(zip(TITLES, panels, strict=True)):
        x = index * (width + SPACE)
        draw.text((x, 1), title.format(epsilon=f"{plan['epsilon']:g}"), fill="black", font=font)
        page.paste(image, (x, HEAD))
    place = Path(__file__).parent / "images" / "guide" / "readme-faces.jpg"
    page.save(place, quality=88, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
