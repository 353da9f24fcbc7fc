"""Start-up: `python -c pass`, `pe --help`, `pe list-plugins` with a dozen plugins installed, and
the import of pe_sdk.

    python benchmarks/startup.py [--plugins 12] [--repeat 15] [--runs 7]

The plugins are made-up distributions, metadata only, added to the installed ones until there are so
many. Prints the median wall time and the least, which the load of the machine disturbs least.

Then a whole tiny run, which is nearly all start-up: 100 candidates, 4 iterations, embedding
`pixels`, at most two workers, of which it starts the one that it needs. It is measured in CPU
seconds, user and system, of all its processes: once with an empty cache, where the noise is
calibrated, and then with what the runs before have kept. Last, what large imports cost.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TINY = (
    *("--plugin", "echo", "--epsilon", "1", "--embedding", "pixels", "--candidates", "100"),
    *("--iterations", "4", "--samples", "100", "--workers", "2"),
)

IMPORTS = {
    "python": "pass",
    "numpy": "import numpy",
    "a worker": "import pe_host.compute.worker",
    "the host": "import pe_host.commands.generate",
    "faiss, in larger runs only": "import numpy, faiss",
    "the sampler of noise": "import numpy, opendp.domains, opendp.measurements, opendp.metrics",
    "dp_accounting, with an empty cache only": "import dp_accounting.pld",
}


def made_up(folder: Path, count: int) -> None:
    for i in range(count):
        info = folder / f"pe_plugin_made_up_{i}-1.0.dist-info"
        info.mkdir(parents=True)
        head = (
            f"Metadata-Version: 2.1\nName: pe-plugin-made-up-{i}\nVersion: 1.0\nSummary: made up\n"
        )
        (info / "METADATA").write_text(head + "Requires-Dist: pe-sdk>=1,<2\n")
        (info / "entry_points.txt").write_text(f"[pe.plugins]\nmade-up-{i} = made_up_{i}\n")


def seconds(words: list[str], environment: dict[str, str], repeat: int) -> tuple[float, float]:
    times = []
    for _ in range(repeat + 1):  # the first fills caches
        start = time.perf_counter()
        subprocess.run(words, env=environment, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:]), min(times[1:])


def cpu_seconds(words: list[str], environment: dict[str, str]) -> float:
    """User and system time of a command and of every process that it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tiny_run(pe: list[str], folder: Path, runs: int) -> None:
    rng = np.random.default_rng(0)
    np.savez(
        folder / "data.npz",
        images=rng.integers(0, 256, (300, 28, 28), dtype=np.uint8),
        labels=rng.integers(0, 3, 300),
        label_names=np.array(["a", "b", "c"]),
    )

    def run(cache: str, number: int) -> float:
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / cache)}
        out = ("--data", str(folder / "data.npz"), "--out", str(folder / f"{cache}-{number}"))
        return cpu_seconds([*pe, "generate", *TINY, *out], environment)

    print("\nCPU seconds of all processes")
    show("tiny run, empty cache", [run(f"cold{i}", 0) for i in range(runs)])
    run("warm", 0)
    show("tiny run", [run("warm", i) for i in range(1, runs + 1)])
    for name, code in IMPORTS.items():
        words = [sys.executable, "-P", "-c", code]
        show(f"  {name}", [cpu_seconds(words, dict(os.environ)) for _ in range(runs)])


def show(name: str, values: list[float]) -> None:
    print(f"{name:42} {statistics.median(values):5.2f} s, least {min(values):5.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--plugins", type=int, default=12, help="distributions with generators")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--runs", type=int, default=7, help="of the tiny run and of each import")
    given = parser.parse_args()
    pe = [sys.executable, "-P", "-m", "pe_host"]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": folder}
        generators = [p for p in listed(pe, environment) if p["kind"] == "generator"]
        made_up(Path(folder), max(0, given.plugins - len(generators)))
        plugins = [p["name"] for p in listed(pe, environment) if p["kind"] == "generator"]
        print(f"{len(plugins)} generators: {', '.join(plugins)}")
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "python -c 'import numpy'": [sys.executable, "-c", "import numpy"],
            "python -c 'import pe_sdk'": [sys.executable, "-c", "import pe_sdk"],
            "pe --help": [*pe, "--help"],
            "pe list-plugins": [*pe, "list-plugins"],
        }
        for name, words in commands.items():
            median, least = seconds(words, environment, given.repeat)
            print(f"{name:28} {1000 * median:6.0f} ms, least {1000 * least:6.0f} ms")
    with tempfile.TemporaryDirectory() as folder:
        tiny_run(pe, Path(folder), given.runs)


def listed(pe: list[str], environment: dict[str, str]) -> list[dict[str, str]]:
    done = subprocess.run(
        [*pe, "list-plugins", "--json"], env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)["plugins"]


if __name__ == "__main__":
    main()
