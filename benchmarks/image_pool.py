"""Build time, memory and rate of variations of pools of rendered faces.

    python benchmarks/image_pool.py [COUNT …]

The faces (32 x 32 x 3, by pyrender-faces without OpenGL) are first written to an npz. Each pool is
then built from it and used in a process of its own, with a cache of its own. Memory is the largest
resident set, including mapped pages.
"""

import os
import resource
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

BLOCK, SIZE, QUERIES, DEGREES = 256, 32, 4096, (1.0, 0.63, 0.37, 0.1)


def faces(start: int) -> bytes:
    """The pixels of faces number `start` to `start` + 4096."""
    import numpy as np

    from pe_pyrender_faces import Options, make
    from pe_sdk import OutputSpec, random

    made = make(OutputSpec.image(SIZE, SIZE, 3), ("face",), Options(backend="numba"))
    out = []
    for at in range(start, start + QUERIES, BLOCK):
        seeds = random.derive(1, "benchmark", BLOCK, at)
        out.append(made.render(made.space.sample(seeds), np.zeros(BLOCK, np.int64), seeds))
    return np.concatenate(out).tobytes()


def write_faces(path: Path, count: int, workers: ProcessPoolExecutor) -> None:
    import numpy as np

    with (
        zipfile.ZipFile(path, "w") as archive,
        archive.open("images.npy", "w", force_zip64=True) as file,
    ):
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, SIZE, SIZE, 3)}
        np.lib.format.write_array_header_1_0(file, header)
        left = count * SIZE * SIZE * 3
        for pixels in workers.map(faces, range(0, count, QUERIES)):
            file.write(pixels[:left])
            left -= min(left, len(pixels))


def measure(path: str, cache: str) -> list[str]:
    """Build a pool, open it again and vary its pictures, in this process."""
    os.environ["XDG_CACHE_HOME"] = cache
    import numpy as np

    import pe_image_pool
    from pe_sdk import OutputSpec

    def make(source: str):
        return pe_image_pool.make(
            OutputSpec.image(SIZE, SIZE, 3), ("face",), pe_image_pool.Options(source=source), None
        )

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10

    def used() -> float:
        return sum(p.stat().st_size for p in Path(cache).rglob("*") if p.is_file()) / 2**20

    with tempfile.TemporaryDirectory() as folder:  # compile
        np.savez(Path(folder) / "a.npz", images=np.zeros((17_000, SIZE, SIZE, 3), np.uint8))
        made = make(str(Path(folder) / "a.npz"))
        samples, seeds = start(made, 2)
        made.vary(samples, 0.5, seeds)
    before, disk, clock, cpu = peak(), used(), time.perf_counter(), time.process_time()
    made = make(path)
    lines = [
        f"build      {time.process_time() - cpu:10.1f} CPU s, {time.perf_counter() - clock:.1f} s",
        f"           {before:10,.0f} MiB of memory before, {peak():,.0f} MiB at most; "
        f"{used() - disk:,.0f} MiB on disk",
    ]
    clock = time.perf_counter()
    made = make(path)
    lines.append(f"open again {time.perf_counter() - clock:10.2f} s")
    samples, seeds = start(made, QUERIES)
    for degree in DEGREES:
        cpu = time.process_time()
        for at in range(0, QUERIES, BLOCK):
            rows = slice(at, at + BLOCK)
            made.vary(samples.take(rows), degree, seeds[rows])
        lines.append(
            f"vary {degree:5.2f} {QUERIES / (time.process_time() - cpu):10,.0f} per CPU second"
        )
    cpu = time.process_time()
    made.restore(samples.labels, samples.state)
    lines.append(
        f"read       {QUERIES / (time.process_time() - cpu):10,.0f} pictures per CPU second; "
        f"{peak():,.0f} MiB at most"
    )
    return lines


def start(made, count: int):
    import numpy as np

    from pe_sdk import random

    seeds = random.derive(2, "benchmark", count)
    return made.random(np.zeros(count, np.int64), seeds), seeds


def main() -> None:
    counts = [int(text) for text in sys.argv[1:]] or [10_000, 100_000]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = get_context("spawn")
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "faces.npz"
            clock = time.perf_counter()
            with ProcessPoolExecutor(2, mp_context=context) as workers:
                write_faces(path, count, workers)
            print(
                f"{count:,} faces rendered by two processes in {time.perf_counter() - clock:.0f} s",
                flush=True,
            )
            with ProcessPoolExecutor(1, mp_context=context) as alone:
                print(
                    "\n".join(
                        alone.submit(measure, str(path), str(Path(folder) / "cache")).result()
                    ),
                    flush=True,
                )


if __name__ == "__main__":
    main()
