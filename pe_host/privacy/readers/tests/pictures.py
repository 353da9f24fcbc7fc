"""Small folders of images, as people have them, for the tests of the readers."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def gray(kind: int, size: int = 12) -> np.ndarray[Any, Any]:
    """A bright left (0) or right (1) half."""
    pixels = np.full((size, size), 20, np.uint8)
    pixels[:, : size // 2] = 210
    return pixels if kind % 2 == 0 else pixels[:, ::-1].copy()


def rgb(kind: int, size: int = 12) -> np.ndarray[Any, Any]:
    return (gray(kind, size)[..., None] * np.array([1, 0.6, 0.3])).astype(np.uint8)


def png(pixels: Any, **options: Any) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, options.pop("format", "PNG"), **options)
    return file.getvalue()


def write(root: Path, files: dict[str, Any]) -> Path:
    """Write files by relative path: bytes, text, pixels, or None for an empty folder."""
    for name, content in files.items():
        path = root / name
        if content is None:
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content if isinstance(content, bytes) else png(content))
    return root


def class_files(classes: dict[str, int], each: int = 3) -> dict[str, Any]:
    """Images of each class: the folder, and the half that is bright."""
    return {
        f"{folder}/{number}.png": rgb(kind)
        for folder, kind in classes.items()
        for number in range(each)
    }
