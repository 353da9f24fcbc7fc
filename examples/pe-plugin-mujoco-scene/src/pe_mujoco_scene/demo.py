"""The reader of `demo`: synthetic pictures of a robot's camera over a table.

The same simulator draws them, but from a hidden population: parameters are skewed, and a camera
degrades the pictures in ways that no parameter describes, by noise, blur and dark corners. The
generator knows nothing of the population.
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
"""Shares of the kinds of scene, in the order of `KINDS`."""

MEANS = {
    # A bench with a lamp on the left and a camera on a mast in front; most objects are orange.
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
    """Describe the pictures that the location asks for; nothing is drawn."""
    _, size, channels = _settings(location)
    return SourceInfo(OutputSpec.image(size, size, channels), KINDS, public=True)


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Read all records; labels are positions in `label_names`, and -1 for other kinds."""
    records, size, channels = _settings(location)
    if output != OutputSpec.image(size, size, channels):
        what = f"the pictures do not have the planned shape {list(output.shape)}"
        fix = "set size and channels of the demo to it, or omit the shape"
        raise SourceError(what, where=location, fix=fix)
    data, params = _records(records, size, channels)
    positions = [label_names.index(kind) if kind in label_names else -1 for kind in KINDS]
    return Table(data.copy(), np.array(positions, np.int64)[params["kind"]], parameters=params)


def _settings(location: str) -> tuple[int, int, int]:
    """Number of records, size and channels."""
    name, *settings = location.split(",")
    values = {"records": RECORDS, "size": SIZE, "channels": 3}
    if name != "demo":
        raise SourceError(f"there is no data set {name!r}", where=location, fix=_FIX)
    for setting in settings:
        key, _, text = setting.partition("=")
        if key not in values or not text.isdecimal():
            what = f"{setting!r} is not a setting of the demo"
            raise SourceError(what, where=location, fix=_FIX)
        values[key] = int(text)
    records, size, channels = values["records"], values["size"], values["channels"]
    if not (4 <= records <= 100_000 and 16 <= size <= 256 and channels in (1, 3)):
        what = "the demo has 4 to 100000 records of 16 to 256 pixels a side and 1 or 3 channels"
        raise SourceError(what, where=location, fix=_FIX)
    return records, size, channels


@cache  # drawing takes some seconds, and a run may read the data twice
def _records(count: int, size: int, channels: int) -> tuple[NDArray[np.uint8], Columns]:
    """Draw pictures and parameters, in one separate process for each CPU.

    A reader runs in the host's process, beside torch. OpenGL drivers would crash the run there
    (Mesa's llvmpipe loaded first, then `torch._dynamo`), and have no place beside private records.
    """
    share = -(-count // min(os.cpu_count() or 1, 8))
    parts = [(start, min(share, count - start)) for start in range(0, count, share)]
    programs = [
        f"from pe_mujoco_scene import demo; demo.write({start}, {part}, {size}, {channels})"
        for start, part in parts
    ]
    with ThreadPoolExecutor(len(parts)) as waiting:
        drawn = b"".join(waiting.map(_output, programs))
    params = _population(_seeds(0, count))
    return np.frombuffer(drawn, np.uint8).reshape(count, size, size, channels), params


def _output(program: str) -> bytes:
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        what = lines[-1] if lines else f"its process ended with code {done.returncode}"
        raise SourceError(f"the demo cannot be drawn: {what}", where="demo", fix="run pe doctor")
    return done.stdout


def write(start: int, count: int, size: int, channels: int) -> None:
    """Draw `count` records from number `start` on and write them to stdout, as bytes."""
    from pe_mujoco_scene.making import Options, make

    try:
        simulator = make(OutputSpec.image(size, size, channels), KINDS, Options())
    except CannotMake as error:
        sys.exit(str(error))
    seeds = _seeds(start, count)
    params = _population(seeds)
    clean = simulator.render(params, params["kind"], seeds)
    sys.stdout.buffer.write(_degraded(clean, seeds).tobytes())


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
    # From 2 to 6; lower counts are more frequent.
    more = (5 * hashed.uniforms(seeds, "demo/count") ** 1.5).astype(np.int64)
    params["count"] = 2 + np.minimum(more, 4)
    return params


def _drawn(seeds: hashed.Seeds, name: str, shares: tuple[float, ...]) -> NDArray[np.int64]:
    edges = np.cumsum(shares)[:-1]
    return np.searchsorted(edges, hashed.uniforms(seeds, f"demo/{name}"), side="right")


def _degraded(clean: NDArray[np.uint8], seeds: hashed.Seeds) -> NDArray[np.uint8]:
    """Pictures with a little blur, dark corners and noise."""
    height, width = clean.shape[1:3]
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    corners = 1 - 0.2 * (x**2 + y**2)[..., None]
    degraded = np.empty_like(clean)
    for i, picture in enumerate(clean.astype(np.float64)):
        for axis in (0, 1):
            picture = _blurred(picture, axis, 0.15)
        noise = hashed.normals(seeds[i : i + 1], "demo/grain", size=height * width)
        noisy = picture * corners + 4 * noise.reshape(height, width, 1)
        degraded[i] = np.clip(np.rint(noisy), 0, 255)
    return degraded


def _blurred(picture: NDArray[np.float64], axis: int, share: float) -> NDArray[np.float64]:
    edges: Any = [(1, 1) if a == axis else (0, 0) for a in range(3)]
    padded = np.pad(picture, edges, mode="edge")
    before, after = (np.take(padded, range(k, k + picture.shape[axis]), axis) for k in (0, 2))
    return (1 - 2 * share) * picture + share * (before + after)
