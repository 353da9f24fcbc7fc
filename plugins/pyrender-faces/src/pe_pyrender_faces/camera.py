"""Effects of a camera beyond the simulator's parameters: crops, lights, blur, noise, JPEG."""

import io
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from pe_pyrender_faces.bake import Batch
from pe_sdk import Seeds, random


def unknown_camera(batch: Batch, seeds: Seeds) -> Batch:
    """Faces cropped and lit in ways that the simulator's parameters cannot express."""
    crop = random.uniforms(seeds, "camera/crop", size=3)
    camera = batch.camera.copy()
    camera[:, 0] *= 0.93 + 0.2 * crop[:, 0]
    camera[:, 1:3] += 0.05 * (2 * crop[:, 1:] - 1)
    # a window or a wall on one side: harmonics that the parameters leave at zero
    light = random.normals(seeds, "camera/light", size=6)
    ambient = batch.ambient.copy()
    ambient[:, 3:9] += (0.1 * light[:, :, None] * ambient[:, :1]).astype(np.float32)
    return replace(batch, camera=camera.astype(np.float32), ambient=ambient)


def degraded(pictures: NDArray[np.uint8], seeds: Seeds) -> NDArray[np.uint8]:
    """Pictures as a cheap camera stores them: uint8 [n, H, W, 3], each by its own seed."""
    draw = random.uniforms(seeds, "camera/quality", size=8)
    blur = 0.75 * draw[:, 0] * pictures.shape[1] / 64  # standard deviation in pixels
    noise = 1.5 + 4.5 * draw[:, 1] ** 2  # of 255
    gain = (0.85 + 0.3 * draw[:, 2])[:, None] * (1 + 0.08 * (2 * draw[:, 3:6] - 1))
    quality = (60 + 35 * draw[:, 6]).astype(int)
    # one field of grain for all, each picture at its own offset: fresh normals would cost as much
    # as everything else
    size = pictures[0].size
    field = random.normals(np.zeros(1, np.uint64), "camera/grain", size=4 * size)[0]
    places = (draw[:, 7] * 3 * size).astype(int)
    result = np.empty_like(pictures)
    for row, picture in enumerate(pictures):
        soft = np.asarray(
            Image.fromarray(picture).filter(ImageFilter.GaussianBlur(float(blur[row]))), np.float64
        )
        grain = field[places[row] : places[row] + size].reshape(soft.shape)
        seen = np.clip(np.rint(soft * gain[row] + noise[row] * grain), 0, 255).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(seen).save(file, "JPEG", quality=int(quality[row]))
        result[row] = np.asarray(Image.open(file, formats=("JPEG",)))
    return result
