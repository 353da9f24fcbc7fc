"""Renderers by name: pyrender over EGL, and numba without OpenGL.

Both draw the same micropolygons, so their pictures differ only slightly.
"""

import json
import subprocess
import sys
import time
from contextlib import suppress
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.bake import Baker, Batch, samples_for
from pe_pyrender_faces.raster import LANES, draw
from pe_sdk import CannotMake

SMALLEST, LARGEST = 16, 512
"""Smallest and largest side of a picture in pixels."""
PROBE_SECONDS = 45
"""Time limit of a probe: a backend that has not drawn a face by then counts as not working.

Both backends are probed at once. The first compilation takes about 15 seconds, more on a busy
machine, and `pe doctor` allows 60 seconds per check.
"""
_MARK = "found: "
_CHILD = """
import json, sys
sys.path[:] = {path!r}
try:
    from pe_pyrender_faces.backends import drawn_by
    found = True, drawn_by({backend!r})
except Exception as error:
    found = False, " ".join(str(error).split()) or type(error).__name__
print("\\n" + {mark!r} + json.dumps(found), flush=True)
"""

Pictures = NDArray[np.uint8]


class Renderer(Protocol):
    """A renderer of batches of faces at one size.

    Row i of the pictures depends, bit for bit, on row i of the batch only.
    """

    @property
    def backend(self) -> str:
        """Name of the backend: pyrender or numba."""

    def render(self, batch: Batch) -> Pictures:
        """Render n faces as pictures uint8 [n, H, W, 3]."""


def make_renderer(height: int, width: int, backend: str = "auto") -> Renderer:
    """Create a renderer for pictures of one size.

    "auto" is pyrender where it works in this thread of this process, and numba elsewhere.

    Raises:
        CannotMake: pyrender was requested by name and does not work here.
        ValueError: a side is not in SMALLEST..LARGEST, or there is no such backend.
    """
    if not (min(height, width) >= SMALLEST and max(height, width) <= LARGEST):
        raise ValueError(
            f"pictures must have {SMALLEST} to {LARGEST} pixels a side, not {height} x {width}"
        )
    if backend not in ("auto", "pyrender", "numba"):
        raise ValueError(f"backend must be auto, pyrender or numba, not {backend!r}")
    if backend != "numba":
        from pe_pyrender_faces.gl import PyrenderRenderer

        try:
            return PyrenderRenderer(height, width)
        except CannotMake:
            if backend == "pyrender":
                raise
    return NumbaRenderer(height, width)


class NumbaRenderer:
    """Draws into a buffer of samples in main memory; see `raster.draw`."""

    backend = "numba"

    def __init__(self, height: int, width: int) -> None:
        self._samples = samples_for(height, width)
        self._baker = Baker(height, width)
        self._buffer = np.empty((height * self._samples, width * self._samples + LANES), np.uint32)
        self._packed = np.empty(1 << 16, np.uint64)

    def render(self, batch: Batch) -> Pictures:
        out = np.empty((len(batch), self._baker.height, self._baker.width, 3), np.uint8)
        for first in range(0, len(batch), self._baker.chunk):
            rows = slice(first, first + self._baker.chunk)
            part = batch[rows]
            draw(
                *self._baker.bake(part),
                part.background,
                self._samples,
                self._buffer,
                self._packed,
                out[rows],
            )
        return out


def probe() -> tuple[tuple[str, bool, str], ...]:
    """Try both backends; (name, works, detail) for each. The detail may be `too_slow()`.

    Each runs in a process of its own, since an OpenGL driver may crash or hang.
    """
    children = {
        backend: subprocess.Popen(
            [sys.executable, "-c", _CHILD.format(path=sys.path, backend=backend, mark=_MARK)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
        )
        for backend in ("pyrender", "numba")
    }  # fmt: skip
    end = time.monotonic() + PROBE_SECONDS
    return tuple((backend, *_found(child, end)) for backend, child in children.items())


def too_slow() -> str:
    """The detail of `probe` about a backend that was still at work when the time was over."""
    return f"drew nothing within {PROBE_SECONDS} seconds"


def drawn_by(backend: str) -> str:
    """Draw some faces and describe the device that drew them.

    Raises:
        CannotMake: the backend does not work here, or its pictures show no face.
    """
    from pe_pyrender_faces.appearance import batch_of
    from pe_pyrender_faces.space import SPACE
    from pe_sdk import random

    renderer = make_renderer(32, 32, backend)
    pictures = renderer.render(batch_of(SPACE.sample(random.derive(0, "probe", 4))))
    if pictures[:, 8:24, 8:24].std(axis=(1, 2)).min() < 1:
        raise CannotMake(f"{backend} draws, but its pictures show no face")
    if backend != "pyrender":
        return "draws faces in main memory"
    from pe_pyrender_faces.gl import device

    return f"draws faces over EGL by {device()}"


def _found(child: "subprocess.Popen[str]", end: float) -> tuple[bool, str]:
    """Read the result of a child of `probe`; kill it at the deadline (monotonic clock)."""
    try:
        # read a child that finished early even if another one used up the time
        out, _ = child.communicate(timeout=max(end - time.monotonic(), 1.0))
    except subprocess.TimeoutExpired:
        child.kill()
        with suppress(subprocess.TimeoutExpired):  # a process that hangs in the kernel does not die
            child.communicate(timeout=1)
        return False, too_slow()
    said = [line.removeprefix(_MARK) for line in out.splitlines() if line.startswith(_MARK)]
    if child.returncode or not said:  # crashed, perhaps after drawing
        return False, f"the process that tried it exited with code {child.returncode}"
    works, detail = json.loads(said[-1])
    return works, detail
