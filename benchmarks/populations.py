"""The candidates of every iteration of a run, as npz files for a judge.

    python benchmarks/populations.py RUN FOLDER

Writes FOLDER/000.npz (random samples), 001.npz … and release.npz, each with images
uint8 [n, H, W, C] and labels int64 [n].
"""

import sys
from pathlib import Path

import numpy as np

from pe_host.compute.pool import Workers
from pe_host.digest import samples_of
from pe_host.run.folder import RELEASED_POPULATION, RunFolder, load_arrays, population_name
from pe_host.run.manifest import Manifest


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    run, out = RunFolder(Path(sys.argv[1])), Path(sys.argv[2])
    manifest = Manifest.read(run)
    out.mkdir(parents=True, exist_ok=True)
    files = {f"{t:03d}": population_name(t) for t in range(manifest.iterations or 0)}
    with Workers.start(2) as workers:
        workers.load(
            manifest.generator,
            manifest.config["set"],
            manifest.plan.output,
            manifest.plan.class_names,
        )
        for short, name in {**files, "release": RELEASED_POPULATION}.items():
            arrays = load_arrays(run.path(name))
            arrays.pop("origin")
            samples = samples_of(arrays)
            np.savez(out / f"{short}.npz", images=workers.data(samples), labels=samples.labels)


if __name__ == "__main__":
    main()
