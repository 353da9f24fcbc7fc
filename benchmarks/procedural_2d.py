"""Procedural shapes per CPU second, on one thread.

python benchmarks/procedural_2d.py [SECONDS]
"""

import sys
import time

import numpy as np

import pe_procedural_2d
from pe_sdk import OutputSpec, SimulatorGenerator, random


def rate(
    size: int, channels: int, labels: tuple[str, ...], seconds: float, block: int = 256
) -> float:
    """Pictures per CPU second, rendered in blocks, as by the host.

    Parameters are drawn beforehand.
    """
    output = OutputSpec.image(size, size, channels)
    made = pe_procedural_2d.make(output, labels, pe_procedural_2d.Options())
    seeds = random.derive(1, "benchmark", 20 * block)
    which = random.integers(seeds, "label", len(labels))
    state = SimulatorGenerator(made, output, labels).random(which, seeds).state
    blocks = [slice(i, i + block) for i in range(0, len(seeds), block)]
    columns = [
        ({name: state[name][rows] for name in made.space}, which[rows], seeds[rows])
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
    for name, labels in (("garments", pe_procedural_2d.GARMENTS), ("all shapes", ("any",))):
        for size, channels in ((28, 1), (32, 3), (8, 1), (64, 3)):
            made = rate(size, channels, labels, seconds)
            print(
                f"{name:>10} {size:>3} x {size:<3}x {channels} {made:>9,.0f} renders per CPU second"
            )


if __name__ == "__main__":
    main()
