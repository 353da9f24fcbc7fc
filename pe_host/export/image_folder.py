"""A folder for each label and a PNG file for each sample: `<label>/<row>.png`.

The folder reader and most training code read this layout.
"""

import json
from pathlib import Path

from PIL import Image

from pe_host.export.atomic import new_folder
from pe_host.export.folder_names import folder_names
from pe_host.export.table import RecordTable


def write_image_folder(path: Path, table: RecordTable) -> Path:
    """Write the released images as PNG files.

    The files are numbered by row over all labels, which keeps their order. A label without samples
    gets an empty folder. If some folder cannot have the name of its label, `labels.json` contains
    `{"schema": 1, "folders": {folder: label name}}` for all labels, in their order.

    Args:
        path: folder to create.
        table: the images.

    Raises:
        DataError: the records are not images, or `path` exists and is not empty.
    """
    table.refuse_unless("imagefolder")
    folders = folder_names(table.names)
    digits = len(str(max(len(table.data) - 1, 0)))
    grey = table.output.shape[2] == 1
    with new_folder(path) as temporary:
        for folder in folders:
            (temporary / folder).mkdir()
        for row, (image, label) in enumerate(zip(table.data, table.labels, strict=True)):
            picture = Image.fromarray(image[..., 0] if grey else image)
            picture.save(temporary / folders[label] / f"{row:0{digits}d}.png", format="PNG")
        if folders != table.names:
            listing = {"schema": 1, "folders": dict(zip(folders, table.names, strict=True))}
            # ASCII escapes can represent a name that is not valid Unicode (a lone surrogate) too.
            (temporary / "labels.json").write_text(
                json.dumps(listing, indent=1) + "\n", encoding="ascii"
            )
    return path
