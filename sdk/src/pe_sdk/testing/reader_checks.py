"""Rules about readers; those about records need the location of a source."""

from dataclasses import fields

import numpy as np

from pe_sdk.errors import SourceError
from pe_sdk.output import OutputSpec
from pe_sdk.source_options import SourceOptions
from pe_sdk.specs import SourceInfo, Table
from pe_sdk.testing.bench import Bench
from pe_sdk.testing.registry import Failed, Skipped, check, expect

MISSING = "no-such-place-8c1f/none"


def _info(bench: Bench) -> SourceInfo:
    if not bench.settings.location:
        raise Skipped("no source to read: pass a location")
    info: SourceInfo = bench.spec.describe_with(
        bench.settings.location, SourceOptions(classes=bench.settings.labels or ())
    )
    return info


def _read(bench: Bench) -> tuple[SourceInfo, tuple[str, ...], Table]:
    info = _info(bench)
    names = bench.settings.labels or info.label_names
    if not names:
        raise Skipped("the source names no classes: pass labels")
    options = info.options or SourceOptions()
    table = bench.spec.read_with(bench.settings.location, info.output, names, options)
    return info, names, table


@check("reader", "static")
def takes_options(bench: Bench) -> None:
    """takes is a tuple of names of fields of SourceOptions."""
    takes = bench.spec.takes
    expect(_is_words(takes), f"takes is {takes!r}, not a tuple of names")
    known = [item.name for item in fields(SourceOptions)]
    unknown = [name for name in takes if name not in known]
    expect(not unknown, f"SourceOptions has no {', '.join(unknown)}, but {', '.join(known)}")


@check("reader", "basic")
def refuses_missing(bench: Bench) -> None:
    """A source that does not exist is refused with SourceError."""
    try:
        bench.spec.describe_with(MISSING, SourceOptions())
    except SourceError:
        return
    except Exception as error:
        raise Failed(f"describe raises {type(error).__name__} instead") from None
    raise Failed("describe accepts a source that does not exist")


@check("reader", "basic")
def describes_publicly(bench: Bench) -> None:
    """describe returns a SourceInfo whose values have the types that SourceInfo states."""
    info = _info(bench)
    expect(isinstance(info, SourceInfo), f"it returns {type(info).__name__}")
    expect(isinstance(info.output, OutputSpec), f"output is {info.output!r}, not an OutputSpec")
    for name in ("public", "clients", "public_ranges", "counted"):
        value = getattr(info, name)
        expect(isinstance(value, bool), f"{name} is {value!r}, not True or False")
    for name in ("layout", "names_from", "clients_from"):
        value = getattr(info, name)
        expect(isinstance(value, str), f"{name} is {value!r}, not a string")
    for name in ("label_names", "preparation", "passed_over"):
        value = getattr(info, name)
        expect(_is_words(value), f"{name} is {value!r}, not a tuple of strings")
    fits = info.options is None or isinstance(info.options, SourceOptions)
    expect(fits, f"options is {info.options!r}, not SourceOptions or None")


def _is_words(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(word, str) for word in value)


@check("reader", "basic")
def read_agrees(bench: Bench) -> None:
    """read returns records of the described spec, and clients exactly if describe reports them."""
    info, _, table = _read(bench)
    try:
        info.output.check(table.data[:], len(table.labels))
    except ValueError as error:
        raise Failed(str(error)) from None
    expect(
        (table.clients is not None) == info.clients,
        "only one of describe and read has clients",
    )
    fits = all(
        0 <= row < len(table.labels) and isinstance(error, SourceError)
        for row, error in (table.faults or {}).items()
    )
    expect(fits, "faults are not a SourceError for each row that has one")


@check("reader", "basic")
def labels_in_range(bench: Bench) -> None:
    """Labels are int64 positions in the label names."""
    _, names, table = _read(bench)
    expect(table.labels.dtype == np.int64, f"labels are {table.labels.dtype}")
    good = (table.labels >= 0) & (table.labels < len(names))
    good[list(table.faults or ())] = True  # such a row holds anything
    expect(good.all(), "a label is not a position in the label names")


@check("reader", "basic")
def reads_deterministically(bench: Bench) -> None:
    """A second reading returns the same records in the same order."""
    first, second = _read(bench)[2], _read(bench)[2]
    agree = np.array_equal(first.data[:], second.data[:])
    agree = agree and np.array_equal(first.labels, second.labels)
    expect(agree, "a second reading returns different records")
