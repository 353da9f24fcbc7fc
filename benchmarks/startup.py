"""Start-up times of `python -c pass`, `pe --help`, `pe list-plugins` and the import of pe_sdk.

    python benchmarks/startup.py [--plugins 12] [--repeat 15]

Made-up distributions, of metadata only, are added to the installed ones until there are a dozen
plugins. Prints the median wall time and the least, which the machine's load affects little.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


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
    for _ in range(repeat + 1):  # the first one fills caches
        start = time.perf_counter()
        subprocess.run(words, env=environment, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:]), min(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--plugins", type=int, default=12, help="distributions with generators")
    parser.add_argument("--repeat", type=int, default=15)
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


def listed(pe: list[str], environment: dict[str, str]) -> list[dict[str, str]]:
    done = subprocess.run(
        [*pe, "list-plugins", "--json"], env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)["plugins"]


if __name__ == "__main__":
    main()
