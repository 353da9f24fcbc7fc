"""What the confinement costs, and that it changes no sample.

    python benchmarks/confinement.py [--repeat 5] [--plugins echo,text-render]

A tiny run of `echo`, nearly all of which is start-up, is repeated with and without the confinement
of host and plugins, in turn. CPU seconds are those of all processes. Then one small run of each
generator is made with and without. It is NOT PRIVATE, so that no noise makes the samples differ:
their digests must be equal. Without means that the parts of the walls are left out, as tests do;
the wardens, limits and allow-lists of the launcher stay.
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
from typing import Any

CODE = """
import sys
from pe_host.isolation import host, launch, wall
if sys.argv.pop(1) == "without":
    host.left_out = launch.left_out = frozenset({*wall.LANDLOCK, wall.CALLS, "limits"})
from pe_host.cli import main
sys.exit(main())
"""

WAYS = ("with", "without")
TINY = ("--plugin", "echo", "--embedding", "pixels", "--candidates", "100", "--iterations", "4")
SMALL = ("--iterations", "1", "--candidates", "60", "--votes", "2", "--epsilon", "inf")
COMMON = ("--samples", "40", "--workers", "2", "--seed", "5", "--allow-unconfined")


def run(way: str, folder: Path, *words: str) -> tuple[float, float, str]:
    """Wall seconds, CPU seconds and digest of the samples of one run."""
    out = Path(tempfile.mkdtemp(dir=folder)) / "run"
    words = (sys.executable, "-P", "-c", CODE, way, "generate", *words, *COMMON, "--out", str(out))
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / f"cache-{way}")}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(words[5:])} {way} ended with {done.returncode}:\n{done.stderr}"
        )
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    digest = json.loads((out / "manifest.json").read_text())["release_digest"]
    return wall, cpu, digest


def show(name: str, values: list[float]) -> None:
    print(f"  {name:16} median {statistics.median(values):6.2f} s, least {min(values):6.2f} s")


def ask(*words: str) -> Any:
    command = [sys.executable, "-P", "-m", "pe_host", *words, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def generators() -> list[str]:
    return [p["name"] for p in ask("list-plugins")["plugins"] if p["kind"] == "generator"]


def embedding(plugin: str) -> str:
    """An embedding that needs no training."""
    kind = ask("describe", plugin, "--kind", "generator")["makes"]["output"]["kind"]
    return "pixels" if kind == "image" else "values"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=5, help="tiny runs of each kind")
    parser.add_argument("--plugins", default="", help="generators; by default all")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measured: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for way in WAYS:  # fills the caches
            run(way, folder, *TINY, "--epsilon", "1")
        for _ in range(given.repeat):
            for way in WAYS:
                measured[way].append(run(way, folder, *TINY, "--epsilon", "1")[:2])
        for i, unit in enumerate(("wall time", "CPU time")):
            print(f"tiny run of echo, {unit}")
            for way in WAYS:
                show(way, [times[i] for times in measured[way]])
        print(f"\n{'':18}{'CPU with':>10}{'without':>10}  samples")
        different = 0
        for plugin in given.plugins.split(",") if given.plugins else generators():
            words = ("--plugin", plugin, "--embedding", embedding(plugin), *SMALL)
            results = [run(way, folder, *words) for way in WAYS]
            same = results[0][2] == results[1][2]
            different += not same
            times = "".join(f"{cpu:8.2f} s" for _, cpu, _ in results)
            print(f"{plugin:18}{times}  {'equal' if same else 'DIFFERENT'} {results[0][2][:12]}")
    sys.exit(different)


if __name__ == "__main__":
    main()
