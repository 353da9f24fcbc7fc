"""Exporters: writers of released records in the formats that people use."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk.output import OutputSpec

if TYPE_CHECKING:
    from pathlib import Path  # imports urllib


@dataclass(frozen=True)
class Release:
    """Released records with their labels.

    Args:
        output: spec of a record.
        data: records [n, *shape] of this spec.
        labels: int64 [n], positions in `label_names`.
        label_names: all different.
        card: the dataset card, Markdown with a YAML header; "" if there is none.
    """

    output: OutputSpec
    data: NDArray[Any]
    labels: NDArray[np.int64]
    label_names: tuple[str, ...]
    card: str = ""


@dataclass(frozen=True)
class ExporterSpec:
    """An exporter plugin, for `pe export --to NAME`.

    Args:
        name: what users type; the same as the name of the entry point.
        summary: one line.
        write: called with a path and a release. It creates a file there, or fills the folder that
            is there. It raises `CannotMake` for a release that the format cannot hold. Heavy
            imports belong inside.
        folder: whether it fills a folder; else it creates a file.
        kinds: kinds of records that it writes; () for every kind.
        read: the inverse of `write`, for the checks: from the path to a release whose `card` does
            not matter. None if the format cannot be read back.
        loses: what the format does not keep, in a few words; "" if it keeps all values, labels and
            label names, in order.

    Examples:
        An exporter of labels only, and the checks that every exporter must pass:

        >>> import json
        >>> from pe_sdk import ExporterSpec
        >>> from pe_sdk.testing import check_exporter
        >>> def write(path, release):
        ...     names = [release.label_names[label] for label in release.labels]
        ...     path.write_text(json.dumps(names), encoding="utf-8")
        >>> spec = ExporterSpec("names", "label names as JSON", write, loses="the records")
        >>> check_exporter(spec, level="basic").raise_for_failures()
    """

    name: str
    summary: str
    write: "Callable[[Path, Release], None]"
    folder: bool = False
    kinds: tuple[str, ...] = ()
    read: "Callable[[Path], Release] | None" = None
    loses: str = ""
