"""Reader `demo` for `demo:faces`: synthetic "private" data to try the project on.

Real faces may not ship. The people are drawn from a population of their own
(`assets/demo_faces.json`), which is skewed and unlike the generator's random faces; their pictures
are cropped, lit, blurred, noisy and compressed as the generator's are not. The reader knows the
true parameters of each record and hands them to the private side, so that an internal report can
say what was recovered.
"""

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, Table, hookimpl

_FIX = "use demo:faces, or demo:faces,records=2000,size=32,part=test (each part is optional)"
_PARTS = ("train", "test")
_MOST_BYTES = 4 * 10**9
_BLOCK = 250
_THREADS = 2


@dataclass(frozen=True)
class _Request:
    records: int = 10_000
    size: int = 64
    part: str = "train"


def _request(location: str) -> _Request:
    name, *settings = location.split(",")
    values: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or key not in ("records", "size", "part") or key in values:
            raise SourceError(f"unknown setting {setting!r}", where=f"demo:{location}", fix=_FIX)
        values[key] = (
            int(value) if key != "part" and value.isascii() and value.isdecimal() else value
        )
    request = _Request(**values)
    fits = (
        isinstance(request.records, int)
        and request.records >= 1
        and isinstance(request.size, int)
        and 16 <= request.size <= 256
        and request.part in _PARTS
        and 3 * request.records * request.size**2 <= _MOST_BYTES
    )
    if name != "faces" or not fits:
        what = (
            "needs 1 to 1,000,000 records of 16 to 256 pixels, and part train or test"
            if name == "faces"
            else "is unknown"
        )
        raise SourceError(f"demo:{name} {what}", where=f"demo:{location}", fix=_FIX)
    return request


def _population() -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(
        files("pe_pyrender_faces").joinpath("assets/demo_faces.json").read_text(encoding="utf-8")
    )
    return document


def describe(location: str) -> SourceInfo:
    """Describe colour pictures of synthetic people, plain or with glasses.

    Raises:
        SourceError: another name, or invalid settings.
    """
    size = _request(location).size
    return SourceInfo(OutputSpec.image(size, size, 3), tuple(_population()["labels"]), public=True)


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Draw and photograph every record: the same every time with the same machine and libraries.

    Raises:
        SourceError: as `describe`; another shape, or a label that is not a class.
    """
    info, request, population = describe(location), _request(location), _population()
    if output.shape != info.output.shape:
        what = f"records have the shape {info.output.shape}, expected {output.shape}"
        raise SourceError(
            what, where=f"demo:{location}", fix="choose an output of the records' shape"
        )
    if missing := [name for name in info.label_names if name not in label_names]:
        what = f"the labels {', '.join(missing)} are not classes of the data"
        raise SourceError(
            what, where=f"demo:{location}", fix="name both classes with --classes, or leave it out"
        )
    from pe_pyrender_faces.appearance import batch_of
    from pe_pyrender_faces.backends import make_renderer
    from pe_pyrender_faces.camera import degraded, unknown_camera
    from pe_pyrender_faces.population import draw_labels, draw_people
    from pe_pyrender_faces.space import SPACE
    from pe_sdk import random

    seeds = random.derive(20_260_101, f"demo:faces/{request.part}", request.records)
    labels = draw_labels(population, seeds)
    people = draw_people(population, SPACE, labels, seeds)
    data = np.empty((request.records, *info.output.shape), np.uint8)

    def photograph(start: int) -> None:
        rows = slice(start, start + _BLOCK)
        batch = unknown_camera(
            batch_of({name: column[rows] for name, column in people.items()}), seeds[rows]
        )
        # without OpenGL: its drivers must not run in the process that holds private data, and
        # renderers are not for two threads
        data[rows] = degraded(
            make_renderer(request.size, request.size, "numba").render(batch), seeds[rows]
        )

    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(photograph, range(0, request.records, _BLOCK)))
    position = np.array([label_names.index(name) for name in info.label_names], dtype=np.int64)
    return Table(data, position[labels], parameters=people)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [
        ReaderSpec("demo", "demo:faces, synthetic people to try the project on", describe, read)
    ]
