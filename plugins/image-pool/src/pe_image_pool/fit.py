"""Any picture to the form of a record: resized by area, cut to the middle, grey or colour."""

import io
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

FORMAT = 1
"""Part of the digest of a pool: counted up when pictures are fitted otherwise."""
PIXELS = 100_000_000
"""A picture with more is not decoded: a file of a few kilobytes may say that it has any number."""


def decode(content: bytes | NDArray[np.uint8]) -> Image.Image:
    """A picture from an encoded file or from an array [H, W] or [H, W, 1 | 3], upright, in mode L or RGB.

    What is transparent becomes white. 16-bit grey keeps its upper 8 bits.

    Raises:
        Exception: of any type, where the content is no picture.
    """
    if isinstance(content, np.ndarray):
        array = content[..., 0] if content.ndim == 3 and content.shape[2] == 1 else content
        return Image.fromarray(np.ascontiguousarray(array))
    # pillow doubts large pictures and odd metadata: whether it can read them counts
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content)) as opened:
            if opened.width * opened.height > PIXELS:
                raise ValueError(f"{opened.width} x {opened.height} pixels are too many")
            image = ImageOps.exif_transpose(opened)
            image.load()
        if image.mode.startswith("I;16") or image.mode == "I":
            return Image.fromarray(
                (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
            )
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            solid = image.convert("RGBA")
            image = Image.alpha_composite(
                Image.new("RGBA", solid.size, (255, 255, 255, 255)), solid
            )
        return image.convert("L" if image.mode in ("1", "L") else "RGB")


def fit(image: Image.Image, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The picture as uint8 [H, W, C]: the largest middle part of these proportions, averaged over areas.

    Args:
        image: mode L or RGB.
        shape: (H, W, C), C = 1 or 3.
    """
    height, width, channels = shape
    image = image.convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        scale = max(width / image.width, height / image.height)
        across, down = width / scale, height / scale
        left, top = (image.width - across) / 2, (image.height - down) / 2
        box = (
            max(left, 0.0),
            max(top, 0.0),
            min(left + across, image.width),
            min(top + down, image.height),
        )
        kind = Image.Resampling.BOX if scale <= 1 else Image.Resampling.BILINEAR
        image = image.resize((width, height), kind, box)
    return np.asarray(image, np.uint8).reshape(shape)
