"""Fetching data sets of the Hugging Face hub before a command reads them.

The process that reads private data has no network. This one starts another that has, and that
reads nothing else.
"""

import json
import subprocess
import sys
from pathlib import Path

from pe_host.errors import DataError

_SCHEME = "hf:"


def fetch_data_set(source: str, split: str) -> None:
    """Fetch the data set of a source `hf:NAME` into the cache of the hub; do nothing for others.

    Raises:
        DataError: there is no such data set, or the hub does not answer.
    """
    name = source.removeprefix(_SCHEME)
    if name == source or Path(name).expanduser().exists():
        return
    command = [sys.executable, "-P", "-m", "pe_host.privacy.readers.hub", name, split]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        return
    try:
        said = json.loads(done.stdout)
        error = DataError(said["what"], where=said["where"], fix=said["fix"])
    except (ValueError, KeyError, TypeError):
        error = DataError(
            "the data set cannot be fetched", where=source, fix="see the message above"
        )
    raise error
