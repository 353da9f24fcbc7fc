"""Images as PNG, which keeps every pixel."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pe_sdk import OutputSpec


def to_png(image: NDArray[np.uint8]) -> bytes:
    """Encode an image, uint8 [H, W, 1 or 3]."""
    content = io.BytesIO()
    picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    picture.save(content, format="PNG")
    return content.getvalue()


def from_png(content: bytes) -> NDArray[Any]:
    """Decode what `to_png` encoded."""
    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
        pixels = np.asarray(picture)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def image_spec(images: NDArray[Any]) -> OutputSpec:
    """Return the spec of images [n, H, W, C]."""
    return OutputSpec.image(*images.shape[1:])
