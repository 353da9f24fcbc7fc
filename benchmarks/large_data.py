"""Time and peak memory of `pe generate` on data sets that need not fit into memory.

  python benchmarks/large_data.py [--count N ...] [--form FORM ...] [--embedding NAME ...]
                                  [--folder FOLDER] [--keep]

Makes N colour pictures of 64 × 64 pixels, in two classes, in each of the forms:
  npz         an npz file, uncompressed: its pictures are read where they are
  compressed  an npz file, compressed: its pictures go to a scratch file, if they are many
  folder      a PNG file for each picture, in class folders

Then it runs `pe generate` on them with few candidates of the generator `echo`, so that the cost is
that of the records: identity of the data, reading, and in each of two iterations embedding and
votes. It shows CPU and wall time, and the peak of resident (RSS) and proportional (PSS) memory,
each the sum over all processes, sampled five times a second. RSS counts pages twice that two
processes share. The pages of files that the system keeps in memory as long as nobody needs the room
belong to no process, so neither counts them.

A million pictures take 12.3 GB. What is made is removed at the end, unless --keep is given.
"""

import argparse
import contextlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image

SIDE = 64
CLASSES = ("dark", "light")
BLOCK = 2_000
ROUNDS = 2

SETTINGS = [
    *("--plugin", "echo", "--epsilon", "4", "--delta", "1e-8", "--seed", "1"),
    *("--candidates", "200", "--samples", "200", "--iterations", str(ROUNDS)),
]


def pictures(count: int) -> Iterator[NDArray[np.uint8]]:
    """Blocks of pictures: coarse random spots, darker in the first class, and fine noise."""
    rng = np.random.default_rng(0)
    for start in range(0, count, BLOCK):
        rows = min(BLOCK, count - start)
        spots = rng.integers(0, 100, (rows, SIDE // 8, SIDE // 8, 3), np.uint8)
        noise = rng.integers(0, 30, (rows, SIDE, SIDE, 3), np.uint8)
        light = (100 * (np.arange(start, start + rows) % 2)).astype(np.uint8)
        yield spots.repeat(8, 1).repeat(8, 2) + noise + light[:, None, None, None]


def write_npz(path: Path, count: int, method: int) -> None:
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as archive:
        with archive.open("images.npy", "w", force_zip64=True) as member:
            head = {"descr": "|u1", "fortran_order": False, "shape": (count, SIDE, SIDE, 3)}
            np.lib.format.write_array_header_1_0(member, head)
            for block in pictures(count):
                member.write(block.data)
        for name, array in (("labels", np.arange(count) % 2), ("label_names", np.array(CLASSES))):
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def write_folder(path: Path, count: int) -> None:
    for name in CLASSES:
        (path / name).mkdir(parents=True)
    for start, block in zip(range(0, count, BLOCK), pictures(count), strict=True):
        for number, picture in enumerate(block, start):
            name = path / CLASSES[number % 2] / f"{number:08d}.png"
            Image.fromarray(picture).save(name, compress_level=1)


def write(path: Path, form: str, count: int) -> None:
    if form == "folder":
        write_folder(path, count)
    else:
        method = zipfile.ZIP_STORED if form == "npz" else zipfile.ZIP_DEFLATED
        write_npz(path, count, method)


class Watch(threading.Thread):
    """Samples the memory of a process and all that it has started."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.rss = self.pss = self.host = 0
        self._pid = pid

    def run(self) -> None:
        with contextlib.suppress(psutil.Error):
            top = psutil.Process(self._pid)
            while top.is_running():
                found = [self._memory(each) for each in (top, *top.children(recursive=True))]
                self.rss = max(self.rss, sum(rss for rss, _ in found))
                self.pss = max(self.pss, sum(pss for _, pss in found))
                self.host = max(self.host, found[0][0])
                time.sleep(0.2)

    def _memory(self, process: psutil.Process) -> tuple[int, int]:
        with contextlib.suppress(psutil.Error):  # it has ended
            found = process.memory_full_info()
            return found.rss, found.pss
        return 0, 0


def measure(data: Path, out: Path, words: list[str]) -> str:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "pe_host", "generate", *SETTINGS, *words]
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PE_BUDGET": str(out.with_suffix(".budget")),
    }
    process = subprocess.Popen(
        [*command, "--data", str(data), "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    watch = Watch(process.pid)
    watch.start()
    _, said = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{said}")
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = "  ".join(f"{value / 1e9:8.2f}" for value in (watch.rss, watch.pss, watch.host))
    return f"{wall:8.0f}  {cpu:8.0f}  {memory}"


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--count", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    arguments.add_argument("--form", nargs="*", default=["npz"])
    arguments.add_argument("--embedding", nargs="*", default=["simulator-features", "pixels"])
    arguments.add_argument("--folder", type=Path, help="where the pictures are made")
    arguments.add_argument("--keep", action="store_true")
    given = arguments.parse_args()
    base = given.folder or Path(tempfile.mkdtemp(prefix="pe-large-"))
    base.mkdir(parents=True, exist_ok=True)
    print(f"{os.cpu_count()} CPUs, {psutil.virtual_memory().total / 1e9:.0f} GB of memory")
    print(
        f"{'records':>9}  {'form':10}  {'embedding':18}  {'wall s':>8}  {'CPU s':>8}  "
        f"{'RSS GB':>8}  {'PSS GB':>8}  {'host GB':>8}",
        flush=True,
    )
    for form in given.form:
        for count in given.count:
            data = base / (f"{count}" if form == "folder" else f"{count}-{form}.npz")
            if not data.exists():
                write(data, form, count)
            for embedding in given.embedding:
                with tempfile.TemporaryDirectory(prefix="pe-run-") as run:
                    row = measure(data, Path(run) / "run", ["--embedding", embedding])
                print(f"{count:9,}  {form:10}  {embedding:18}  {row}", flush=True)
            if not given.keep:
                shutil.rmtree(data) if form == "folder" else data.unlink()
    if not given.keep:
        with contextlib.suppress(OSError):
            base.rmdir()


if __name__ == "__main__":
    main()
