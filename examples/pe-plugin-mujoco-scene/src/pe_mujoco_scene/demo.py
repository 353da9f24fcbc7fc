"""The reader: `demo`, pictures of a robot's camera over a table. Synthetic, and of a hidden population.

The same simulator, but its parameters are skewed, and a camera spoils the pictures in ways that no parameter can say:
grain, blur and dark corners. The generator knows nothing of the population.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pe_sdk import CannotMake, Columns, Float, OutputSpec, SourceError, SourceInfo, Table
from pe_sdk import random as hashed

from pe_mujoco_scene.parameters import KINDS, SPACE

RECORDS, SIZE = 3000, 64
SHARES = (0.4, 0.3, 0.2, 0.1)
"""Of the kinds of scene, in their order."""

MEANS = {
    # a bench with a lamp on the left and a camera on a mast in front; mostly orange things
    "size": (0.04, 0.004),
    "size_spread": (0.25, 0.15),
    "length": (1.0, 0.15),
    "spread": (0.5, 0.2),
    "drop": (0.08, 0.05),
    "friction": (0.8, 0.15),
    "bounce": (0.3, 0.15),
    "time": (1.0, 0.12),
    "hue": (25.0, 12.0),
    "hue_spread": (40.0, 25.0),
    "saturation": (0.85, 0.08),
    "value": (0.9, 0.07),
    "table_value": (0.45, 0.06),
    "table_warmth": (0.8, 0.1),
    "light_azimuth": (120.0, 20.0),
    "light_elevation": (55.0, 8.0),
    "light": (0.8, 0.08),
    "ambient": (0.35, 0.05),
    "camera_azimuth": (40.0, 15.0),
    "camera_elevation": (30.0, 6.0),
    "camera_distance": (0.7, 0.05),
    "camera_height": (0.08, 0.02),
}

CHOICES = {"shape": (0.6, 0.25, 0.02, 0.03, 0.1), "table": (0.15, 0.05, 0.8)}

_FIX = "write mujoco-scene-data:demo, or demo,records=500,size=32,channels=1"


def describe(location: str) -> SourceInfo:
    _, size, channels = _asked(location)
    return SourceInfo(OutputSpec.image(size, size, channels), KINDS, public=True)


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Every record. Labels are positions in `label_names`, and -1 for kinds not among them."""
    records, size, channels = _asked(location)
    if output != OutputSpec.image(size, size, channels):
        fix = "leave the form out, or ask the demo for another"
        raise SourceError(f"the pictures are not of the planned shape {list(output.shape)}", where=location, fix=fix)
    data, params = _records(records, size, channels)
    positions = [label_names.index(kind) if kind in label_names else -1 for kind in KINDS]
    return Table(data.copy(), np.array(positions, np.int64)[params["kind"]], parameters=params)


def _asked(location: str) -> tuple[int, int, int]:
    """Records, size and channels."""
    name, *settings = location.split(",")
    asked = {"records": RECORDS, "size": SIZE, "channels": 3}
    if name != "demo":
        raise SourceError(f"there is no data set {name!r}", where=location, fix=_FIX)
    for setting in settings:
        key, _, text = setting.partition("=")
        if key not in asked or not text.isdecimal():
            raise SourceError(f"{setting!r} is no setting of the demo", where=location, fix=_FIX)
        asked[key] = int(text)
    records, size, channels = asked["records"], asked["size"], asked["channels"]
    if not (4 <= records <= 100_000 and 16 <= size <= 256 and channels in (1, 3)):
        what = "the demo has 4 to 100000 records of 16 to 256 pixels a side and 1 or 3 channels"
        raise SourceError(what, where=location, fix=_FIX)
    return records, size, channels


