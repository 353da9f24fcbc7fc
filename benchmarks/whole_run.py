"""CPU time, wall time and peak memory of whole runs, including all their worker processes.

  python benchmarks/whole_run.py [--data FILE.npz] [--case NAME ...]

Cases:
  cost    5,000 private rows, N = 2,000, T = 4, raw pixels, with lookahead 8 and with none: the run
          for which the reference implementation takes 74-88 and 10-13 CPU seconds. Start-up
          (imports of the host and of each worker, compiled code, plan, report) is measured by the
          same run with one iteration and ten candidates on 50 rows, and shown next to it.
  main    50,000 private rows at ε = 1, 20,000 samples, otherwise defaults. Needs --data.

FILE.npz holds `images` uint8 [n, 28, 28] and `labels`. Without it, text-render itself draws the
rows of `cost`: the cost is the same, but the samples are not worth looking at.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil


def rows(path: Path | None, count: int, folder: Path) -> Path:
    if path:
        with np.load(path) as stored:
            images, labels = stored["images"][:count], stored["labels"][:count]
    else:
        from pe_sdk import OutputSpec, SimulatorGenerator, random
        from pe_text_render import Options, make

        names = tuple("0123456789")
        output = OutputSpec.image(28, 28)
        generator = SimulatorGenerator(make(output, names, Options()), output, names)
        drawn = generator.random(np.arange(count) % 10, random.derive(1, "private", count))
        images, labels = generator.restore(drawn.labels, drawn.state).data[..., 0], drawn.labels
    private = folder / f"private-{count}.npz"
    np.savez(
        private, images=images, labels=labels, label_names=np.array([str(d) for d in range(10)])
    )
    return private


def measured(words: list[str]) -> tuple[float, float, int]:
    """CPU seconds, wall seconds and peak memory in MB of `pe` with its workers."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "pe_host", *words], stdout=subprocess.DEVNULL)
    peak = [0]
    watcher = threading.Thread(target=watch, args=(process.pid, peak), daemon=True)
    watcher.start()
    if process.wait():
        raise SystemExit(f"pe {' '.join(words)} ended with {process.returncode}")
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, peak[0] >> 20


def watch(pid: int, peak: list[int]) -> None:
    """Record the peak of the proportional memory of the process and its workers.

    It is sampled five times a second.
    """
    try:
        top = psutil.Process(pid)
        while top.is_running():
            family = [top, *top.children(recursive=True)]
            peak[0] = max(peak[0], sum(each.memory_full_info().pss for each in family))
            time.sleep(0.2)
    except psutil.Error:
        pass


def show(name: str, words: list[str], folder: Path, startup: float | None = None) -> None:
    cpu, wall, memory = measured([*words, "--out", str(folder / name)])
    aside = "" if startup is None else f" - {startup:.1f} start-up = {cpu - startup:.1f}"
    print(f"{name:18} {cpu:.1f}{aside} CPU s, {wall:.1f} s wall, {memory} MB peak")


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--case", nargs="*", choices=["cost", "main"])
    given = arguments.parse_args()
    cases = given.case or (["cost", "main"] if given.data else ["cost"])
    base = ["generate", "--plugin", "text-render"]
    print(f"{os.cpu_count()} CPUs")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if "cost" in cases:
            base_cost = [*base, "--epsilon", "10", "--embedding", "pixels", "--votes", "1"]
            tiny = [
                "--candidates",
                "10",
                "--samples",
                "10",
                "--iterations",
                "1",
                "--out",
                str(folder / "tiny"),
            ]
            startup, _, _ = measured(
                [*base_cost, "--data", str(rows(given.data, 50, folder)), *tiny]
            )
            cost = [
                *base_cost,
                "--data",
                str(rows(given.data, 5000, folder)),
                "--candidates",
                "2000",
            ]
            cost += ["--samples", "2000", "--iterations", "4"]
            for lookahead in ("8", "0"):
                show(
                    f"cost, lookahead {lookahead}",
                    [*cost, "--lookahead", lookahead],
                    folder,
                    startup,
                )
        if "main" in cases:
            private = rows(given.data, 50_000, folder)
            show(
                "main",
                [*base, "--data", str(private), "--epsilon", "1", "--samples", "20000"],
                folder,
            )


if __name__ == "__main__":
    main()
