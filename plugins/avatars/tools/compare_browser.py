"""Compare avatars with a browser's drawings of the same documents; keep small ones for the tests.

    python tools/compare_browser.py BROWSER OUT.npz

BROWSER is a Chromium. Each avatar is a document of its own in a page of images. The screenshot of
the page has 16 x 16 points for each pixel of 32 x 32, which are averaged.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import pe_avatars
from pe_avatars.drawing import cropped, whole
from pe_avatars.raster import draw
from pe_sdk import OutputSpec, random

COUNT, ROW, SIDE, SMALL = 64, 8, 512, 32


def browser(executable: str, documents: list[bytes]) -> np.ndarray:
    """Pictures of the documents: uint8 [n, SIDE, SIDE, 3]."""
    rows = -(-len(documents) // ROW)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for i, document in enumerate(documents):
            (folder / f"{i}.svg").write_bytes(document)
        images = "".join(
            f'<img src="{i}.svg" style="position:absolute;'
            f'left:{i % ROW * SIDE}px;top:{i // ROW * SIDE}px">'
            for i in range(len(documents))
        )
        (folder / "page.html").write_text(f'<body style="margin:0;background:#fff">{images}</body>')
        command = [executable, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        command += [
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
        ]
        command += [f"--user-data-dir={folder / 'profile'}", "--force-color-profile=srgb"]
        command += [
            f"--screenshot={folder / 'page.png'}",
            f"--window-size={ROW * SIDE},{rows * SIDE}",
        ]
        subprocess.run(
            [*command, (folder / "page.html").as_uri()],
            check=True,
            capture_output=True,
            timeout=180,
        )
        page = np.asarray(Image.open(folder / "page.png", formats=("PNG",)).convert("RGB"))
    page = page[: rows * SIDE, : ROW * SIDE].reshape(rows, SIDE, ROW, SIDE, 3)
    return page.swapaxes(1, 2).reshape(-1, SIDE, SIDE, 3)[: len(documents)]


def averaged(pictures: np.ndarray, side: int) -> np.ndarray:
    n, large = pictures.shape[:2]
    return pictures.reshape(n, side, large // side, side, large // side, 3).mean((2, 4))


def main() -> None:
    executable, out = sys.argv[1:]
    made = pe_avatars.make(OutputSpec.image(SMALL, SMALL, 3), ("avatar",), pe_avatars.Options())
    seeds = random.derive(3, "browser", COUNT)
    params = made.space.sample(seeds)
    labels = np.zeros(COUNT, np.int64)
    named = [
        {name: made.space[name].choices[column[i]] for name, column in params.items()}
        for i in range(COUNT)
    ]
    documents = [whole(choices) for choices in named]
    shot = browser(executable, [cropped(document, SIDE, SIDE) for document in documents])
    drawn = np.stack([draw(document, SIDE, SIDE) for document in documents]).astype(float)
    drawn = drawn[..., :3] + 255 - drawn[..., 3:]
    print(
        f"skia, whole documents at {SIDE}: "
        f"mean absolute difference {np.abs(drawn - shot).mean():.3f} of 255"
    )
    for side in (32, 64, 128):
        sized = pe_avatars.make(OutputSpec.image(side, side, 3), ("avatar",), pe_avatars.Options())
        gap = np.abs(sized.render(params, labels, seeds) - averaged(shot, side))
        worst = gap.mean((1, 2, 3))
        print(
            f"layers at {side}: mean {gap.mean():.3f}, "
            f"worst avatar {worst.max():.3f} (number {worst.argmax()})"
        )
        print("   ", {i: round(float(worst[i]), 2) for i in np.argsort(-worst)[:5]})
    print(named[int(worst.argmax())])
    pictures = np.rint(averaged(shot, SMALL)).astype(np.uint8)
    np.savez_compressed(
        out, pictures=pictures, **{name: column.astype(np.uint8) for name, column in params.items()}
    )


if __name__ == "__main__":
    main()
