"""Exporter `huggingface`: a folder to upload as a data set, Parquet and card."""

import json
from collections.abc import Iterable
from pathlib import Path

from pe_host.export import parquet
from pe_sdk import ExporterSpec, Release, hookimpl

_DATA = "data/train-00000-of-00001.parquet"

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def write(path: Path, release: Release) -> None:
    """Write `data/train-00000-of-00001.parquet` and `README.md`.

    `datasets.load_dataset(path)` loads it: images as `Image`, labels as `ClassLabel`. A class label
    cannot have another type, so series have their label names as text.

    Raises:
        CannotMake: see `pe_host.export.parquet.write`.
    """
    (path / "data").mkdir()
    parquet.write(path / _DATA, release)
    (path / "README.md").write_text(_card(release), encoding="utf-8")


def read(path: Path) -> Release:
    """Read what `write` wrote."""
    return parquet.read(path / _DATA)


def _card(release: Release) -> str:
    """The card with what a hub needs to know about the files, in its YAML header."""
    size = next((name for most, name in _SIZES if len(release.data) < most), "n>1M")
    added = [
        "configs:",
        "- config_name: default",
        "  data_files:",
        "  - split: train",
        f"    path: {json.dumps('data/train-*.parquet')}",
        "size_categories:",
        f"- {json.dumps(size)}",
    ]
    if release.output.kind == "image":
        added += ["task_categories:", "- image-classification"]
    lines = release.card.splitlines()
    if lines[:1] != ["---"] or "---" not in lines[1:]:
        return "\n".join(["---", *added, "---", "", *lines]) + "\n"
    end = lines.index("---", 1)
    return "\n".join([*lines[:end], *added, *lines[end:]]) + "\n"


HUGGINGFACE = ExporterSpec(
    "huggingface", "a folder for a data set hub: Parquet and a card", write, folder=True, read=read
)


@hookimpl
def pe_exporters() -> Iterable[ExporterSpec]:
    return [HUGGINGFACE]
