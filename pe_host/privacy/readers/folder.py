"""Reader `folder`: images in a folder.

Each folder of images is a class, or labels come from a file or from the names: see
`picture_layout`.
"""

from collections.abc import Iterable

from pe_host.formats.collection import FolderCollection
from pe_host.privacy.readers import picture_files
from pe_sdk import OutputSpec, ReaderSpec, SourceInfo, SourceOptions, Table, hookimpl


def describe(location: str, options: SourceOptions = SourceOptions()) -> SourceInfo:
    """Describe the images of a folder; see `picture_files.describe`."""
    with FolderCollection(location) as collection:
        return picture_files.describe(collection, options)


def read(
    location: str,
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions = SourceOptions(),
) -> Table:
    """Read the images of a folder; see `picture_files.read`."""
    with FolderCollection(location) as collection:
        return picture_files.read(collection, output, label_names, options)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "images in a folder for each class, or with labels in a file or in their names"
    return [ReaderSpec("folder", summary, describe, read, picture_files.TAKES)]
