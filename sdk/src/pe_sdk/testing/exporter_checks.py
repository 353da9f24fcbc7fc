"""Rules about exporters: they write all of a release, where they should, and nothing else."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pe_sdk.errors import CannotMake
from pe_sdk.exporter import Release
from pe_sdk.output import OutputSpec
from pe_sdk.testing.bench import Bench
from pe_sdk.testing.registry import Failed, Skipped, check, expect

_OUTPUTS = (
    OutputSpec.image(5, 4, 3),
    OutputSpec.image(6, 6),
    OutputSpec.series(7, ["load", "heat"]),
    OutputSpec("table", (3,), "float32"),
)
_NAMES = ("cat", "with a space", "a,b", "日本")
_ROWS = 9

_NEXT_TIME = 2.1
"""Seconds until a zip archive would carry another time: it counts in steps of two."""


def _release(output: OutputSpec) -> Release:
    """Records that all differ; the third class has none.

    Values that are not whole have no short decimals, and some of them lie below zero.
    """
    values = np.arange(_ROWS * int(np.prod(output.shape))) * 37 % 251
    data = values.reshape(_ROWS, *output.shape).astype(output.dtype)
    if data.dtype.kind == "f":
        data = (data - 100) / data.dtype.type(7)
    labels = np.array([0, 3, 1, 1, 0, 3, 3, 0, 1], np.int64)
    return Release(output, data, labels, _NAMES, "---\nlicense: other\n---\n\n# Nine\n")


def _releases(bench: Bench) -> list[Release]:
    kinds = bench.spec.kinds
    found = [_release(output) for output in _OUTPUTS if not kinds or output.kind in kinds]
    if not found:
        raise Skipped(f"the checks have no records of kind {', '.join(kinds)}")
    return found


@contextmanager
def _written(bench: Bench, release: Release, name: str = "out") -> Iterator[tuple[Path, Path]]:
    """Yield the path that was written and the folder that it is in, which was empty."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / name
        if bench.spec.folder:
            place.mkdir()
        bench.spec.write(place, release)
        yield place, Path(folder)


@check("exporter", "static")
def exporter_metadata(bench: Bench) -> None:
    """Kinds are names in a tuple, and an exporter that loses something says what."""
    kinds = bench.spec.kinds
    named = isinstance(kinds, tuple) and all(isinstance(kind, str) for kind in kinds)
    expect(named, f"kinds is {kinds!r}")
    said = bool(bench.spec.loses.strip()) or bench.spec.read is not None
    expect(said, "it neither reads back what it wrote nor says in `loses` what the format loses")


@check("exporter", "basic")
def writes_at_the_path(bench: Bench) -> None:
    """It creates a file at the path, or fills the folder there, and changes nothing beside it."""
    for release in _releases(bench):
        with _written(bench, release) as (place, folder):
            there = sorted(path.name for path in folder.iterdir())
            expect(there == ["out"], f"the folder of the destination holds {there}")
            kind = place.is_dir() if bench.spec.folder else place.is_file()
            expect(kind, f"there is no {'folder' if bench.spec.folder else 'file'} at the path")
            files = [place] if place.is_file() else [p for p in place.rglob("*") if p.is_file()]
            expect(any(path.stat().st_size for path in files), "it wrote nothing")
            odd = [p.name for p in place.rglob("*") if not (p.is_dir() or p.is_file())]
            links = [p.name for p in place.rglob("*") if p.is_symlink()]
            expect(not odd and not links, "it wrote something else than files and folders")


@check("exporter", "basic")
def reads_back(bench: Bench) -> None:
    """`read` returns the records, labels and label names that `write` was given, in order."""
    if bench.spec.read is None:
        raise Skipped("it has no `read`")
    for release in _releases(bench):
        with _written(bench, release) as (place, _):
            back = bench.spec.read(place)
        expect(back.label_names == release.label_names, f"label names are {back.label_names}")
        expect(back.labels.dtype == np.int64, f"labels are {back.labels.dtype}")
        expect(np.array_equal(back.labels, release.labels), "labels differ")
        same = back.data.dtype == release.data.dtype and np.array_equal(back.data, release.data)
        expect(same, "records differ")


@check("exporter", "basic")
def refuses_other_kinds(bench: Bench) -> None:
    """A kind of records that it does not name in `kinds` is refused with CannotMake."""
    others = [_release(o) for o in _OUTPUTS if bench.spec.kinds and o.kind not in bench.spec.kinds]
    if not others:
        raise Skipped("it writes every kind")
    for release in others:
        raised: Exception | None = None
        try:
            with _written(bench, release):
                pass
        except Exception as error:
            raised = error
        if not isinstance(raised, CannotMake):
            done = f"raises {type(raised).__name__} for" if raised else "writes"
            raise Failed(f"it {done} {release.output.kind} all the same")


@check("exporter", "full")
def writes_deterministically(bench: Bench) -> None:
    """The same release is written as the same bytes, later and under another name too."""
    found = [_bytes_of_all(bench, "out")]
    time.sleep(_NEXT_TIME)
    found.append(_bytes_of_all(bench, "another"))
    expect(found[0] == found[1], "the bytes differ")


@check("exporter", "full")
def changes_nothing(bench: Bench) -> None:
    """The arrays of the release are as they were after it was written."""
    for release in _releases(bench):
        before = release.data.copy(), release.labels.copy()
        with _written(bench, release):
            pass
        same = np.array_equal(before[0], release.data) and np.array_equal(before[1], release.labels)
        expect(same, "it changed the arrays")


def _bytes_of_all(bench: Bench, name: str) -> list[dict[str, bytes]]:
    found = []
    for release in _releases(bench):
        with _written(bench, release, name) as (place, _):
            found.append(_bytes(place))
    return found


def _bytes(place: Path) -> dict[str, bytes]:
    if place.is_file():
        return {"": place.read_bytes()}
    files = (path for path in place.rglob("*") if path.is_file())
    return {str(path.relative_to(place)): path.read_bytes() for path in files}
