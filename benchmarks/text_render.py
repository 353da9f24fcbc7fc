"""Text renders per CPU second, on one thread: `python benchmarks/text_render.py [SECONDS]`"""

import sys
import time

import numpy as np

import pe_text_render
from pe_sdk import OutputSpec, random

LABELS = tuple("0123456789")


def rate(size: int, seconds: float, block: int = 256) -> float:
    """Pictures per CPU second, rendered in blocks, as by the host.

    Parameters are drawn beforehand.
    """
    made = pe_text_render.make(OutputSpec.image(size, size), LABELS, pe_text_render.Options())
    seeds = random.derive(1, "benchmark", 40 * block)
    labels = random.integers(seeds, "label", len(LABELS))
    params = made.space.sample(seeds)
    blocks = [slice(i, i + block) for i in range(0, len(seeds), block)]
    columns = [
        ({name: v[rows] for name, v in params.items()}, labels[rows], seeds[rows])
        for rows in blocks
    ]
    made.render(*columns[0])  # compile
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        made.render(*columns[done % len(columns)])
        done += 1
    return done * block / spent


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    print(f"numpy {np.__version__}; one thread; blocks of 256; CPU seconds of this process")
    for size in (28, 8, 64):
        print(f"{size:>3} x {size:<3} {rate(size, seconds):>9,.0f} renders per CPU second")


if __name__ == "__main__":
    main()
