"""Reader `zip`: images in a zip archive, laid out like those of a folder. Nothing is unpacked."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pe_host.formats.collection import Collection
from pe_host.formats.zip_collection import ZipCollection
from pe_host.privacy.readers import picture_files
from pe_host.privacy.readers.archive_names import only_zip
from pe_host.privacy.readers.collection_errors import source_errors
from pe_host.privacy.readers.hf_names import linked_from
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, SourceOptions, Table, hookimpl


def describe(location: str, options: SourceOptions = SourceOptions()) -> SourceInfo:
    """Describe the images of an archive, or of the only one in a folder.

    See `picture_files.describe`.
    """
    with _opened(location) as collection:
        return picture_files.describe(collection, options)


def read(
    location: str,
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions = SourceOptions(),
) -> Table:
    """Read the images of an archive; see `picture_files.read`."""
    with _opened(location) as collection:
        return picture_files.read(collection, output, label_names, options)


@contextmanager
def _opened(location: str) -> Iterator[Collection]:
    path = Path(location)
    try:
        only = only_zip(path) if path.is_dir() else None
        with source_errors():
            collection = ZipCollection(str(only or path), linked_from(path) if only else None)
    except OSError as error:
        what = f"the folder cannot be read ({error.strerror})"
        raise SourceError(what, where=location, fix="fix its permissions") from None
    with collection:
        yield collection


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "images in a zip archive, laid out like those of a folder"
    return [ReaderSpec("zip", summary, describe, read, picture_files.TAKES)]
