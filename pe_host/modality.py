"""The registry of modalities: all that pe knows about records of a kind, in one entry per kind.

The parts live in the rooms that use them (`formats`, `embeddings`, `report`), which all see this
module. So a part is named by its address, `module:object`, and is imported when a room asks for it:
looking up a modality imports neither torch nor Pillow. A new modality is one entry below.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from pe_sdk import OutputSpec


@dataclass(frozen=True)
class Modality:
    """What pe knows about records of one kind.

    Args:
        kind: `OutputSpec.kind` of the records.
        plural: the word for several records.
        layout: address of the `pe_host.formats.npz.Layout` of the records in npz files.
        feature_columns: whether Parquet files have a column for each feature, not one for the
            record.
        axes: leading axes of a record that a convolution runs over; 0 if no net takes such records.
        preprocessor: address of the `pe_host.embeddings.preprocessing.Preprocessor`, or "".
        view: address of the `pe_host.report.views.View`, or "" if reports do not show records.
    """

    kind: str
    plural: str
    layout: str
    feature_columns: bool = False
    axes: int = 0
    preprocessor: str = ""
    view: str = ""


MODALITIES: Mapping[str, Modality] = MappingProxyType(
    {
        modality.kind: modality
        for modality in (
            Modality(
                kind="image",
                plural="images",
                layout="pe_host.formats.npz:IMAGES",
                axes=2,
                preprocessor="pe_host.embeddings.preprocessing:IMAGES",
                view="pe_host.report.image_sheets:VIEW",
            ),
            Modality(
                kind="series",
                plural="series",
                layout="pe_host.formats.npz:SERIES",
                feature_columns=True,
                axes=1,
                preprocessor="pe_host.embeddings.preprocessing:SERIES",
                view="pe_host.report.series_sheets:VIEW",
            ),
        )
    }
)
"""The modalities by kind. For every other kind, `modality_of` makes one."""


def modality_of(output: OutputSpec) -> Modality:
    """The modality of records of this spec."""
    return MODALITIES.get(output.kind) or Modality(
        kind=output.kind,
        plural=output.kind,
        layout="pe_host.formats.npz:RECORDS",
    )


@cache
def load_part(address: str) -> Any:
    """Import the part of a modality at an address `module:object`."""
    module, _, name = address.partition(":")
    return getattr(importlib.import_module(module), name)
