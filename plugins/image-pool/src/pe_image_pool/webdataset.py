"""Pools in WebDataset shards: tar files with key.png (or .jpg, …) and key.cls next to each other.

They are read as a stream.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path

from pe_sdk import CannotMake
from pe_sdk.pictures import FILE_BYTES, SUFFIXES

_PICTURES = ("img", *(suffix[1:] for suffix in SUFFIXES))


def rows(path: Path) -> Iterator[tuple[str, str | None, bytes]]:
    """Yield key, label and encoded picture of each sample that has a picture.

    Other members are skipped, and nothing is extracted to disk.

    Raises:
        CannotMake: the file is not a tar file, or ends too early.
    """
    try:
        with tarfile.open(path, "r|*") as archive:
            key, picture, label = "", None, None
            for member in archive:
                if not member.isfile():
                    continue
                folder, _, file = member.name.rpartition("/")
                # By the format's convention, a key ends at the first dot.
                stem, _, extension = file.partition(".")
                if (of := f"{folder}/{stem}") != key:
                    if picture is not None:
                        yield key.lstrip("/"), label, picture
                    key, picture, label = of, None, None
                extension = extension.lower()
                if extension in _PICTURES:
                    picture = _content(archive, member)
                elif extension == "cls":
                    label = _content(archive, member).decode("utf-8", "replace").strip() or None
            if picture is not None:
                yield key.lstrip("/"), label, picture
    except (OSError, EOFError, ValueError, tarfile.TarError) as error:
        raise CannotMake(f"{path} cannot be read as a tar file: {error}") from None


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.size <= FILE_BYTES else None
    return file.read() if file is not None else b""
