"""Rules about exporters: they write all of a release, where they should, and nothing else."""

import shutil
import tempfile
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


def _release(output: OutputSpec) -> Release:
    """Records that all differ; the third class has none."""
    values = np.arange(_ROWS * int(np.prod(output.shape))) * 37 % 251
    data = values.reshape(_ROWS, *output.shape).astype(output.dtype)
    labels = np.array([0, 3, 1, 1, 0, 3, 3, 0, 1], np.int64)
    return Release(output, data, labels, _NAMES, "---\nlicense: other\n---\n\n# Nine\n")


def _releases(bench: Bench) -> list[Release]:
    kinds = bench.spec.kinds
    found = [_release(output) for output in _OUTPUTS if not kinds or output.kind in kinds]
    if not found:
        raise Skipped(f"the checks have no records of kind {', '.join(kinds)}")
    return found


@contextmanager
def _written(bench: Bench, release: Release) -> Iterator[tuple[Path, Path]]:
    """Yield the path that was written and the folder that it is in, which was empty."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "out"
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
        expect(np.array_equal(back.labels, release.labels), "labels differ")
        same = back.data.dtype == release.data.dtype and np.array_equal(back.data, release.data)
        expect(same, "records differ")


@check("exporter", "basic")
def refuses_other_kinds(bench: Bench) -> None:
    """A kind of records that it does not name in `kinds` is refused with CannotMake."""
    others = [_release(o) for o in _OUTPUTS if bench.spec.kinds and o.kind not in bench.spec.kinds]
    if not others:
        raise Skipped("it writes every kind")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "out"
        if bench.spec.folder:
            place.mkdir()
        try:
            bench.spec.write(place, others[0])
        except CannotMake:
            return
        except Exception as error:
            raise Failed(f"it raises {type(error).__name__} instead") from None
    raise Failed(f"it writes {others[0].output.kind} all the same")


@check("exporter", "full")
def writes_deterministically(bench: Bench) -> None:
    """The same release is written as the same bytes, at another path too."""
    release = _releases(bench)[0]
    with _written(bench, release) as (first, _), _written(bench, release) as (second, _):
        expect(_bytes(first) == _bytes(second), "the bytes differ")


@check("exporter", "full")
def changes_nothing(bench: Bench) -> None:
    """The arrays of the release are as they were after it was written."""
    release = _releases(bench)[0]
    before = release.data.copy(), release.labels.copy()
    with _written(bench, release) as (place, _):
        shutil.rmtree(place, ignore_errors=True)
    same = np.array_equal(before[0], release.data) and np.array_equal(before[1], release.labels)
    expect(same, "it changed the arrays")


def _bytes(place: Path) -> dict[str, bytes]:
    if place.is_file():
        return {"": place.read_bytes()}
    files = (path for path in place.rglob("*") if path.is_file())
    return {str(path.relative_to(place)): path.read_bytes() for path in files}
