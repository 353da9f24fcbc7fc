"""Draw docs/images/scenes.png: a row of uniform draws for each kind of scene, then the demo.

    python tools/contact_sheet.py [FILE]

The demo has two rows. There is no private data in the picture.
"""

import sys
from pathlib import Path

import numpy as np
from pe_sdk import OutputSpec
from pe_sdk.random import derive
from PIL import Image

from pe_mujoco_scene import demo
from pe_mujoco_scene.making import Options, make
from pe_mujoco_scene.parameters import KINDS

SIDE, ACROSS = 64, 12


def main(file: Path) -> None:
    simulator = make(OutputSpec.image(SIDE, SIDE, 3), KINDS, Options())
    rows = []
    for label, kind in enumerate(KINDS):
        seeds = derive(label, "contact sheet", ACROSS)
        params = simulator.space_for(kind).sample(seeds)
        rows.append(simulator.render(params, np.full(ACROSS, label), seeds))
    location = f"demo,records={2 * ACROSS},size={SIDE}"
    rows += np.split(demo.read(location, demo.describe(location).output, KINDS).data, 2)
    sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    # 256 colours, rare ones included, keep the file small.
    picture = Image.fromarray(sheet).quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1)
    picture.save(file, optimize=True)


if __name__ == "__main__":
    default = Path(__file__).parents[1] / "docs" / "images" / "scenes.png"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
