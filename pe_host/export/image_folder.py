"""Exporter `imagefolder`: a folder for each label, a PNG file for each sample: `<label>/<row>.png`.

The folder reader and most training code read this layout.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pe_host.export.folder_names import folder_names
from pe_host.export.png import from_png, image_spec, to_png
from pe_sdk import CannotMake, ExporterSpec, Release, hookimpl

_LISTING = "labels.json"


def write(path: Path, release: Release) -> None:
    """Write the released images as PNG files.

    The files are numbered by row over all labels, which keeps their order. A label without samples
    gets an empty folder. If some folder cannot have the name of its label, or the labels are not in
    the order of their names, `labels.json` contains `{"schema": 1, "folders": {folder: label
    name}}` for all labels, in their order.

    Args:
        path: folder to fill.
        release: the images.

    Raises:
        CannotMake: the records are not images.
    """
    if release.output.kind != "image":
        raise CannotMake(f"an image folder cannot hold {release.output.kind}")
    folders = folder_names(release.label_names)
    digits = len(str(max(len(release.data) - 1, 0)))
    for folder in folders:
        (path / folder).mkdir()
    for row, (image, label) in enumerate(zip(release.data, release.labels, strict=True)):
        (path / folders[label] / f"{row:0{digits}d}.png").write_bytes(to_png(image))
    # Folders are read in the order of their names, so only sorted ones need no list.
    if folders != release.label_names or list(folders) != sorted(folders):
        listing = {"schema": 1, "folders": dict(zip(folders, release.label_names, strict=True))}
        # ASCII escapes can represent a name that is not valid Unicode (a lone surrogate) too.
        (path / _LISTING).write_text(json.dumps(listing, indent=1) + "\n", encoding="ascii")


def read(path: Path) -> Release:
    """Read what `write` wrote."""
    listing = path / _LISTING
    folders = {folder.name: folder.name for folder in sorted(path.iterdir()) if folder.is_dir()}
    if listing.exists():
        folders = json.loads(listing.read_text(encoding="ascii"))["folders"]
    found = sorted(
        (int(file.stem), label, file)
        for label, folder in enumerate(folders)
        for file in (path / folder).iterdir()
    )
    data = np.stack([from_png(file.read_bytes()) for _, _, file in found])
    labels = np.array([label for _, label, _ in found], np.int64)
    return Release(image_spec(data), data, labels, tuple(folders.values()))


IMAGE_FOLDER = ExporterSpec(
    "imagefolder",
    "PNG files, a folder for each label",
    write,
    folder=True,
    kinds=("image",),
    read=read,
)


@hookimpl
def pe_exporters() -> Iterable[ExporterSpec]:
    return [IMAGE_FOLDER]
