"""Draw the figures of the documentation: `python tools/make_figures.py OUT_FOLDER`"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import pe_avatars
from pe_sdk import OutputSpec, random


def sheet(pictures: np.ndarray, across: int) -> Image.Image:
    """Arrange pictures in rows; white fills up the last row."""
    n, height, width, _ = pictures.shape
    rows = -(-n // across)
    page = np.full((rows * across, height, width, 3), 255, np.uint8)
    page[:n] = pictures
    return Image.fromarray(
        page.reshape(rows, across, height, width, 3).swapaxes(1, 2).reshape(rows * height, -1, 3)
    )


def simulator(side: int):
    return pe_avatars.make(OutputSpec.image(side, side, 3), ("avatar",), pe_avatars.Options())


def render(made, params: dict[str, np.ndarray]) -> np.ndarray:
    n = len(params["top"])
    return made.render(params, np.zeros(n, np.int64), np.zeros(n, np.uint64))


def save(image: Image.Image, path: Path) -> None:
    image.quantize(255, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for side, across, rows in ((32, 24, 8), (64, 12, 5), (128, 7, 4)):
        made = simulator(side)
        save(
            sheet(
                render(made, made.space.sample(random.derive(4, "figures", across * rows))), across
            ),
            folder / f"random-{side}.png",
        )
    made = simulator(64)
    shown = {
        "top": "none",
        "style": "circle",
        "clothing": "shirt_crew_neck",
        "eyebrows": "default",
        "skin_color": "light",
    }
    shown |= {
        "accessory": "none",
        "facial_hair": "none",
        "eyes": "default",
        "mouth": "default",
        "clothing_color": "blue_02",
    }
    also = {
        "hair_color": {"top": "bob"},
        "hat_color": {"top": "turban"},
        "facial_hair_color": {"facial_hair": "beard_medium"},
    }
    also |= {"clothing_color": {"style": "transparent"}}
    across, rows = 16, []
    for name, parameter in made.space.items():
        choices = [{**shown, **also.get(name, {}), name: choice} for choice in parameter.choices]
        params = {
            k: np.array([p.choices.index(c.get(k, p.choices[0])) for c in choices])
            for k, p in made.space.items()
        }
        rows.append(np.asarray(sheet(render(made, params), across)))
        rows.append(np.full((6, across * 64, 3), 255, np.uint8))
    save(Image.fromarray(np.concatenate(rows[:-1])), folder / "parts.png")


if __name__ == "__main__":
    main()
