"""Numbers of samples that this machine cannot hold, refused before anything is done for them."""

import math

import numpy as np

from pe_host.files import most_bytes
from pe_host.job.config import error_type
from pe_sdk import OutputSpec

ROW_BYTES = 64
"""Memory of a sample at least, besides its data: label, seed, vector, votes, order."""


def bytes_of(output: OutputSpec) -> int:
    """Memory of a sample at least, with its data."""
    return ROW_BYTES + math.prod(output.shape) * np.dtype(output.dtype).itemsize


def refuse_too_many(name: str, count: int, size: int, where: str) -> None:
    """Refuse a number of rows that take more memory than one array may.

    Args:
        name: what is counted.
        count: how many.
        size: bytes of each.
        where: the option, or the place of the setting, that asks for so many.

    Raises:
        UsageError, DataError: there are too many; the kind follows from `where`.
    """
    if count * size > most_bytes():
        raise error_type(where)(
            f"{count:,} {name} take more than half of this machine's memory",
            where=where,
            fix="ask for fewer, or use a machine with more memory",
        )
