"""Data sets of the Hugging Face hub: their Parquet files, on this machine.

The process that reads has no network. So the command line fetches the files before, in a process of
its own: `python -m pe_host.privacy.readers.hub NAME SPLIT`. Scripts of data sets are never run:
where a data set has no Parquet files, those that the hub has made of it are taken.

The cache of the hub does not say which files a data set has: some may never have been fetched, by
a fetch that was interrupted or of another part. So a complete fetch leaves the list of them all in
the cache of pe, and the reader reads nothing that it does not account for.
"""

import contextlib
import json
import logging
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pe_host.cache import cache_folder
from pe_host.durable import write_atomic
from pe_host.errors import DataError
from pe_host.files import read_regular
from pe_host.privacy.readers.hf_files import of_config, of_part
from pe_host.privacy.readers.hf_names import Shard, shards_in
from pe_sdk import SourceError

INSTALL = "pip install 'pe-host[hf]'"

CONVERTED = "refs/convert/parquet"
"""The revision in which the hub keeps Parquet files that it has made of a data set."""

_NAME = re.compile(r"(?P<name>\w[\w.-]*(/\w[\w.-]*)?)(?P<config>/[^/].*)?", re.ASCII)
_REVISIONS = (None, CONVERTED)
_PARQUET = ".parquet"
_LISTS = "hub"
"""Subfolder of the cache of pe."""


@dataclass(frozen=True)
class Snapshot:
    """A data set of the hub that is on this machine, with every file of the part that is wanted.

    Args:
        folder: the folder of its files.
        config: the configuration that is named, or "".
        files: the paths of all its Parquet files in the hub, relative to the folder, whether they
            are on this machine or not.
    """

    folder: Path
    config: str
    files: tuple[str, ...]


def find(location: str, split: str) -> Snapshot:
    """Find a data set that was fetched before. There may be no network here.

    Args:
        location: its name, perhaps with a configuration.
        split: the part to read, as the user names it; "" for the usual one.

    Raises:
        SourceError: it is not on this machine as a whole, or has no such part or configuration.
    """
    name, config = _parts(location)
    with _hub(location, name) as hub:
        listed = _listed(hub, name)
        if listed is None or _lacks_any(listed, _wanted(listed.files, name, config, split)):
            raise SourceError(
                "the data set is not on this machine, or some files of it are not",
                where=f"hf:{location}",
                fix=f"fetch it with `pe inspect hf:{location}"
                + (f" --split {shlex.quote(split)}" if split else "")
                + "` where there is a connection",
            )
        return replace(listed, config=config)


def fetch(location: str, split: str) -> None:
    """Fetch the Parquet files of a data set, those of one part if that can be, into the cache.

    Raises:
        SourceError: there is no such data set, or the hub does not answer.
    """
    name, config = _parts(location)
    with _hub(location, name) as hub:
        with contextlib.suppress(SourceError):  # perhaps the hub has what is missing here
            listed = _listed(hub, name)
            if listed and not _lacks_any(listed, _wanted(listed.files, name, config, split)):
                return
        for revision in _REVISIONS:
            with contextlib.suppress(hub.errors.RevisionNotFoundError):
                info = hub.HfApi().dataset_info(name, revision=revision)
                paths = [file.rfilename for file in info.siblings or ()]
                files = tuple(path for path in paths if path.endswith(_PARQUET))
                if shards_in(files):
                    wanted = _wanted(files, name, config, split)
                    folder = _fetched_files(hub, name, info.sha or revision, wanted)
                    _write_list(name, Snapshot(folder, "", files))
                    return
    raise SourceError(
        "the data set has no Parquet files, and the hub has made none of it",
        where=f"hf:{location}",
        fix="save it with datasets.load_dataset(…).save_to_disk(FOLDER), and pass --data FOLDER",
    )


