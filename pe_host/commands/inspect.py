"""`pe inspect`: what pe takes a source for, before anything is spent."""

from collections.abc import Sequence
from typing import Any

from pe_host.errors import DataError
from pe_host.job.names import check_class_names
from pe_host.job.output import public_output
from pe_host.job.source import Source, read_source
from pe_host.plugins import find
from pe_host.privacy import BadRecords, PrivateCounts, Reading, Unit, count_records
from pe_host.reporting import CommandResult
from pe_sdk import SourceOptions

_OPTION = "--classes"

PRIVATE = "these counts are exact and private: they are for you, the operator; do not publish them"


def inspect(
    source: str,
    options: SourceOptions,
    *,
    private: bool = False,
    bad_records: BadRecords = "refuse",
    classes_from: str = _OPTION,
) -> CommandResult:
    """Say how a source is read: what is public or declared, from metadata.

    Args:
        source: as for --data.
        options: how the user wants it to be read.
        private: read every record as well, and count; the counts are private.
        bad_records: what happens to records that are not well-formed, for the counts.
        classes_from: where the user named the classes, if at all.

    Raises:
        PeError: of the fitting kind, as `pe generate` would raise it.
    """
    found = read_source(source, "SOURCE", find(), options)
    names = options.classes or found.info.label_names
    check_class_names(names, DataError, str(found))
    document = facts(found, names, classes_from)
    lines = list(describe_reading(found, names, classes_from))
    if private:
        counts = _count(found, names, bad_records)
        document["private"] = counts.to_json(names)
        lines += _count_lines(counts, names)
    return CommandResult(document, tuple(lines))


def _count(source: Source, names: tuple[str, ...], bad_records: BadRecords) -> PrivateCounts:
    if not names:
        what = "the data set does not name its classes"
        raise DataError(what, where=str(source), fix="name them with --classes A,B,…")
    unit: Unit = "client" if source.info.clients else "record"
    reading = Reading(source.info.output, names, unit, bad_records, source.options)
    return count_records(source.reader, source.location, reading)


def facts(source: Source, names: Sequence[str], classes_from: str = _OPTION) -> dict[str, Any]:
    """What is public or declared about a source, as JSON values.

    Ranges and a step in the data's own file are left out: nobody has declared them public here.
    """
    info, output = source.info, public_output(source.info, False, str(source))
    return {
        "source": str(source),
        "reader": str(source.ref),
        "layout": info.layout,
        "classes": list(names),
        "classes_from": _names_from(source, classes_from),
        "output": output.to_json(),
        "preparation": list(info.preparation),
        "unit": "client" if info.clients else "record",
        "clients_from": info.clients_from,
        "passed_over": list(info.passed_over),
        "options": source.options.to_json(),
        "public": info.public,
    }


def describe_reading(
    source: Source, names: Sequence[str], classes_from: str = _OPTION
) -> tuple[str, ...]:
    """The same in lines for people."""
    info, output = source.info, source.info.output
    rows = [
        ("source", str(source)),
        ("read as", info.layout or f"what the reader {source.ref.name} finds"),
        ("classes", _classes(source, names, classes_from)),
        ("records", f"{output.kind}, {output.form}"),
        ("prepared", "; ".join(info.preparation)),
        ("privacy unit", _unit(source)),
        ("passed over", ", ".join(info.passed_over)),
    ]
    width = max(len(name) for name, _ in rows)
    return tuple(f"{name:{width}}  {text}" for name, text in rows if text)


def _classes(source: Source, names: Sequence[str], classes_from: str) -> str:
    if not names:
        return "not named in the data; name them with --classes A,B,…"
    shown = ", ".join(names[:_SHOWN])
    more = f", … {names[-1]}" if len(names) > _SHOWN else ""
    origin = _names_from(source, classes_from)
    return f"{len(names)}: {shown}{more}" + (f" ({origin})" if origin else "")


_SHOWN = 12
"""Class names on the line of the classes."""


def _names_from(source: Source, classes_from: str) -> str:
    return classes_from if source.options.classes else source.info.names_from


def _unit(source: Source) -> str:
    if not source.info.clients:
        return "one record"
    origin = source.info.clients_from
    return "one client with all its records" + (f" ({origin})" if origin else "")


def _count_lines(counts: PrivateCounts, names: Sequence[str]) -> list[str]:
    lines = ["", f"PRIVATE: {PRIVATE}", f"records  {counts.records:,}"]
    if counts.clients is not None:
        lines.append(f"clients  {counts.clients:,}")
    return [
        *lines,
        *(f"  {name}  {count:,}" for name, count in zip(names, counts.of_classes, strict=True)),
    ]
