"""Which files of a Hugging Face data set are read: its configuration, its part, all its shards."""

import json
import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pe_host.files import open_regular
from pe_host.privacy.readers.hf_names import (
    DEEPEST,
    SAVED,
    SAVED_DICT,
    Shard,
    linked_from,
    paths_below,
    shards_in,
)
from pe_host.privacy.readers.hf_tables import TableFile
from pe_host.privacy.readers.split_names import EVERY, is_known, normalised
from pe_sdk import SourceError, SourceOptions

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
        shown: the parts whose names may be shown: those of files here can name persons.
        left_out: files that are not read, in words.
    """

    tables: tuple[TableFile, ...]
    what: str
    split: str
    parts: tuple[str, ...]
    features: dict[str, Any]
    shown: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def find_files(
    place: Path,
    location: str,
    options: SourceOptions,
    config: str = "",
    listed: Sequence[str] | None = None,
) -> Files:
    """Find the files of a folder or file.

    Args:
        place: a folder or file, or what `location` says if there is neither.
        location: the source: perhaps several paths with commas between.
        options: what the user says.
        config: the configuration to read, if it is named apart from the folder.
        listed: the paths of all files of a data set in the hub, relative to the folder; None for
            a folder of the user, whose names are private.

    Raises:
        SourceError: there are no such files, some are missing, or it does not follow which to read.
    """
    if not os.path.isdir(place):  # noqa: PTH112  a long list of files is no valid path
        exists = os.path.exists(place)  # noqa: PTH110  see above
        paths = [place] if exists else [Path(part) for part in location.split(",")]
        return _of_list(paths, location, options)
    inside = linked_from(place)
    if (place / SAVED).is_file():
        features = _features(place, inside)
        return Files(_saved(place, inside), "saved data set", "", (), features)
    if (place / SAVED_DICT).is_file():
        return _saved_parts(place, inside, options)
    shards = shards_in(_paths(place, location) if listed is None else listed)
    if not shards:
        raise SourceError(
            "there are no Parquet or Arrow files here",
            where=location,
            fix="pass --data a folder of Parquet files, or one that save_to_disk has written",
        )
    public = listed is not None
    where = f"hf:{location}".removesuffix(f"/{config}") if public else location
    ours = of_config(shards, config, where, public=public)
    left = len(shards) - len(ours)
    others = f"{left} file{'' if left == 1 else 's'} of other configurations"
    chosen, split, parts = of_part(ours, options.split, location, public=public)
    _check_complete(chosen, place, public=public)
    tables = tuple(TableFile(place / shard.path, inside) for shard in chosen)
    inner = place / chosen[0].path
    return Files(
        tables,
        _said(chosen),
        split,
        parts,
        _features(inner.parent, inside),
        _shown(parts, public),
        (others,) if left else (),
    )


def _paths(place: Path, location: str) -> list[str]:
    """The paths of the files in a folder.

    Raises:
        SourceError: some lie so deep that they may belong to something else, or a folder cannot be
            read.
    """
    try:
        found = paths_below(place)
    except OSError as error:
        what = f"the folder cannot be read ({error.strerror})"
        raise SourceError(what, where=location, fix="fix its permissions") from None
    if too_deep := sum(path.count("/") > DEEPEST for path in found):
        raise SourceError(
            f"{too_deep} of {len(found)} Parquet and Arrow files lie more than {DEEPEST} folders "
            "below this one",
            where=location,
            fix="pass --data the folder of the data set, or the files themselves, as in "
            "--data 'FOLDER/*.parquet'",
        )
    return found


def _of_list(paths: Sequence[Path], location: str, options: SourceOptions) -> Files:
    if len({*paths}) != len(paths):
        raise SourceError(
            "a file is named twice", where=location, fix="name every file of the data set once"
        )
    shards = {path: shards_in([path.name]) for path in paths}
    splits = [found[0].split if found else "" for found in shards.values()]
    split, parts = _part(splits, options.split, location, public=False)
    chosen = [path for path, own in zip(paths, splits, strict=True) if split in (own, EVERY)]
    found = [shard for path in chosen for shard in shards[path]]
    tables = tuple(TableFile(path, None) for path in chosen)
    return Files(tables, _said(found), split, parts, {}, _shown(parts, False))


def _said(shards: Sequence[Shard]) -> str:
    kind = "Arrow" if shards and shards[0].path.lower().endswith(".arrow") else "Parquet"
    return f"{kind} file" if len(shards) < 2 else f"{len(shards)} {kind} files"


def of_config(shards: Sequence[Shard], config: str, where: str, *, public: bool) -> list[Shard]:
    """The files of a configuration: of the one that is named, the only one, or `default`.

    Args:
        shards: all files.
        config: its name, or "".
        where: what stands before the name of a configuration, as the user would type it.
        public: whether the names are those of a data set in the hub, and may be shown.

    Raises:
        SourceError: there is no such one, or one has to be named.
    """
    configs = list(dict.fromkeys(shard.config for shard in shards))
    wanted = config or ("default" if "default" in configs else configs[0])
    if wanted not in configs or not (config or wanted == "default" or len(configs) == 1):
        raise _no_config(configs, config, where, public)
    return [shard for shard in shards if shard.config == wanted]


def _no_config(configs: Sequence[str], config: str, where: str, public: bool) -> SourceError:
    names = [name for name in configs if name]
    if config:
        what = f"there is no configuration {config!r}; there are {', '.join(names) or 'none'}"
    else:
        beside = " and files beside them" if "" in configs else ""
        what = f"there are several data sets here, in {len(names)} folder"
        what += f"{'' if len(names) == 1 else 's'}{beside}"
    if not public:
        fix = "pass --data one of the folders, or the files, as in --data 'FOLDER/*.parquet'"
        return SourceError(what, where=where, fix=fix, name=", ".join(names))
    if not names:
        return SourceError(what, where=where, fix="leave the name of the configuration out")
    if not config:
        what = f"{what}: {', '.join(names)}"
    fix = f"pass one of them, as in --data {where}/{names[0]}"
    if "" in configs:
        fix += "; for files beside them, download the data set, and pass --data 'FOLDER/*.parquet'"
    return SourceError(what, where=where, fix=fix)


def of_part(
    shards: Sequence[Shard], wanted: str, where: str, *, public: bool
) -> tuple[list[Shard], str, tuple[str, ...]]:
    """The files of the part to read, its name, and all parts.

    Raises:
        SourceError: there is no such part, or one has to be named.
    """
    split, parts = _part([shard.split for shard in shards], wanted, where, public=public)
    return [shard for shard in shards if split in (shard.split, EVERY)], split, parts


def _part(
    splits: Sequence[str], wanted: str, where: str, *, public: bool
) -> tuple[str, tuple[str, ...]]:
    """The part to read, and all parts; "" for files that belong to none."""
    parts = tuple(dict.fromkeys(splits))
    shown = _shown(parts, public)
    unknown = [part for part in parts if part and part not in shown]
    there = ", ".join(
        [
            *shown,
            *(["one without a name"] if "" in parts else []),
            *([f"{len(unknown)} whose names may be private"] if unknown else []),
        ]
    )
    if wanted:
        if wanted.lower() == EVERY:
            return (EVERY if len(parts) > 1 else parts[0]), parts
        for part in parts:
            if part and (part == wanted or normalised(part) == normalised(wanted)):
                return part, parts
        raise SourceError(
            f"there is no part {wanted!r}; the parts are: {there}",
            where=where,
            fix="name one of them with --split, or leave it out",
            name=", ".join(unknown),
        )
    train = [part for part in parts if normalised(part) == "train"]
    if len(parts) == 1 or len(train) == 1:
        return (train[0] if train else parts[0]), parts
    raise SourceError(
        f"there are several parts: {there}",
        where=where,
        fix=f"choose one, as in --split {next(iter(shown), 'NAME')}, or --split {EVERY} for all",
        name=", ".join(unknown),
    )


def _shown(parts: Sequence[str], public: bool) -> tuple[str, ...]:
    """The parts whose names may be shown."""
    return tuple(part for part in parts if part and (public or is_known(part)))


def lost_shards(shards: Sequence[Shard]) -> list[tuple[int, int]]:
    """Number, and count of all, of each file that the names of others announce."""
    lost: list[tuple[int, int]] = []
    for count in sorted({shard.count for shard in shards if shard.count is not None}):
        there = {shard.number for shard in shards if shard.count == count}
        # They count from 0, but some programs count from 1.
        first = 0 if 0 in there else 1
        lost += [(number, count) for number in range(first, first + count) if number not in there]
    return lost


def _check_complete(shards: Sequence[Shard], folder: Path, *, public: bool) -> None:
    if lost := lost_shards(shards):
        number, count = lost[0]
        first = shards[0]
        pattern = "*.parquet"
        if public or (is_known(first.split) and not first.config):
            pattern = re.sub(r"\d+-of-\d+", "*", first.path)
        raise SourceError(
            f"{len(lost)} of {count} files are missing, such as number {number}",
            where=str(folder),
            fix="download the whole data set; or pass those that are there, as in "
            f"--data {shlex.quote(str(folder / pattern))}",
        )


def _saved(folder: Path, inside: Path) -> tuple[TableFile, ...]:
    """The files that the state of a saved data set lists, in order."""
    state = _document(folder / SAVED, inside)
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
    return tuple(TableFile(folder / name, inside) for name in names)


def _saved_parts(folder: Path, inside: Path, options: SourceOptions) -> Files:
    document = _document(folder / SAVED_DICT, inside)
    splits = document.get("splits")
    if not isinstance(splits, list) or not splits or not all(_is_plain(name) for name in splits):
        raise SourceError(
            "the parts of the saved data set are not listed",
            where=str(folder / SAVED_DICT),
            fix="save the data set again with save_to_disk",
        )
    split, parts = _part(splits, options.split, str(folder), public=False)
    chosen = parts if split == EVERY else (split,)
    tables = tuple(table for name in chosen for table in _saved(folder / name, inside))
    features = _features(folder / chosen[0], inside)
    return Files(tables, "saved data set", split, parts, features, _shown(parts, False))


def _is_plain(name: Any) -> bool:
    return isinstance(name, str) and bool(name) and "/" not in name and name not in (".", "..")


def _features(folder: Path, inside: Path) -> dict[str, Any]:
    """What dataset_info.json says about the columns; {} if there is none."""
    path = folder / "dataset_info.json"
    found = _document(path, inside).get("features") if path.is_file() else None
    return found if isinstance(found, dict) else {}


def _document(path: Path, inside: Path) -> dict[str, Any]:
    try:
        with open_regular(path, inside) as file:
            content = json.loads(file.read(_DOCUMENT_BYTES))
    except (OSError, ValueError, RecursionError):  # NotAFile is a ValueError
        content = None
    if not isinstance(content, dict):
        raise SourceError(
            "this file cannot be read as JSON",
            where=str(path),
            fix="save the data set again with save_to_disk",
        )
    return content