def _wanted(files: Sequence[str], name: str, config: str, split: str) -> list[Shard]:
    """The files of the part to read.

    Raises:
        SourceError: there is no such configuration or part, or one has to be named.
    """
    shards = of_config(shards_in(files), config, f"hf:{name}", public=True)
    return of_part(shards, split, f"hf:{name}", public=True)[0]


def _fetched_files(hub: Any, name: str, revision: str | None, wanted: Sequence[Shard]) -> Path:
    """Fetch files, and return the folder of the data set in the cache."""
    for shard in wanted:
        path: str = hub.hf_hub_download(name, shard.path, repo_type="dataset", revision=revision)
    return Path(path.removesuffix(shard.path))


def _lacks_any(found: Snapshot, wanted: Sequence[Shard]) -> bool:
    return not all((found.folder / shard.path).is_file() for shard in wanted)


def _listed(hub: Any, name: str) -> Snapshot | None:
    """The snapshot that was fetched last, None if there is none; files of it may be missing."""
    try:
        document = json.loads(read_regular(_list_of(name)))
        commit, files = str(document["commit"]), tuple(map(str, document["files"]))
        folder = hub.snapshot_download(
            name, repo_type="dataset", revision=commit, local_files_only=True
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    except hub.errors.LocalEntryNotFoundError:
        return None
    return Snapshot(Path(folder), "", files) if shards_in(files) else None


def _write_list(name: str, found: Snapshot) -> None:
    document = {"commit": found.folder.name, "files": found.files}
    try:
        write_atomic(_list_of(name), json.dumps(document).encode(), private=True)
    except DataError as error:
        fix = "free space, fix the permissions, or set XDG_CACHE_HOME to another folder"
        raise SourceError(error.what, where=error.where, fix=fix) from None


def _list_of(name: str) -> Path:
    return cache_folder() / _LISTS / f"{name.replace('/', '%2F')}.json"


def _parts(location: str) -> tuple[str, str]:
    found = _NAME.fullmatch(location)
    if found is None:
        raise SourceError(
            "this is neither a path that exists nor the name of a data set",
            where=f"hf:{location}",
            fix="pass --data hf:NAME, hf:NAME/CONFIG or a folder",
        )
    return found["name"], (found["config"] or "")[1:]


@contextlib.contextmanager
def _hub(location: str, name: str) -> Iterator[Any]:
    """Yield the library of the hub; its errors become a SourceError."""
    where = f"hf:{location}"
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ImportError:
        what = "data sets of the hub need the package huggingface_hub"
        raise SourceError(what, where=where, fix=INSTALL) from None
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # what fails is said below
    try:
        yield huggingface_hub
    except SourceError:
        raise
    except errors.GatedRepoError:  # a subclass of RepositoryNotFoundError, so it comes first
        what = f"the data set {name} is gated"
        fix = "accept its terms on the hub, and log in with `hf auth login`"
        raise SourceError(what, where=where, fix=fix) from None
    except (errors.RepositoryNotFoundError, errors.HFValidationError):
        what = f"there is no data set {name} in the hub, or not for you"
        fix = "check the name; log in with `hf auth login` for a data set of your own"
        raise SourceError(what, where=where, fix=fix) from None
    # Its HTTP library raises errors of its own, and that library has changed.
    except Exception as error:
        offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
        why = "is switched off (HF_HUB_OFFLINE)" if offline else "does not answer"
        raise SourceError(
            f"the data set is not on this machine, and the hub {why} ({type(error).__name__})",
            where=where,
            fix=f"fetch it where there is a connection with `hf download {name} --repo-type "
            "dataset --local-dir FOLDER`, and pass --data FOLDER",
        ) from None


def main(location: str, split: str) -> int:
    """Fetch, and print what is wrong as JSON. The command line runs this before it reads."""
    try:
        fetch(location, split)
    except SourceError as error:
        document = {"what": error.what, "where": error.where, "fix": error.fix}
        sys.stdout.write(json.dumps(document))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]))
