"""Which files of a Hugging Face data set are read: its configuration, its part, all its shards."""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pe_host.privacy.readers.hf_names import (
    SAVED,
    SAVED_DICT,
    Shard,
    linked_from,
    paths_below,
    shards_in,
)
from pe_host.privacy.readers.hf_tables import TableFile
from pe_host.privacy.readers.split_names import normalised
from pe_sdk import SourceError, SourceOptions

EVERY = "all"
"""Value of --split for all parts at once."""

_DOCUMENT_BYTES = 1 << 26


@dataclass(frozen=True)
class Files:
    """The files of a data set that are read.

    Args:
        tables: in order.
        what: what they are, in words.
        split: the part that is read.
        parts: the parts that there are.
        features: what a document beside the files says about the columns.
    """

    tables: tuple[TableFile, ...]
    what: str
    split: str
    parts: tuple[str, ...]
    features: dict[str, Any]


def find_files(place: Path, location: str, options: SourceOptions, config: str = "") -> Files:
    """Find the files of a folder or file.

    Args:
        place: a folder or file, or what `location` says if there is neither.
        location: the source: perhaps several paths with commas between.
        options: what the user says.
        config: the configuration to read, if it is named apart from the folder.

    Raises:
        SourceError: there are no such files, some are missing, or it does not follow which to read.
    """
    if not place.is_dir():
        paths = [place] if place.exists() else [Path(part) for part in location.split(",")]
        return _of_list(paths, location, options)
    if (place / SAVED).is_file():
        return Files(_saved(place), "saved data set", "", (), _features(place))
    if (place / SAVED_DICT).is_file():
        return _saved_parts(place, options)
    shards = shards_in(paths_below(place))
    if not shards:
        raise SourceError(
            "there are no Parquet or Arrow files here",
            where=location,
            fix="pass --data a folder of Parquet files, or one that save_to_disk has written",
        )
    shards = of_config(shards, config, f"hf:{location}".removesuffix(f"/{config}"))
    split, parts = _part([shard.split for shard in shards], options.split, location)
    chosen = [shard for shard in shards if split in (shard.split, EVERY)]
    _check_complete(chosen, place)
    inside = linked_from(place)
    tables = tuple(TableFile(place / shard.path, inside) for shard in chosen)
    inner = place / chosen[0].path
    return Files(tables, _said(chosen), split, parts, _features(inner.parent))


def _of_list(paths: Sequence[Path], location: str, options: SourceOptions) -> Files:
    if len({*paths}) != len(paths):
        raise SourceError(
            "a file is named twice", where=location, fix="name every file of the data set once"
        )
    shards = {path: shards_in([path.name]) for path in paths}
    splits = [found[0].split if found else "" for found in shards.values()]
    split, parts = _part(splits, options.split, location)
    chosen = [path for path, own in zip(paths, splits, strict=True) if split in (own, EVERY)]
    found = [shard for path in chosen for shard in shards[path]]
    return Files(tuple(TableFile(path, None) for path in chosen), _said(found), split, parts, {})


def _said(shards: Sequence[Shard]) -> str:
    kind = "Arrow" if shards and shards[0].path.lower().endswith(".arrow") else "Parquet"
    return f"{kind} file" if len(shards) < 2 else f"{len(shards)} {kind} files"


def of_config(shards: Sequence[Shard], config: str, where: str) -> list[Shard]:
    """The files of a configuration: of the one that is named, the only one, or `default`.

    Args:
        shards: all files.
        config: its name, or "".
        where: what stands before the name of a configuration, as the user would type it.

    Raises:
        SourceError: there is no such one, or one has to be named.
    """
    configs = list(dict.fromkeys(shard.config for shard in shards))
    wanted = config or ("default" if "default" in configs else configs[0])
    if wanted not in configs or (len(configs) > 1 and wanted not in (config, "default")):
        names = [name for name in configs if name]
        raise SourceError(
            f"there is no configuration {config!r}; there are {', '.join(names) or 'none'}"
            if config
            else f"there are several data sets here: {', '.join(names)}",
            where=where,
            fix=f"pass one of them, as in --data {where}/{names[0]}"
            if names
            else "leave the name of the configuration out",
        )
    return [shard for shard in shards if shard.config == wanted]


