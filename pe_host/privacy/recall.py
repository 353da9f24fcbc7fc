"""Numbers of the accountant, kept for the next run in the user's cache.

A number that is read is a claim. The caller checks, on the releases themselves, that the guarantee
holds with it; if not, the number is computed. So a damaged or forged file costs time or changes the
noise within what the guarantee allows, and never weakens a guarantee.
"""

import hashlib
import json
import math
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np

from pe_host.cache import ACCOUNTING, cache_folder
from pe_host.durable import write_atomic
from pe_host.errors import DataError

_LONGEST = 4096
"""Bytes of a file; a longer one is none of ours."""


def recalled(
    what: str,
    inputs: list[float],
    compute: Callable[[], float],
    holds: Callable[[float], bool],
) -> float:
    """The kept number where there is one and it holds, else the computed one, which is then kept.

    Args:
        what: names the computation.
        inputs: everything that the number depends on, besides the versions of code and libraries.
        compute: the number.
        holds: whether the guarantee holds with a number that was read. It is never asked about NaN
        or infinity.
    """
    document = json.dumps([what, [float(x).hex() for x in inputs], _versions()])
    key = hashlib.sha256(document.encode()).hexdigest()
    path = cache_folder() / ACCOUNTING / f"{key}.json"
    kept = _read(path, key)
    if kept is not None and holds(kept):
        return kept
    value = compute()
    if math.isfinite(value):
        with suppress(DataError):  # a cache that cannot be written is none
            write_atomic(path, json.dumps({"key": key, "value": value.hex()}).encode())
    return value


def _read(path: Path, key: str) -> float | None:
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        if not path.is_file():  # a pipe planted there would block
            return None
        with path.open("rb") as file:
            document = json.loads(file.read(_LONGEST))
        value = float.fromhex(document["value"])
        if document["key"] == key and math.isfinite(value):
            return value
    return None


@cache
def _versions() -> list[str]:
    """What else decides about the bits of a number: the libraries and the accountant's source."""
    source = hashlib.sha256()
    for name in ("accountant.py", "search.py"):
        source.update(Path(__file__).with_name(name).read_bytes())
    libraries = [f"{name} {metadata.version(name)}" for name in ("dp-accounting", "scipy")]
    return [*libraries, f"numpy {np.__version__}", source.hexdigest()]
