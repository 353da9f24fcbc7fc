"""Draw the pictures of the documentation: `python tools/make_figures.py FOLDER`"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pe_pyrender_faces import demo
from pe_pyrender_faces.simulator import FaceSimulator
from pe_pyrender_faces.space import GROUPS, SPACE
from pe_sdk import Categorical, Columns, OutputSpec, random

GAP, STEPS, SIDE, MARGIN = 4, 9, 96, 210
PLAIN = {
    "sex": 0.5, "age": 35.0, "weight": 0.5, "african": 0.35, "asian": 0.25, "mouth_open": 0.0,
    "eyelids": 0.1, "skin": 0.35,
    "redness": 0.3, "freckles": 0.0, "shine": 0.4, "lipstick": 0.0, "hair_melanin": 0.6,
    "hair_red": 0.1, "hair_grey": 0.3,
    "light_yaw": 35.0, "light_pitch": 30.0, "light_key": 0.6, "light_warmth": 0.1, "exposure": 1.0,
    "distance": 14.0, "zoom": 0.8,
    "clothes_hue": 220.0, "background_hue": 210.0, "background_saturation": 0.15,
    "background_value": 0.7,
}  # fmt: skip
"""The face of the sweeps, where it differs from the middle of the space."""
SWEPT_WITH = {
    "facial_hair": {"sex": 0.95},
    "hair_grey": {"age": 75.0},
    "hair_red": {"hair_melanin": 0.3},
    "intensity": {"expression": "laugh"},
    "lipstick": {"sex": 0.1},
    "hair": {"sex": 0.3},
    "light_warmth": {"light_key": 0.8},
}
"""Values that a sweep needs to show anything."""


def drawn(columns: Columns, side: int) -> np.ndarray:
    labels = np.zeros(len(columns["sex"]), np.int64)
    simulator = FaceSimulator(OutputSpec.image(side, side, 3), ("face",), {}, "auto")
    return simulator.render(columns, labels, random.derive(0, "figure", len(labels)))


def table(pictures: np.ndarray, columns: int) -> Image.Image:
    n, height, width, channels = pictures.shape
    rows = -(-n // columns)
    cells = np.full((rows * columns, height + GAP, width + GAP, channels), 255, np.uint8)
    cells[:n, :height, :width] = pictures
    return Image.fromarray(
        cells.reshape(rows, columns, height + GAP, width + GAP, channels)
        .transpose(0, 2, 1, 3, 4)
        .reshape(rows * (height + GAP), columns * (width + GAP), channels)
    )


def random_sheet(n: int, columns: int, side: int) -> Image.Image:
    return table(drawn(SPACE.sample(random.derive(7, "figure", n)), side), columns)


def demo_sheet(n: int, columns: int) -> Image.Image:
    location = f"faces,records={n}"
    info = demo.describe(location)
    return table(demo.read(location, info.output, info.label_names).data, columns)


def sweep(name: str) -> np.ndarray:
    """Pictures of one parameter from low to high, or of each choice, on a plain face."""
    parameter = SPACE[name]
    if isinstance(parameter, Categorical):
        values = np.arange(len(parameter.choices))
    else:
        values = parameter.sample(np.linspace(0, 1 - 1e-9, STEPS))
    columns = {key: p.sample(np.full(len(values), 0.5)) for key, p in SPACE.items()}
    plain = PLAIN | {
        "expression": "neutral",
        "hair": "short",
        "facial_hair": "none",
        "glasses": "none",
        "eye_colour": "brown",
    }
    for key, value in (plain | SWEPT_WITH.get(name, {})).items():
        p = SPACE[key]
        columns[key][:] = p.choices.index(value) if isinstance(p, Categorical) else value
    columns[name] = values
    return drawn(columns, SIDE)


def sweep_sheet(names: list[str]) -> Image.Image:
    """A row for each parameter, or two where there are more choices than fit."""
    font, rows = ImageFont.load_default(13), []
    for name in names:
        parameter, pictures = SPACE[name], sweep(name)
        choices = parameter.choices if isinstance(parameter, Categorical) else ()
        span = f"{len(choices)} choices" if choices else f"{parameter.low:g} .. {parameter.high:g}"
        for start in range(0, len(pictures), STEPS):
            part = table(pictures[start : start + STEPS], STEPS)
            row = Image.new("RGB", (part.width + MARGIN, part.height), "white")
            row.paste(part, (MARGIN, 0))
            pen = ImageDraw.Draw(row)
            words = [
                f"{name}   {span}" if start == 0 else "",
                *_lines(choices[start : start + STEPS]),
            ]
            for line, text in enumerate(words):
                pen.text((6, 6 + 16 * line), text, fill=(20, 20, 20), font=font)
            rows.append(row)
    page = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), "white")
    top = 0
    for row in rows:
        page.paste(row, (0, top))
        top += row.height
    return page


def _lines(words: tuple[str, ...], width: int = 30) -> list[str]:
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += f"{word} "
    return lines


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {
        "random-128": random_sheet(64, 8, 128),
        "random-64": random_sheet(60, 12, 64),
        "demo": demo_sheet(60, 12),
    }
    sheets |= {
        f"sweep-{group.replace(' ', '-')}": sweep_sheet(list(names))
        for group, names in GROUPS.items()
    }
    for name, sheet in sheets.items():
        sheet.save(folder / f"{name}.jpg", quality=86, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