def _part(splits: Sequence[str], wanted: str, where: str) -> tuple[str, tuple[str, ...]]:
    """The part to read, and all parts; "" for files that belong to none."""
    parts = tuple(dict.fromkeys(splits))
    if wanted:
        if wanted.lower() == EVERY and len(parts) > 1:
            return EVERY, parts
        for part in parts:
            if part and (part == wanted or normalised(part) == normalised(wanted)):
                return part, parts
        there = ", ".join(part or "one without a name" for part in parts)
        raise SourceError(
            f"there is no part {wanted!r}; the parts are: {there}",
            where=where,
            fix="name one of them with --split, or leave it out",
        )
    train = [part for part in parts if normalised(part) == "train"]
    if len(parts) == 1 or len(train) == 1:
        return (train[0] if train else parts[0]), parts
    raise SourceError(
        f"there are several parts: {', '.join(part or 'one without a name' for part in parts)}",
        where=where,
        fix=f"choose one, as in --split {next(filter(None, parts), EVERY)}, or --split {EVERY}",
    )


def lost_shards(shards: Sequence[Shard]) -> list[tuple[int, int]]:
    """Number, and count of all, of each file that the names of others announce."""
    lost: list[tuple[int, int]] = []
    for count in sorted({shard.count for shard in shards if shard.count is not None}):
        there = {shard.number for shard in shards if shard.count == count}
        # They count from 0, but some programs count from 1.
        first = 0 if 0 in there else 1
        lost += [(number, count) for number in range(first, first + count) if number not in there]
    return lost


def _check_complete(shards: Sequence[Shard], folder: Path) -> None:
    if lost := lost_shards(shards):
        number, count = lost[0]
        pattern = re.sub(r"\d+-of-\d+", "*", shards[0].path)
        raise SourceError(
            f"{len(lost)} of {count} files are missing, such as number {number}",
            where=str(folder),
            fix="download the whole data set; or pass those that are there, as in "
            f"--data {shlex.quote(str(folder / pattern))}",
        )


def _saved(folder: Path) -> tuple[TableFile, ...]:
    """The files that the state of a saved data set lists, in order."""
    state = _document(folder / SAVED)
    try:
        names = [str(entry["filename"]) for entry in state["_data_files"]]
    except (KeyError, TypeError):
        names = []
    if not names or any("/" in name or name in ("", ".", "..") for name in names):
        raise SourceError(
            "the state of the saved data set lists no files, or files elsewhere",
            where=str(folder / SAVED),
            fix="save the data set again with save_to_disk",
        )
    return tuple(TableFile(folder / name, folder) for name in names)


def _saved_parts(folder: Path, options: SourceOptions) -> Files:
    document = _document(folder / SAVED_DICT)
    splits = document.get("splits")
    if not isinstance(splits, list) or not splits or not all(_is_plain(name) for name in splits):
        raise SourceError(
            "the parts of the saved data set are not listed",
            where=str(folder / SAVED_DICT),
            fix="save the data set again with save_to_disk",
        )
    split, parts = _part(splits, options.split, str(folder))
    chosen = parts if split == EVERY else (split,)
    tables = tuple(table for name in chosen for table in _saved(folder / name))
    return Files(tables, "saved data set", split, parts, _features(folder / chosen[0]))


def _is_plain(name: Any) -> bool:
    return isinstance(name, str) and bool(name) and "/" not in name and name not in (".", "..")


def _features(folder: Path) -> dict[str, Any]:
    """What dataset_info.json says about the columns; {} if there is none."""
    path = folder / "dataset_info.json"
    found = _document(path).get("features") if path.is_file() else None
    return found if isinstance(found, dict) else {}


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_DOCUMENT_BYTES))
    except (OSError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise SourceError(
            "this file cannot be read as JSON",
            where=str(path),
            fix="save the data set again with save_to_disk",
        )
    return content
