"""Noisy histograms on disk, written before they are used and read back instead of drawn again."""

import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pe_host.durable import check_room, write_atomic
from pe_host.errors import DataError, PrivacyRefusal
from pe_host.files import open_regular, read_regular
from pe_host.formats.archives import BROKEN
from pe_host.privacy.files import COUNTS, votes_name
from pe_host.privacy.ledger import Ledger


class HistogramStore(Protocol):
    """Keeps released integers under names such as `iterations/002/votes`."""

    def save(self, name: str, values: NDArray[np.int64], about: dict[str, Any]) -> None:
        """Store `values` and the JSON document `about` durably before returning; all or nothing."""

    def load(self, name: str) -> tuple[NDArray[np.int64], dict[str, Any]] | None:
        """Values and document saved under the name, or None."""

    def check_room(self, name: str, size: int) -> None:
        """Raise DataError unless `size` bytes can be saved. Called before they are paid for."""


class FileStore:
    """Stores `NAME.npy` and `NAME.json` in a folder.

    The array is written last: if it exists, so does the document.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, name: str, values: NDArray[np.int64], about: dict[str, Any]) -> None:
        path = self.folder / name
        buffer = io.BytesIO()
        np.save(buffer, values, allow_pickle=False)
        write_atomic(
            path.with_suffix(".json"), json.dumps(about, sort_keys=True, allow_nan=False).encode()
        )
        write_atomic(path.with_suffix(".npy"), buffer.getvalue())

    def check_room(self, name: str, size: int) -> None:
        # 8192 bytes for the headers, the document and its blocks.
        check_room((self.folder / name).with_suffix(".npy"), size + 8192)

    def load(self, name: str) -> tuple[NDArray[np.int64], dict[str, Any]] | None:
        path = (self.folder / name).with_suffix(".npy")
        if not path.exists():
            return None
        values: NDArray[Any] | None = None
        about: Any = None
        with suppress(*BROKEN):  # reported below
            with open_regular(path) as file:
                values = np.lib.format.read_array(file, allow_pickle=False)
            about = json.loads(read_regular(path.with_suffix(".json")))
        if (
            not isinstance(values, np.ndarray)
            or values.dtype != np.int64
            or values.ndim != 1
            or not isinstance(about, dict)
        ):
            raise DataError(
                "this released histogram cannot be read; it was damaged after it was written",
                where=str(path),
                fix="restore the file from a copy, or start a new run, whose ε adds to what this "
                "one spent",
            )
        return values, about


def check_paid(store: HistogramStore, ledger: Ledger, rounds: int) -> None:
    """Refuse a run with a histogram that its ledger does not pay for.

    Args:
        store: of the run.
        ledger: of the run.
        rounds: T of its plan.

    Raises:
        PrivacyRefusal: there is such a histogram: the ledger was set back or exchanged.
        DataError: a histogram cannot be read.
    """
    for kind, round, name in [
        ("class-counts", 0, COUNTS),
        *[("votes", t, votes_name(t)) for t in range(1, rounds + 1)],
    ]:
        if not ledger.has_line(kind, round) and store.load(name) is not None:
            raise PrivacyRefusal(
                "the ledger has no line that pays for this stored histogram",
                where=name,
                fix="start a new run; without its ledger, what this run spent is not known",
            )
