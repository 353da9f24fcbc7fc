"""Rules about readers; those about records need the location of a source."""

import numpy as np

from pe_sdk.errors import SourceError
from pe_sdk.specs import SourceInfo, Table
from pe_sdk.testing.bench import Bench
from pe_sdk.testing.registry import Failed, Skipped, check, expect

MISSING = "no-such-place-8c1f/none"


def _info(bench: Bench) -> SourceInfo:
    if not bench.wish.location:
        raise Skipped("no location of a source is given")
    info: SourceInfo = bench.spec.describe(bench.wish.location)
    return info


def _read(bench: Bench) -> tuple[SourceInfo, tuple[str, ...], Table]:
    info = _info(bench)
    names = bench.wish.labels or info.label_names
    if not names:
        raise Skipped("the source names no classes: give labels")
    return info, names, bench.spec.read(bench.wish.location, info.output, names)


@check("reader", "basic")
def refuses_missing(bench: Bench) -> None:
    """A source that is not there is refused with SourceError."""
    try:
        bench.spec.describe(MISSING)
    except SourceError:
        return
    except Exception as error:
        raise Failed(f"it raises {type(error).__name__} instead") from None
    raise Failed("it describes a source that is not there")


@check("reader", "basic")
def describes_publicly(bench: Bench) -> None:
    """describe gives a SourceInfo whose flags are True or False and nothing else."""
    info = _info(bench)
    expect(isinstance(info, SourceInfo), f"it gives a {type(info).__name__}")
    expect(
        info.public in (True, False) and isinstance(info.public, bool), f"public is {info.public!r}"
    )
    expect(isinstance(info.clients, bool), f"clients is {info.clients!r}")


@check("reader", "basic")
def read_agrees(bench: Bench) -> None:
    """read gives records of the form that describe tells, and clients if and only if it tells of them."""
    info, _, table = _read(bench)
    try:
        info.output.check(table.data, len(table.labels))
    except ValueError as error:
        raise Failed(str(error)) from None
    expect(
        (table.clients is not None) == info.clients,
        "clients are described and not read, or the other way round",
    )


@check("reader", "basic")
def labels_in_range(bench: Bench) -> None:
    """Labels are int64 positions in the label names."""
    _, names, table = _read(bench)
    expect(table.labels.dtype == np.int64, f"labels are {table.labels.dtype}")
    expect(
        ((table.labels >= 0) & (table.labels < len(names))).all(),
        "a label is no position in the label names",
    )


@check("reader", "basic")
def reads_deterministically(bench: Bench) -> None:
    """A second reading gives the same records in the same order."""
    first, second = _read(bench)[2], _read(bench)[2]
    agree = np.array_equal(first.data, second.data) and np.array_equal(first.labels, second.labels)
    expect(agree, "a second reading gives other records")
