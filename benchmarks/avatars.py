"""Avatars per CPU second, on one thread: `python benchmarks/avatars.py [SECONDS]`"""

import sys
import time

import numpy as np

import pe_avatars
from pe_sdk import OutputSpec, random


def rate(size: int, seconds: float, block: int = 256) -> tuple[float, float]:
    """Pictures per CPU second, and CPU seconds to set up.

    Pictures are rendered in blocks, as by the host; their parameters are drawn beforehand.
    """
    start = time.process_time()
    made = pe_avatars.make(OutputSpec.image(size, size, 3), ("avatar",), pe_avatars.Options())
    setup = time.process_time() - start
    seeds = random.derive(1, "benchmark", 40 * block)
    labels = np.zeros(block, np.int64)
    params = made.space.sample(seeds)
    blocks = [slice(i, i + block) for i in range(0, len(seeds), block)]
    columns = [
        ({name: v[rows] for name, v in params.items()}, labels, seeds[rows]) for rows in blocks
    ]
    made.render(*columns[0])  # compile
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        made.render(*columns[done % len(columns)])
        done += 1
    return done * block / spent, setup


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    print(f"numpy {np.__version__}; one thread; blocks of 256; CPU seconds of this process")
    for size in (32, 64):
        speed, setup = rate(size, seconds)
        print(
            f"{size:>3} x {size:<3} {speed:>9,.0f} avatars per CPU second; "
            f"{setup:.2f} s to draw the layers"
        )


if __name__ == "__main__":
    main()
