"""The pyrender backend: micropolygons of many heads as one mesh, drawn off screen by OpenGL (EGL).

The mesh covers an atlas of tiles. Coordinates are multiples of 1/256 drawn pixel, the sides of the
atlas and the range of depths are powers of two, and colour and depth are constant over a triangle.
So no step of the pipeline rounds, and the pixels of a head do not depend on the place of its tile.
"""

import os
import sys
import threading
import warnings
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.bake import Baker, Batch
from pe_pyrender_faces.project import UNITS
from pe_pyrender_faces.raster import LANES, owners
from pe_pyrender_faces.tiles import pack_tile, unpack_tile
from pe_sdk import CannotMake

SIDE = 1024
"""Side of the atlas in pixels.

The largest tile fits: 512 pixels, drawn twice as large where the other side has 32 or less.
"""
SAMPLES = 4
"""Samples per side of a drawn pixel in the search for hidden triangles.

The centres of a 4 x 4 grid include the usual places of four samples, (3, 1), (7, 3), (1, 5) and
(5, 7) eighths of a pixel (Vulkan's standard sample locations, which llvmpipe and most GPUs use).
"""
DRAWN_SAMPLES = 4
"""Samples per drawn pixel that pyrender requests."""
DEPTH_RANGE = 1 << 16
"""Depths between the near and the far plane: a power of two, at least `project.DEPTH_STEPS`."""
FIX = "use --set backend=numba, which needs no OpenGL"


