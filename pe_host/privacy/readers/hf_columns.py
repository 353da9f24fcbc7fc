"""The columns of Hugging Face data sets: which hold pictures, labels and clients.

The schema in the file says it: `Image` and `ClassLabel` are features that `datasets` writes there.
Without them, the Arrow types do.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pe_host.privacy.readers.arrays.keys import CLIENTS, IMAGES, LABELS, NONE
from pe_sdk import SourceError, SourceOptions

if TYPE_CHECKING:
    import pyarrow as pa

KEY = b"huggingface"
_SHOWN = 40


@dataclass(frozen=True)
class Columns:
    """The columns to read.

    Args:
        images: the column of the pictures.
        labels: that of the labels, "" if there are none.
        names: the class names in the schema, or ().
        clients: that of the clients, or "".
        unread: the other columns.
    """

    images: str
    labels: str
    names: tuple[str, ...]
    clients: str
    unread: tuple[str, ...]


def features_of(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """The features that `datasets` has written into the metadata of a schema, by column."""
    try:
        document = json.loads((metadata or {})[KEY])
        found = document["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def image_columns(schema: "pa.Schema", features: Mapping[str, Any] | None = None) -> list[str]:
    """The columns that hold pictures: `Image` features, else those whose type says so."""
    features = features_of(schema.metadata) if features is None else features
    declared = [name for name in schema.names if _kind(features.get(name)) == "Image"]
    if declared:
        return [name for name in declared if _holds_bytes(schema.field(name).type)]
    return [
        str(field.name) for field in schema if _holds_bytes(field.type, bare=field.name in IMAGES)
    ]


def find_columns(
    schema: "pa.Schema", features: Mapping[str, Any], options: SourceOptions, where: str
) -> Columns:
    """Find the columns, by the schema and by what the user says.

    Args:
        schema: of the files.
        features: what `datasets` says about the columns.
        options: what the user says.
        where: the source, for errors.

    Raises:
        SourceError: a column is missing or of another type, or it does not follow which to read.
    """
    if len(set(schema.names)) != len(schema.names):
        raise SourceError("two columns have the same name", where=where, fix="rename one")
    images = _images(schema, features, options, where)
    labels = _labels(schema, features, options, where, images)
    clients = options.client or next((name for name in CLIENTS if name in schema.names), "")
    if clients and clients not in schema.names:
        raise _missing(schema, clients, "--client", where)
    read = (images, labels, clients)
    unread = tuple(name for name in schema.names if name not in read)
    names = _class_names(features.get(labels), labels, where) if labels else ()
    return Columns(images, labels, names, clients, unread)


def _images(
    schema: "pa.Schema", features: Mapping[str, Any], options: SourceOptions, where: str
) -> str:
    if options.images:
        if options.images not in schema.names:
            raise _missing(schema, options.images, "--images", where)
        if not _holds_bytes(schema.field(options.images).type, bare=True):
            kind = schema.field(options.images).type
            raise SourceError(
                f"the column {options.images!r} holds {kind}, not pictures",
                where=where,
                fix="give --images a column of encoded pictures",
            )
        return options.images
    found = image_columns(schema, features)
    named = [name for name in found if name.lower() in IMAGES]
    if len(found) == 1 or len(named) == 1:
        return named[0] if len(named) == 1 else found[0]
    if found:
        raise SourceError(
            f"there are several columns of pictures: {', '.join(found)}",
            where=where,
            fix=f"say which one is the record, as in --images {found[0]}",
        )
    raise SourceError(
        f"there is no column of pictures; {_listed(schema)}",
        where=where,
        fix="name one with --images COLUMN; for series, pass one file as parquet:FILE",
    )


def _labels(
    schema: "pa.Schema",
    features: Mapping[str, Any],
    options: SourceOptions,
    where: str,
    images: str,
) -> str:
    """The column of the labels; "" if there are none."""
    if options.labels:
        if options.labels in schema.names:
            return options.labels
        if options.labels == NONE:
            return ""
        raise _missing(schema, options.labels, "--labels", where)
    declared: list[str] = [
        name for name in schema.names if _kind(features.get(name)) == "ClassLabel"
    ]
    others = [name for name in schema.names if name not in (images, options.client, *CLIENTS)]
    known = declared or [name for name in others if name.lower() in LABELS]
    candidates = known or [name for name in others if _is_scalar(schema.field(name).type)]
    if len(known) == 1:
        return known[0]
    if candidates:
        raise SourceError(
            f"it does not follow which column holds the labels; {_listed(schema)}",
            where=where,
            fix=f"say which does, as in --labels {candidates[0]}, or --labels {NONE} for one class",
        )
    return ""


def _class_names(feature: Any, column: str, where: str) -> tuple[str, ...]:
    """The names of a ClassLabel, or ()."""
    names = feature.get("names") if _kind(feature) == "ClassLabel" else None
    if not names:
        return ()
    good = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not good or len(set(names)) != len(names):
        raise SourceError(
            f"the names of the ClassLabel {column!r} are not distinct texts",
            where=where,
            fix="write the data set again, or name all classes with --classes A,B,…",
        )
    return tuple(names)


def _kind(feature: Any) -> str:
    found = feature.get("_type", "") if isinstance(feature, dict) else ""
    return found if isinstance(found, str) else ""


def _holds_bytes(kind: "pa.DataType", *, bare: bool = True) -> bool:
    """Whether a type is that of encoded pictures: bytes, or a struct with bytes and a path.

    Args:
        kind: the type.
        bare: whether bytes without a struct around count.
    """
    import pyarrow as pa

    if pa.types.is_struct(kind):
        names = {kind.field(i).name: kind.field(i).type for i in range(kind.num_fields)}
        return "bytes" in names and _holds_bytes(names["bytes"])
    return bare and bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _is_scalar(kind: "pa.DataType") -> bool:
    """Whether a type can be that of labels."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
    )


def _missing(schema: "pa.Schema", name: str, option: str, where: str) -> SourceError:
    return SourceError(
        f"there is no column {name!r}; {_listed(schema)}",
        where=where,
        fix=f"give {option} the name of a column",
    )


def _listed(schema: "pa.Schema") -> str:
    shown = [f"{field.name} ({_said(field.type)})" for field in list(schema)[:_SHOWN]]
    more = f" and {len(schema) - _SHOWN} more" if len(schema) > _SHOWN else ""
    return f"the columns are {', '.join(shown)}{more}"


def _said(kind: "pa.DataType") -> str:
    text = str(kind)
    return "pictures" if text.startswith("struct") and _holds_bytes(kind) else text[:60]
