"""Faces per second from `FaceSimulator.render`, with one thread per process."""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

BLOCK = 256


def _simulator(backend: str, size: int):
    """A warm simulator, and arguments of its render: columns, labels, seeds."""
    import numpy as np

    from pe_pyrender_faces import Options, make
    from pe_sdk import OutputSpec, random

    simulator = make(OutputSpec.image(size, size, 3), ("face",), Options(backend=backend))
    seeds = random.derive(1, "benchmark", BLOCK if size <= 64 else BLOCK // 4)
    arguments = simulator.space.sample(seeds), np.zeros(len(seeds), np.int64), seeds
    simulator.render(*arguments)  # compile, load the driver
    return simulator, arguments


def rate(backend: str, size: int, seconds: float) -> tuple[float, float]:
    """Faces per second of this process's CPU and of the clock, from columns to pictures.

    Sampling the parameters is not counted.
    """
    simulator, arguments = _simulator(backend, size)
    count = 0
    start, clock = time.process_time(), time.perf_counter()
    while (spent := time.process_time() - start) < seconds:
        simulator.render(*arguments)
        count += len(arguments[-1])
    return count / spent, count / (time.perf_counter() - clock)


def resident(backend: str, size: int, renders: int) -> tuple[float, float]:
    """MiB of this process before and after so many renders, once buffers have their full size."""
    import psutil

    process = psutil.Process()
    simulator, arguments = _simulator(backend, size)
    for _ in range(10):
        simulator.render(*arguments)
    before = process.memory_info().rss / 2**20
    for _ in range(-(-renders // len(arguments[-1]))):
        simulator.render(*arguments)
    return before, process.memory_info().rss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", nargs="+", default=["pyrender", "numba"])
    parser.add_argument("--sizes", nargs="*", type=int, default=[32, 64, 128, 256])
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--seconds", type=float, default=4.0, help="CPU seconds per measurement")
    parser.add_argument(
        "--renders", type=int, default=20_000, help="renders to measure memory with; 0 skips it"
    )
    chosen = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = get_context("spawn")
    for backend in chosen.backends:
        for size in chosen.sizes:
            for processes in chosen.processes:
                with ProcessPoolExecutor(processes, mp_context=context) as pool:
                    rates = list(
                        pool.map(
                            rate, *zip(*[(backend, size, chosen.seconds)] * processes, strict=True)
                        )
                    )
                cpu, clock = sum(r[0] for r in rates) / processes, sum(r[1] for r in rates)
                print(
                    f"{backend:8} {size:>3} px  {processes} process(es) "
                    f"{cpu:>7,.0f} per CPU second {clock:>7,.0f} per second",
                    flush=True,
                )
        if chosen.renders:
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                before, after = pool.submit(resident, backend, 64, chosen.renders).result()
            print(
                f"{backend:8}  64 px  {chosen.renders:,} renders: "
                f"{before:,.0f} MiB before, {after:,.0f} MiB after",
                flush=True,
            )


if __name__ == "__main__":
    main()
