"""Reader `demo-shapes`: synthetic data sets to try the project on.

They are drawn from hidden, skewed populations, and degraded. There are `demo-shapes:garments` (the
default of the generator), `demo-shapes:icons` and `demo-shapes:tiles`. The reader knows each
record's true parameters and passes them to the private side, so that an internal report can say
what was recovered.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, Table, hookimpl

_NAMES = ("garments", "icons", "tiles")
_PARTS = ("train", "test")
_FIX = (
    "use demo-shapes:garments, icons or tiles, with settings if needed: "
    "demo-shapes:icons,records=2000,size=32,channels=3,part=test"
)
_MOST_BYTES = 10**9
_BLOCK_VALUES = 2**22
"""Pixel values that are degraded at once: memory stays below half a gigabyte for any picture size.
"""


@dataclass(frozen=True)
class _Request:
    name: str
    records: int = 5_000
    size: int = 28
    channels: int = 1
    part: str = "train"


def _request(location: str) -> _Request:
    name, *settings = location.split(",")
    where = f"demo-shapes:{location}"
    if name not in _NAMES:
        raise SourceError(f"demo-shapes:{name} is unknown", where=where, fix=_FIX)
    values: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        known = (
            value in _PARTS
            if key == "part"
            else value.isascii() and value.isdecimal() and len(value) < 10
        )
        if (
            not equals
            or key not in ("records", "size", "channels", "part")
            or key in values
            or not known
        ):
            raise SourceError(f"{setting!r} is not a valid setting", where=where, fix=_FIX)
        values[key] = value if key == "part" else int(value)
    request = _Request(name, **values)
    fits = request.records >= 1 and 8 <= request.size <= 256 and request.channels in (1, 3)
    if not fits or request.records * request.size**2 * request.channels > _MOST_BYTES:
        what = (
            "needs at least 1 record of 8 to 256 pixels with 1 or 3 channels, at most 1 GB in all"
        )
        raise SourceError(f"demo-shapes:{name} {what}", where=where, fix=_FIX)
    return request


def describe(location: str) -> SourceInfo:
    """Describe a data set of synthetic pictures: garments, icons or tissue tiles.

    Raises:
        SourceError: the name is unknown, or a setting is invalid.
    """
    from pe_procedural_2d.population import population

    request = _request(location)
    output = OutputSpec.image(request.size, request.size, request.channels)
    return SourceInfo(output, tuple(population(request.name).constraints), public=True)


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Read every record; they are the same every time.

    Raises:
        SourceError: as `describe`; or the shape differs, or a label is not among the classes.
    """
    info, request = describe(location), _request(location)
    where = f"demo-shapes:{location}"
    if output.shape != info.output.shape:
        what = f"records have the shape {info.output.shape}, expected {output.shape}"
        raise SourceError(what, where=where, fix="plan for the shape of the data")
    if missing := [name for name in info.label_names if name not in label_names]:
        what = f"the labels {', '.join(missing)} are not among the classes"
        raise SourceError(what, where=where, fix="name them all with --classes, or omit it")
    from pe_procedural_2d.population import degraded, drawn, population
    from pe_procedural_2d.simulator import ShapeSimulator
    from pe_sdk import random

    seeds = random.derive(20_260_202, f"demo-shapes:{request.name}/{request.part}", request.records)
    labels, columns = drawn(population(request.name), seeds)
    simulator = ShapeSimulator(info.output, {})
    data = np.empty((request.records, *info.output.shape), np.uint8)
    block = max(_BLOCK_VALUES // (request.size**2 * request.channels), 1)
    for start in range(0, request.records, block):
        rows = slice(start, start + block)
        part = {name: column[rows] for name, column in columns.items()}
        data[rows] = degraded(simulator.render(part, labels[rows], seeds[rows]), seeds[rows])
    position = np.array([label_names.index(name) for name in info.label_names], dtype=np.int64)
    return Table(data, position[labels], parameters=columns)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "demo-shapes:garments, icons or tiles: synthetic pictures to try the project on"
    return [ReaderSpec("demo-shapes", summary, describe, read)]