class PyrenderRenderer:
    """Draws through pyrender, which by itself takes four samples of every drawn pixel.

    Raises:
        CannotMake: pyrender or EGL does not work here, or the OpenGL context belongs to another
            thread or process.
    """

    backend = "pyrender"

    def __init__(self, height: int, width: int) -> None:
        self._atlas = _atlas()
        if not self._atlas.is_ours():
            raise CannotMake(
                "OpenGL is already in use by another thread, or by the process that forked this "
                f"one; {FIX}"
            )
        self._baker = Baker(height, width)
        self._drawn = drawn_for(height, width)
        self._tile = np.array([height, width]) * self._drawn
        self._grid = SIDE // self._tile  # rows, columns
        samples = SAMPLES * self._drawn
        self._step = UNITS // samples
        self._buffer = np.empty((height * samples, width * samples + LANES), np.uint32)
        self._owned = np.empty(self._baker.most_triangles, np.uint8)
        room = self._baker.most_triangles * 3
        self._positions, self._colours = (
            np.empty((room, 3), np.float32),
            np.ones((room, 4), np.float32),
        )

    def render(self, batch: Batch) -> NDArray[np.uint8]:
        out = np.empty((len(batch), self._baker.height, self._baker.width, 3), np.uint8)
        tiles = int(self._grid.prod())
        for first in range(0, len(batch), tiles):
            self._draw(batch[first : first + tiles], out[first : first + tiles])
        return out

    def _draw(self, batch: Batch, out: NDArray[np.uint8]) -> None:
        rows = -(-len(batch) // int(self._grid[1]))
        height = min(_power_of_two(rows * int(self._tile[0])), SIDE)
        end = 0
        for first in range(0, len(batch), self._baker.chunk):
            for row, shapes in enumerate(
                zip(*self._baker.bake(batch[first : first + self._baker.chunk]), strict=True)
            ):
                corners, depths, rgb, count = shapes
                place = np.array(divmod(first + row, int(self._grid[1]))) * self._tile
                # a triangle that is clipped at four sides leaves at most five
                need = end + 3 * 5 * int(count)
                if need > len(self._positions):
                    self._positions = np.resize(self._positions, (2 * need, 3))
                    self._colours = np.resize(self._colours, (2 * need, 4))
                # A triangle costs ten times more in OpenGL than here, so those that own no sample
                # are left out. Where the rounding of a cut at the border moves an edge over a
                # sample, the surface behind it may show.
                owners(
                    corners,
                    depths,
                    int(count),
                    self._step,
                    self._buffer,
                    SAMPLES,
                    self._atlas.sampled,
                    self._owned,
                )
                end = pack_tile(
                    corners,
                    depths,
                    rgb,
                    self._owned,
                    int(count),
                    self._drawn,
                    *place,
                    *self._tile,
                    height,
                    self._positions,
                    self._colours,
                    end,
                )
        atlas = self._atlas.draw(self._positions[:end], self._colours[:end], height, SIDE)
        for row, picture in enumerate(out):
            place = np.array(divmod(row, int(self._grid[1]))) * self._tile
            unpack_tile(atlas, self._drawn, *place, batch.background[row], picture)


def drawn_for(height: int, width: int) -> int:
    """Drawn pixels per side of a pixel of the picture; each of them is sampled four times."""
    return 2 if min(height, width) <= 32 else 1


class _Atlas:
    """The one OpenGL context of this process, and a scene that keeps everything but its mesh."""

    def __init__(self) -> None:
        pyrender = _import_pyrender()
        if isinstance(pyrender, str):
            raise CannotMake(f"{pyrender}; {FIX}")
        self._pyrender = pyrender
        self._owner = os.getpid(), threading.get_ident()
        try:
            self._renderer = pyrender.OffscreenRenderer(SIDE, SIDE)
        except Exception as error:  # whatever an OpenGL driver can raise
            raise CannotMake(
                f"EGL does not work here ({type(error).__name__}: {error}); {FIX}"
            ) from error
        self._scene = pyrender.Scene(bg_color=np.zeros(4), ambient_light=np.ones(3))
        self._camera = pyrender.OrthographicCamera(
            xmag=1.0, ymag=1.0, znear=1.0, zfar=1.0 + DEPTH_RANGE
        )
        self._camera_node = self._scene.add(self._camera)
        self._material = pyrender.MetallicRoughnessMaterial(
            baseColorFactor=np.ones(4), doubleSided=True
        )
        self._flags = (
            pyrender.RenderFlags.FLAT
            | pyrender.RenderFlags.RGBA
            | pyrender.RenderFlags.SKIP_CULL_FACES
        )

        self.device = self._device()
        self.sampled = _sampled()

    def _device(self) -> str:
        from OpenGL import GL

        return str(GL.glGetString(GL.GL_RENDERER).decode())

    def is_ours(self) -> bool:
        """Whether the caller is the thread and process of the context; no other may use it."""
        return self._owner == (os.getpid(), threading.get_ident())

    def draw(
        self, positions: NDArray[np.float32], colours: NDArray[np.float32], height: int, width: int
    ) -> NDArray[np.uint8]:
        """Draw triangles given at pixels; RGBA uint8 [height, width, 4].

        The lowest line comes first; colours are premultiplied by the coverage.
        """
        if not self.is_ours():
            raise RuntimeError(
                "an OpenGL context belongs to the thread and the process that made it"
            )
        pyrender = self._pyrender
        self._renderer.viewport_height, self._renderer.viewport_width = height, width
        self._camera.ymag = height / 2
        middle = np.eye(4)
        middle[:2, 3] = width / 2, height / 2
        self._scene.set_pose(self._camera_node, middle)
        triangles = pyrender.Primitive(
            positions=positions, color_0=colours, material=self._material
        )
        node = self._scene.add(pyrender.Mesh([triangles]))
        try:
            colour, _ = self._renderer.render(self._scene, self._flags)
        finally:
            self._scene.remove_node(node)
        pixels: NDArray[np.uint8] = colour[::-1]
        return pixels


@cache
def _atlas() -> _Atlas:
    return _Atlas()


def device() -> str:
    """The device that OpenGL reports."""
    return _atlas().device


@cache  # also a failure: OpenGL cannot be imported again
def _import_pyrender() -> Any:
    """Import pyrender for EGL and for one thread (there is one worker process per core).

    Returns:
        The module, or a str that says why it cannot be used.
    """
    platform = os.environ.get("PYOPENGL_PLATFORM")
    if "OpenGL" in sys.modules and platform != "egl":
        return (
            f"OpenGL is already loaded for the platform {platform or 'of the screen'}, not for egl"
        )
    os.environ["PYOPENGL_PLATFORM"] = "egl"
    os.environ.setdefault("LP_NUM_THREADS", "0")
    vars(np).setdefault("infty", np.inf)  # pyrender 0.1.45 predates numpy 2
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pyrender
    except Exception as error:  # ImportError, or what PyOpenGL raises without an EGL library
        if platform is None:
            del os.environ["PYOPENGL_PLATFORM"]
        else:
            os.environ["PYOPENGL_PLATFORM"] = platform
        return f"pyrender cannot be used here ({type(error).__name__}: {error})"
    return pyrender


def _sampled() -> NDArray[np.int64]:
    """The samples that the driver takes, int64 [p, 2], in the SAMPLES x SAMPLES grid of a pixel.

    A sample is a row, counted from below, and a column. The result is the whole grid where a
    driver does not report its samples, or they lie between the grid's centres: always correct, and
    a little slower.
    """
    try:
        places = _reported_samples()[:, ::-1] * SAMPLES - 0.5
    except Exception:  # whatever an OpenGL driver can raise
        places = np.zeros((0, 2), np.float32)
    if len(places) and np.array_equal(places, np.rint(places)):
        return places.astype(np.int64)
    return np.argwhere(np.ones((SAMPLES, SAMPLES), bool)).astype(np.int64)


def _reported_samples() -> NDArray[np.float32]:
    """Positions of the samples in a pixel as the driver reports them, x and y in 0..1.

    float32 [p, 2].
    """
    from OpenGL import GL

    before = int(GL.glGetIntegerv(GL.GL_FRAMEBUFFER_BINDING))
    frame, held = GL.glGenFramebuffers(1), GL.glGenRenderbuffers(1)
    try:
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, frame)
        GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, held)
        GL.glRenderbufferStorageMultisample(GL.GL_RENDERBUFFER, DRAWN_SAMPLES, GL.GL_RGBA, 1, 1)
        GL.glFramebufferRenderbuffer(
            GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_RENDERBUFFER, held
        )
        found = np.zeros((int(GL.glGetIntegerv(GL.GL_SAMPLES)), 2), np.float32)
        for k, place in enumerate(found):
            GL.glGetMultisamplefv(GL.GL_SAMPLE_POSITION, k, place)
    finally:
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, before)
        GL.glDeleteRenderbuffers(1, [held])
        GL.glDeleteFramebuffers(1, [frame])
    return found


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()
