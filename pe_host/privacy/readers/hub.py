"""Data sets of the Hugging Face hub: their Parquet files, on this machine.

The process that reads has no network. So the command line fetches the files before, in a process of
its own: `python -m pe_host.privacy.readers.hub NAME SPLIT`. Scripts of data sets are never run:
where a data set has no Parquet files, those that the hub has made of it are taken.
"""

import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pe_host.privacy.readers.hf_files import EVERY, lost_shards, of_config
from pe_host.privacy.readers.hf_names import Shard, paths_below, shards_in
from pe_host.privacy.readers.split_names import normalised
from pe_sdk import SourceError, SourceOptions

INSTALL = "pip install 'pe-host[hf]'"

CONVERTED = "refs/convert/parquet"
"""The revision in which the hub keeps Parquet files that it has made of a data set."""

_NAME = re.compile(r"(?P<name>\w[\w.-]*(/\w[\w.-]*)?)(?P<config>/[^/].*)?", re.ASCII)
_REVISIONS = (None, CONVERTED)
_PARQUET = ".parquet"


def fetched(location: str, options: SourceOptions) -> tuple[Path, str]:
    """The folder of a data set that is on this machine, and the configuration that is named.

    Raises:
        SourceError: it is not on this machine, and cannot be fetched.
    """
    name, config = _parts(location)
    folder = _local(name, config, options.split, location)
    return (folder or fetch(location, options.split)), config


def fetch(location: str, split: str) -> Path:
    """Fetch the Parquet files of a data set, those of one part if that can be, into the cache.

    Raises:
        SourceError: there is no such data set, or the hub does not answer.
    """
    name, config = _parts(location)
    if folder := _local(name, config, split, location):
        return folder
    with _hub(location, name) as hub:
        for revision in _REVISIONS:
            with contextlib.suppress(hub.errors.RevisionNotFoundError):
                info = hub.HfApi().dataset_info(name, revision=revision)
                paths = [file.rfilename for file in info.siblings or ()]
                shards = shards_in(path for path in paths if path.endswith(_PARQUET))
                if shards:
                    of_one = of_config(shards, config, f"hf:{name}")
                    return _fetched_files(hub, name, revision, of_one, split)
    raise SourceError(
        "the data set has no Parquet files, and the hub has made none of it",
        where=f"hf:{location}",
        fix="save it with datasets.load_dataset(…).save_to_disk(FOLDER), and pass --data FOLDER",
    )


def _fetched_files(
    hub: Any, name: str, revision: str | None, shards: Sequence[Shard], split: str
) -> Path:
    """Fetch the files of a part, and return the folder of the data set in the cache."""
    wanted = _wanted(shards, split)
    if not wanted:
        parts = ", ".join(dict.fromkeys(shard.split for shard in shards))
        raise SourceError(
            f"there is no part {split!r}; the parts are: {parts}",
            where=f"hf:{name}",
            fix="name one of them with --split, or leave it out",
        )
    for shard in wanted:
        path: str = hub.hf_hub_download(name, shard.path, repo_type="dataset", revision=revision)
    return Path(path.removesuffix(shard.path))


def _parts(location: str) -> tuple[str, str]:
    found = _NAME.fullmatch(location)
    if found is None:
        raise SourceError(
            "this is neither a path that exists nor the name of a data set",
            where=f"hf:{location}",
            fix="pass --data hf:NAME, hf:NAME/CONFIG or a folder",
        )
    return found["name"], (found["config"] or "")[1:]


def _wanted(shards: Sequence[Shard], split: str) -> list[Shard]:
    """The files of a part: the one asked for, else the training part, else all."""
    if split and split.lower() != EVERY:
        return [shard for shard in shards if normalised(shard.split) == normalised(split)]
    train = [shard for shard in shards if normalised(shard.split) == "train"]
    return list(shards) if split else train or list(shards)


def _local(name: str, config: str, split: str, location: str) -> Path | None:
    """The folder of the cache, if all files are there that are wanted."""
    with _hub(location, name) as hub:
        for revision in _REVISIONS:
            with contextlib.suppress(hub.errors.LocalEntryNotFoundError):
                found = Path(
                    hub.snapshot_download(
                        name, repo_type="dataset", revision=revision, local_files_only=True
                    )
                )
                shards = shards_in(paths_below(found))
                with contextlib.suppress(SourceError):  # fetching says what is wrong
                    wanted = _wanted(of_config(shards, config, f"hf:{name}"), split)
                    if wanted and not lost_shards(wanted):
                        return found
    return None


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
