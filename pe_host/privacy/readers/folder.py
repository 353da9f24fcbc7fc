"""Reader `folder`: one folder of images per class. The sorted folder names are the class names."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pe_host.formats.pictures import UNREADABLE, open_picture
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, Table, hookimpl

_GRAY = ("1", "L", "LA")
_COLOUR = ("RGB", "RGBA", "P", "CMYK", "YCbCr")


def describe(location: str) -> SourceInfo:
    """Spec of a record and class names.

    The class names are those of the folders. The spec comes from the header of the first image in
    order, which counts as public.

    Raises:
        SourceError: there is no folder, no class folder, or no image in them.
    """
    classes = _classes(location)
    first = next((path for folder in classes for path in _images(folder)), None)
    if first is None:
        fix = "put the images of each class in a folder: folder/class/image.png"
        raise SourceError("there are no images in the class folders", where=location, fix=fix)
    with _open(first) as image:
        channels = 1 if image.mode in _GRAY else 3
        return SourceInfo(
            OutputSpec.image(image.height, image.width, channels),
            tuple(folder.name for folder in classes),
        )


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Every image, all of one size and mode.

    Gray images are not converted to colour, nor the reverse: a single record could then decide the
    spec of the release.

    Raises:
        SourceError: see `describe`; or an image cannot be read or has another size or mode, or a
            class folder is not one of `label_names`. Names the file.
    """
    files, labels = [], []
    for folder in _classes(location):
        if folder.name not in label_names:
            raise SourceError(
                "this folder is not one of the classes",
                where=str(folder),
                fix="add it to --classes",
            )
        images = _images(folder)
        files += images
        labels += [label_names.index(folder.name)] * len(images)
    data = np.empty((len(files), *output.shape), dtype=np.uint8)
    for row, path in enumerate(files):
        data[row] = _pixels(path, output)
    return Table(data, np.array(labels, dtype=np.int64))


def _classes(location: str) -> list[Path]:
    root = Path(location)
    if not root.is_dir():
        raise SourceError(
            "there is no such folder",
            where=location,
            fix="pass --data the folder that holds the class folders",
        )
    folders = [entry for entry in _entries(root) if entry.is_dir()]
    if not folders:
        raise SourceError(
            "there are no class folders",
            where=location,
            fix="put the images of each class in their own folder",
        )
    return folders


def _images(folder: Path) -> list[Path]:
    """Every file except hidden ones. A file that is not an image is an error, never skipped."""
    return _entries(folder)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(
            (e for e in folder.iterdir() if not e.name.startswith(".")), key=lambda e: e.name
        )
    except OSError as error:
        what = f"the folder cannot be read ({error.strerror})"
        raise SourceError(what, where=str(folder), fix="fix its permissions") from None


def _open(path: Path) -> Image.Image:
    try:
        image = open_picture(path)
    except UNREADABLE:
        fix = "move it out of the class folder, where every file is a record, or repair it"
        raise SourceError(
            "this file cannot be read as an image", where=str(path), fix=fix
        ) from None
    if image.mode not in _GRAY + _COLOUR:
        image.close()
        raise SourceError(
            f"images of mode {image.mode} are not supported",
            where=str(path),
            fix="convert it to 8-bit gray or RGB",
        )
    return image


def _pixels(path: Path, output: OutputSpec) -> NDArray[np.uint8]:
    height, width, channels = output.shape
    with _open(path) as image:
        if (image.height, image.width) != (height, width) or (channels == 1) != (
            image.mode in _GRAY
        ):
            kind = "gray" if channels == 1 else "colour"
            fix = "size and mode follow the first image by name; convert all images to one"
            raise SourceError(
                f"expected a {kind} image of {width} × {height} pixels", where=str(path), fix=fix
            )
        try:
            pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
        except UNREADABLE:
            raise SourceError(
                "this image is damaged", where=str(path), fix="repair it, or remove it"
            ) from None
    return pixels.reshape(output.shape)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [ReaderSpec("folder", "one folder of images per class", describe, read)]
