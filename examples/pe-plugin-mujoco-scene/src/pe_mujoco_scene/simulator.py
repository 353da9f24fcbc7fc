"""The simulator: from rows of parameters to pictures."""

import threading
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray
from pe_sdk import Columns, OutputSpec, ParameterSpace, Seeds, Simulator

from pe_mujoco_scene.context import Context
from pe_mujoco_scene.parameters import SPACE
from pe_mujoco_scene.world import World

FINE = 128
"""Largest side, in pixels, of pictures that are drawn twice as large and averaged down."""

GREY = np.array([0.299, 0.587, 0.114])


class Tabletop(Simulator):
    """Simulator of objects on a table, at one moment, drawn by MuJoCo's renderer."""

    space = SPACE

    def __init__(
        self, output: OutputSpec, spaces: Mapping[str, ParameterSpace], context: Context
    ) -> None:
        self._spaces = dict(spaces)
        self._height, self._width, self._channels = output.shape
        self._zoom = 2 if max(self._height, self._width) <= FINE else 1
        self._world, self._context, self._lock = World(), context, threading.Lock()
        still = self._world.still
        still.vis.global_.offwidth = self._zoom * self._width
        still.vis.global_.offheight = self._zoom * self._height
        with context.current():
            self._renderer = mujoco.MjrContext(still, mujoco.mjtFontScale.mjFONTSCALE_50)
            mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._renderer)
        self._scene, self._options = mujoco.MjvScene(still, maxgeom=100), mujoco.MjvOption()

    def space_for(self, label: str) -> ParameterSpace:
        return self._spaces.get(label, self.space)

    def render(self, params: Columns, labels: NDArray[np.int64], seeds: Seeds) -> NDArray[np.uint8]:
        """Draw pictures; seeds are not used, since parameters determine a picture."""
        pictures = np.empty((len(labels), self._height, self._width, self._channels), np.uint8)
        names = list(self.space)
        with self._lock, self._context.current():
            for i in range(len(labels)):
                pictures[i] = self._draw({name: float(params[name][i]) for name in names})
        return pictures

    def _draw(self, row: Mapping[str, float]) -> NDArray[np.uint8]:
        model, data = self._world.at(row)
        camera = mujoco.MjvCamera()
        camera.lookat = (0.0, 0.0, row["camera_height"])
        # MuJoCo's azimuth is the direction of view, ours the place of the camera.
        camera.azimuth, camera.elevation = row["camera_azimuth"] + 180.0, -row["camera_elevation"]
        camera.distance = row["camera_distance"]
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(model, data, self._options, None, camera, everything, self._scene)
        size = (self._zoom * self._height, self._zoom * self._width)
        drawn = np.empty((*size, 3), np.uint8)
        view = mujoco.MjrRect(0, 0, size[1], size[0])
        mujoco.mjr_render(view, self._scene, self._renderer)
        mujoco.mjr_readPixels(drawn, None, view, self._renderer)
        return self._reduced(drawn[::-1])

    def _reduced(self, drawn: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture at the size of the output, and in grey if it has one channel."""
        z = self._zoom
        mean: Any = drawn.reshape(self._height, z, self._width, z, 3).mean(axis=(1, 3))
        if self._channels == 1:
            mean = (mean @ GREY)[..., None]
        return np.asarray(np.rint(mean), np.uint8)