@cache  # drawing takes some seconds, and a run may read twice
def _records(count: int, size: int, channels: int) -> tuple[NDArray[np.uint8], Columns]:
    """Pictures and parameters, drawn in a process of its own for each CPU.

    A reader runs in the host's process, beside torch: OpenGL drivers there crash the run (Mesa's llvmpipe loaded
    first, then `torch._dynamo`), and have no place beside private records.
    """
    share = -(-count // min(os.cpu_count() or 1, 8))
    parts = [(start, min(share, count - start)) for start in range(0, count, share)]
    programs = [f"from pe_mujoco_scene import demo; demo.write({s}, {n}, {size}, {channels})" for s, n in parts]
    with ThreadPoolExecutor(len(parts)) as waiting:
        drawn = b"".join(waiting.map(_output, programs))
    params = _population(_seeds(0, count))
    return np.frombuffer(drawn, np.uint8).reshape(count, size, size, channels), params


def _output(program: str) -> bytes:
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        what = lines[-1] if lines else f"its process ended with code {done.returncode}"
        raise SourceError(f"the demo cannot be drawn: {what}", where="demo", fix="see pe doctor")
    return done.stdout


def write(start: int, count: int, size: int, channels: int) -> None:
    """Draw records from `start` on and write them to stdout, as bytes."""
    from pe_mujoco_scene.making import Options, make

    try:
        simulator = make(OutputSpec.image(size, size, channels), KINDS, Options())
    except CannotMake as error:
        sys.exit(str(error))
    seeds = _seeds(start, count)
    params = _population(seeds)
    clean = simulator.render(params, params["kind"], seeds)
    sys.stdout.buffer.write(_spoilt(clean, seeds).tobytes())


def _seeds(start: int, count: int) -> hashed.Seeds:
    return hashed.derive(20260, "mujoco-scene-data/demo", count, start)


def _population(seeds: hashed.Seeds) -> Columns:
    params = SPACE.sample(seeds)
    params["kind"] = _drawn(seeds, "kind", SHARES)
    for name, shares in CHOICES.items():
        params[name] = _drawn(seeds, name, shares)
    for name, (mean, deviation) in MEANS.items():
        values = mean + deviation * hashed.normals(seeds, f"demo/{name}")
        kind = SPACE[name]
        assert isinstance(kind, Float)
        wrapped = kind.low + (values - kind.low) % (kind.high - kind.low)
        params[name] = wrapped if kind.wrap else np.clip(values, kind.low, kind.high)
    # the lower the count, the more often: 2 to 6
    params["count"] = 2 + np.minimum((5 * hashed.uniforms(seeds, "demo/count") ** 1.5).astype(np.int64), 4)
    return params


def _drawn(seeds: hashed.Seeds, name: str, shares: tuple[float, ...]) -> NDArray[np.int64]:
    return np.searchsorted(np.cumsum(shares)[:-1], hashed.uniforms(seeds, f"demo/{name}"), side="right")


def _spoilt(clean: NDArray[np.uint8], seeds: hashed.Seeds) -> NDArray[np.uint8]:
    """A little blur, dark corners and grain."""
    height, width = clean.shape[1:3]
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    corners = 1 - 0.2 * (x**2 + y**2)[..., None]
    spoilt = np.empty_like(clean)
    for i, picture in enumerate(clean.astype(np.float64)):
        for axis in (0, 1):
            picture = _blurred(picture, axis, 0.15)
        grain = hashed.normals(seeds[i : i + 1], "demo/grain", size=height * width).reshape(height, width, 1)
        spoilt[i] = np.clip(np.rint(picture * corners + 4 * grain), 0, 255)
    return spoilt


def _blurred(picture: NDArray[np.float64], axis: int, share: float) -> NDArray[np.float64]:
    edges: Any = [(1, 1) if a == axis else (0, 0) for a in range(3)]
    padded = np.pad(picture, edges, mode="edge")
    before, after = (np.take(padded, range(k, k + picture.shape[axis]), axis) for k in (0, 2))
    return (1 - 2 * share) * picture + share * (before + after)
