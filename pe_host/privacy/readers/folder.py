"""Reader `folder`: one folder of images per class. The sorted folder names are the class names.

The name of a file can name a person. So errors give the class folder and the row in it, counted
from 0 in the order of the names, and the name itself apart (`SourceError.name`).
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pe_host.files import NotAFile, check_inside, open_regular
from pe_host.formats.decode_protocol import ANY
from pe_host.formats.decoding import Decoder, DecoderError
from pe_host.formats.pictures import Form, PictureError, form_of, read_content
from pe_host.privacy.stored import new_records
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, Table, hookimpl


def describe(location: str) -> SourceInfo:
    """Spec of a record and class names.

    The class names are those of the folders. The spec comes from the header of the first image in
    order that can be read, and counts as public.

    Raises:
        SourceError: there is no folder, no class folder, or no image in them.
    """
    classes = _classes(location)
    files = ((folder, row, path) for folder in classes for row, path in enumerate(_images(folder)))
    first: SourceError | None = None
    for folder, row, path in files:
        try:
            form = _form(path, Path(location))
        except (PictureError, OSError, NotAFile) as error:
            first = first or _fault(folder, row, path, error)
            continue
        except DecoderError as error:
            raise _no_decoder(error, location) from None
        return SourceInfo(
            OutputSpec.image(*form.shape),
            tuple(folder.name for folder in classes),
            layout="class folders",
            names_from="the names of the folders",
        )
    if first is not None:
        raise first
    fix = "put the images of each class in a folder: folder/class/image.png"
    raise SourceError("there are no images in the class folders", where=location, fix=fix)


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Every image, all of one size and mode.

    Gray images are not converted to colour, nor the reverse: a single record could then decide the
    spec of the release. An image that cannot be read or has another size or mode is a fault of its
    row.

    Raises:
        SourceError: see `describe`; or a class folder is not one of `label_names`.
    """
    root = Path(location)
    files: list[tuple[Path, int, Path]] = []
    labels: list[int] = []
    for folder in _classes(location):
        if folder.name not in label_names:
            raise SourceError(
                "this folder is not one of the classes",
                where=str(folder),
                fix="add it to --classes",
            )
        images = _images(folder)
        files += [(folder, row, path) for row, path in enumerate(images)]
        labels += [label_names.index(folder.name)] * len(images)
    data = new_records(len(files), output.shape, np.uint8, location)
    faults: dict[int, SourceError] = {}
    sent: list[int] = []

    def contents() -> Iterator[bytes]:
        for number, (folder, row, path) in enumerate(files):
            try:
                content = _content(path, root)
            except (PictureError, OSError, NotAFile) as error:
                faults[number] = _fault(folder, row, path, error)
                continue
            sent.append(number)
            yield content

    try:
        with Decoder(output.shape) as decoder:
            for place, decoded in enumerate(decoder.decode(contents())):
                number = sent[place]
                if isinstance(decoded, PictureError):
                    faults[number] = _fault(*files[number], decoded)
                else:
                    data[number] = decoded
    except DecoderError as error:
        raise _no_decoder(error, location) from None
    return Table(data, np.array(labels, dtype=np.int64), faults=faults)


def _classes(location: str) -> list[Path]:
    root = Path(location)
    if not root.is_dir():
        raise SourceError(
            "there is no such folder",
            where=location,
            fix="pass --data the folder that holds the class folders",
        )
    folders = [root / entry.name for entry in _entries(root) if entry.is_dir()]
    if not folders:
        raise SourceError(
            "there are no class folders",
            where=location,
            fix="put the images of each class in their own folder",
        )
    for folder in folders:
        try:
            check_inside(folder, root)
        except NotAFile as error:
            fix = "copy the class folder here, or pass --data the folder that it is in"
            raise SourceError(f"this is {error}", where=str(folder), fix=fix) from None
    return folders


def _images(folder: Path) -> list[Path]:
    """Every entry except hidden ones. A file that is not an image is a fault, never skipped."""
    entries = _entries(folder)
    for row, entry in enumerate(entries):
        if entry.is_dir():  # not one record: dropping it could drop many
            raise SourceError(
                f"the entry in row {row} of this class folder is a folder",
                where=str(folder),
                fix="put the images of each class directly into their folder",
                name=entry.name,
            )
    return [folder / entry.name for entry in entries]


def _entries(folder: Path) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as found:
            return sorted(
                (entry for entry in found if not entry.name.startswith(".")),
                key=lambda entry: entry.name,
            )
    except OSError as error:
        what = f"the folder cannot be read ({error.strerror})"
        raise SourceError(what, where=str(folder), fix="fix its permissions") from None


def _form(path: Path, root: Path) -> Form:
    content = _content(path, root)
    # The headers of all other formats are read by Python; this one's library begins to decode.
    if content[8:12] != b"WEBP":
        return form_of(content)
    with Decoder(ANY) as decoder:
        return decoder.form(content)


def _content(path: Path, root: Path) -> bytes:
    with open_regular(path, root) as file:
        return read_content(file)


def _no_decoder(error: DecoderError, location: str) -> SourceError:
    return SourceError(str(error), where=location, fix="`pe doctor` checks this machine")


def _fault(folder: Path, row: int, path: Path, error: Exception) -> SourceError:
    """What is wrong with one file, without its name."""
    if isinstance(error, PictureError):
        what, fix = error.what, error.fix
    elif isinstance(error, NotAFile):
        what, fix = f"is {error}", "put a copy of the image in its place, or remove it"
    else:
        cause = error.strerror if isinstance(error, OSError) else type(error).__name__
        what, fix = f"cannot be opened ({cause})", "fix its permissions, or remove it"
    return SourceError(
        f"the file in row {row} of this class folder {what}",
        where=str(folder),
        fix=fix,
        name=path.name,
    )


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [ReaderSpec("folder", "one folder of images per class", describe, read)]
