"""Files of Hugging Face data sets by their names. Nothing heavy is imported here.

A data set is a folder of Parquet files, such as `data/train-00000-of-00005.parquet`, one that
`save_to_disk` has written, or one in the cache of `datasets`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from glob import iglob
from itertools import islice
from pathlib import Path

from pe_host.errors import DataError
from pe_host.formats.names import natural_key
from pe_host.privacy.readers.split_names import SPLITS

SUFFIXES = (".parquet", ".arrow")
SAVED, SAVED_DICT = "state.json", "dataset_dict.json"
"""Files by which a folder of `save_to_disk` is known: a data set, or its parts."""

PATTERN_FILES = 1_000
"""Most files of a pattern."""

DEEPEST = 3
"""Most folders between the folder of a data set and its files."""

_SHARD = re.compile(
    r"(?P<stem>.*?)(?:[-_](?P<number>\d{2,6})-of-(?P<count>\d{2,6}))?(?:-[0-9a-f]{8,40})?"
)
_NUMBER = re.compile(r"(part[-_]?)?\d+")
_LOOKED_AT = 100


@dataclass(frozen=True)
class Shard:
    """A file of a data set.

    Args:
        path: relative to the folder of the data set.
        split: the part that it belongs to, "" for none.
        config: the configuration that it belongs to, "" for none.
        number, count: its place among the files of the part, if the name says it.
    """

    path: str
    split: str
    config: str
    number: int | None
    count: int | None


def shard_of(path: str) -> Shard | None:
    """What a path in a data set says, or None if it is not of a file of records."""
    *folders, name = path.split("/")
    stem, dot, end = name.rpartition(".")
    if f".{end.lower()}" not in SUFFIXES or not dot or any(f.startswith(".") for f in folders):
        return None
    found = _SHARD.fullmatch(stem)
    rest = found["stem"] if found else stem
    number = int(found["number"]) if found and found["number"] else None
    count = int(found["count"]) if found and found["count"] else None
    last = rest.rpartition("-")[2]
    if last.lower() in SPLITS:
        split = last  # the cache has names such as mnist-train
    elif number is not None:
        split = rest
    else:
        split = ""
    if not split and folders and (folders[-1].lower() in SPLITS or _NUMBER.fullmatch(rest)):
        split = folders.pop()
    config = "/".join(folder for folder in folders if folder != "data")
    return Shard(path, "" if split.lower() == "data" else split, config, number, count)


def shards_in(paths: Iterable[str]) -> list[Shard]:
    """The files of records among paths in a data set, in order."""
    found = [shard for path in paths if (shard := shard_of(path))]
    return sorted(found, key=lambda shard: natural_key(shard.path))


def paths_below(folder: Path) -> list[str]:
    """The paths of the Parquet and Arrow files below a folder, relative to it.

    Links to folders are followed as far as `DEEPEST`: they may lead in a circle.
    """
    found: list[str] = []
    places = [(folder, "", 0)]
    while places:
        place, prefix, depth = places.pop()
        for entry in sorted(place.iterdir()):
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                if depth < DEEPEST or not entry.is_symlink():
                    places.append((entry, f"{prefix}{entry.name}/", depth + 1))
            elif entry.suffix.lower() in SUFFIXES:
                found.append(prefix + entry.name)
    return found


def linked_from(folder: Path) -> Path:
    """The folder that the files of a folder must lie in after links are followed.

    It is the folder itself. Of a snapshot in the cache of the hub, or a folder in one, it is the
    data set's folder, since the files there are links to `blobs/` beside the snapshots.
    """
    for place in (folder, *folder.parents):
        if place.parent.name == "snapshots" and (place.parent.parent / "blobs").is_dir():
            return place.parent.parent
    return folder


def matches(path: Path) -> list[str]:
    """The files of a pattern such as `data/train-*.parquet`; none if the path is no pattern.

    Raises:
        DataError: there are more than `PATTERN_FILES`.
    """
    text = str(path)
    if not any(letter in text for letter in "*?[") or path.suffix.lower() not in SUFFIXES:
        return []
    found = list(islice(iglob(text), PATTERN_FILES + 1))  # noqa: PTH207  as it is typed
    if len(found) > PATTERN_FILES:
        raise DataError(
            f"the pattern matches more than {PATTERN_FILES:,} files",
            where=text,
            fix="pass --data the folder of the data set, or a pattern of fewer files",
        )
    return sorted(found, key=natural_key)


def is_saved(folder: Path) -> bool:
    """Whether `save_to_disk` has written a folder."""
    return (folder / SAVED).is_file() or (folder / SAVED_DICT).is_file()


def scheme_of(path: Path) -> str:
    """The reader for files of this kind; "" for others."""
    if path.is_dir():
        return "hf" if is_saved(path) or _holds_data_set(path) else ""
    if path.suffix.lower() == ".arrow" or matches(path) or _is_list(path):
        return "hf"
    if path.suffix.lower() == ".parquet":
        return "hf" if holds_images(path) else "parquet"
    return ""


def _is_list(path: Path) -> bool:
    """Whether a path that does not exist is several Parquet files with commas between."""
    parts = [Path(part) for part in str(path).split(",")]
    return len(parts) > 1 and all(p.suffix.lower() in SUFFIXES and p.is_file() for p in parts)


def _holds_data_set(folder: Path) -> bool:
    """Whether a folder has files of records in it, or in the folders of a data set.

    Of many files, the first ones are looked at. A Parquet file beside pictures may list labels.
    """
    places = [folder]
    for depth in range(DEEPEST):
        inner: list[Path] = []
        for place in places:
            for entry in sorted(islice(place.iterdir(), _LOOKED_AT)):
                if entry.name.startswith("."):
                    continue
                if entry.suffix.lower() == ".arrow":
                    return True
                if entry.suffix.lower() == ".parquet":
                    return holds_images(entry)
                if entry.is_dir() and depth < DEEPEST - 1:
                    inner.append(entry)
        places = inner[:_LOOKED_AT]
    return False


def holds_images(path: Path) -> bool:
    """Whether a Parquet file has a column of pictures, by its schema.

    False for a file that cannot be read: the reader of Parquet files then says why.
    """
    try:
        import pyarrow.parquet as pq

        from pe_host.files import open_regular
        from pe_host.privacy.readers.hf_columns import image_columns

        with open_regular(path) as file, pq.ParquetFile(file) as content:
            return bool(image_columns(content.schema_arrow))
    except Exception:  # whatever is wrong with the file, its reader says it
        return False
