"""Counts of private records, for their operator's eyes only: `pe inspect --private`.

They carry no noise. So nothing but that command uses them, and no file ever holds them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pe_host.privacy.dataset import PrivateDataset
from pe_host.privacy.plan import BadRecords, Unit
from pe_sdk import OutputSpec, ReaderSpec, SourceOptions


@dataclass(frozen=True)
class Reading:
    """What is needed to read records: the part of a privacy plan that says how.

    The fields are those of `PrivacyPlan`.
    """

    output: OutputSpec
    class_names: tuple[str, ...]
    unit: Unit
    bad_records: BadRecords
    reading: SourceOptions


@dataclass(frozen=True)
class PrivateCounts:
    """Exact counts, which are private.

    Args:
        records: number of records that can be used.
        clients: number of clients, or None if each record is its own unit.
        of_classes: number of records of each class, in order.
    """

    records: int
    clients: int | None
    of_classes: tuple[int, ...]

    def to_json(self, class_names: tuple[str, ...]) -> dict[str, Any]:
        return {
            "records": self.records,
            "clients": self.clients,
            "of_classes": dict(zip(class_names, self.of_classes, strict=True)),
        }


def count_records(reader: ReaderSpec, location: str, reading: Reading) -> PrivateCounts:
    """Read every record, and count.

    Args:
        reader: reads the records.
        location: what it reads.
        reading: how.

    Raises:
        DataError: see `PrivateDataset.read`.
    """
    data = PrivateDataset.read(reader, location, reading)
    counts = np.bincount(data.labels, minlength=len(reading.class_names))
    clients = None if data.clients is None else data.units
    return PrivateCounts(len(data.labels), clients, tuple(map(int, counts)))
