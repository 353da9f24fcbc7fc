"""Reader `demo-series`: synthetic data sets to try the project on.

There are `demo-series:homes` (the default of the generator) and `demo-series:pumps`. They come from
hidden, skewed populations of the simulator, as an instrument shows them. The reader knows the true
parameters of each record and passes them to the private side, so that an internal report can say
what was recovered.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, Table, hookimpl

_NAMES = ("homes", "pumps")
_PARTS = ("train", "test")
_FIX = (
    "use demo-series:homes or demo-series:pumps, or as in demo-series:pumps,records=500,part=test"
)
_MOST = 100_000


@dataclass(frozen=True)
class _Request:
    name: str
    records: int = 3_000
    part: str = "train"


def _request(location: str) -> _Request:
    name, *settings = location.split(",")
    where = f"demo-series:{location}"
    if name not in _NAMES:
        raise SourceError(f"demo-series:{name} is unknown", where=where, fix=_FIX)
    values: dict[str, Any] = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        number = value.isascii() and value.isdecimal() and len(value) < 10
        if key == "records" and number and 1 <= int(value) <= _MOST and key not in values:
            values[key] = int(value)
        elif key == "part" and value in _PARTS and key not in values:
            values[key] = value
        else:
            raise SourceError(f"{setting!r} is not a valid setting", where=where, fix=_FIX)
    return _Request(name, **values)


def describe(location: str) -> SourceInfo:
    """Describe a data set of synthetic series: homes or pumps.

    Raises:
        SourceError: the name is unknown, or a setting is invalid.
    """
    from pe_series_basic.population import POPULATIONS

    people = POPULATIONS[_request(location).name]()
    return SourceInfo(
        people.output,
        tuple(people.constraints),
        public=True,
        layout="synthetic series",
        names_from="the data set",
    )


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Read every record; they are the same every time.

    Raises:
        SourceError: as `describe`; or the shape differs, or a label is not among the classes.
    """
    info, request = describe(location), _request(location)
    where = f"demo-series:{location}"
    if output.shape != info.output.shape:
        what = f"records have the shape {info.output.shape}, expected {output.shape}"
        raise SourceError(what, where=where, fix="plan for the shape of the data")
    if missing := [name for name in info.label_names if name not in label_names]:
        what = f"the labels {', '.join(missing)} are not among the classes"
        raise SourceError(what, where=where, fix="name them all with --classes, or omit it")
    from pe_sdk import random
    from pe_series_basic.population import POPULATIONS, drawn, measured
    from pe_series_basic.simulator import SeriesSimulator
    from pe_series_basic.space import make_plan

    people = POPULATIONS[request.name]()
    plan = make_plan(info.output, -1.0)
    stream = f"demo-series:{request.name}/{request.part}"
    seeds = random.derive(20_261_128, stream, request.records)
    labels, columns = drawn(people, plan.space, seeds)
    series = SeriesSimulator(plan, {}).render(columns, labels, seeds)
    position = np.array([label_names.index(name) for name in info.label_names], dtype=np.int64)
    data = measured(series, people, seeds).astype(np.float32)
    return Table(data, position[labels], parameters=columns)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "demo-series:homes or pumps: synthetic time series to try the project on"
    return [ReaderSpec("demo-series", summary, describe, read)]
