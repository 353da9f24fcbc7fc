"""The table of released records that every writer takes, checked once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.errors import DataError
from pe_host.modality import modality_of
from pe_sdk import OutputSpec


@dataclass(frozen=True)
class RecordTable:
    """Released records with their labels.

    Args:
        output: spec of a record.
        data: records [n, *shape] of this spec.
        labels: int64 [n], positions in `names`.
        names: label names, all different.
    """

    output: OutputSpec
    data: NDArray[Any]
    labels: NDArray[np.int64]
    names: tuple[str, ...]

    @classmethod
    def check(
        cls, output: OutputSpec, data: NDArray[Any], labels: NDArray[Any], names: Sequence[str]
    ) -> "RecordTable":
        """Make the table.

        Raises:
            DataError: the arrays are not as the class describes them.
        """
        names = tuple(names)
        try:
            output.check(data, len(data))
        except ValueError as error:
            raise DataError(f"the records do not match their spec: {error}") from None
        if labels.shape != (len(data),) or labels.dtype.kind not in "iu":
            raise DataError(
                f"{len(data)} records need as many integer labels, "
                f"got {labels.dtype} {list(labels.shape)}"
            )
        if len(labels) and (labels.min() < 0 or labels.max() >= len(names)):
            raise DataError(
                f"labels range from {labels.min()} to {labels.max()}, "
                f"but there are {len(names)} label names"
            )
        if len(set(names)) != len(names):
            raise DataError("two label names are the same")
        # numpy drops trailing NULs of a unicode array, which would make two names one.
        if any("\0" in name for name in names):
            raise DataError("a label name contains a NUL character")
        return cls(output, data, labels.astype("<i8"), names)

    def refuse_unless(self, exporter: str) -> None:
        """Raise DataError unless this exporter writes records of this kind."""
        modality = modality_of(self.output)
        if exporter not in modality.exporters:
            what = f"{exporter} files cannot contain {modality.plural}"
            fix = f"use {' or '.join(modality.exporters)}"
            raise DataError(what, where=f"--to {exporter}", fix=fix)
