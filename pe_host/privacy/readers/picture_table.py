"""Records that are pictures in files, and what is wrong with single ones: a table of them."""

from collections.abc import Callable, Container, Iterable

import numpy as np
from numpy.typing import NDArray

from pe_host.privacy.readers.picture_decoding import LIKE, Content, decode_records
from pe_host.privacy.stored import new_records
from pe_sdk import OutputSpec, SourceError, SourceOptions, Table
from pe_sdk.pictures import PictureError, Preparation

ALL = "all"
"""The class of records without labels."""

Fault = Callable[[int, PictureError], SourceError]
"""The error for a record, by its row."""


def missing(
    has: Container[int], count: int, fault: Fault, what: str, fix: str
) -> dict[int, SourceError]:
    """Return a fault for each record that a label or client is missing for."""
    error = PictureError(what, fix)
    return {row: fault(row, error) for row in range(count) if row not in has}


def check_one_class(names: tuple[str, ...], records: str, example: str, where: str) -> None:
    """Check that records without labels have one class.

    Args:
        names: of the classes.
        records: what the records are called.
        example: how labels are asked for.
        where: the source, for errors.

    Raises:
        SourceError: there are several classes, or none.
    """
    if len(names) != 1:
        raise SourceError(
            f"the {records} have no labels, so there is one class",
            where=where,
            fix=f"name one class with --classes, or say where labels are {example}",
        )


def decoded_table(
    contents: Iterable[Content],
    output: OutputSpec,
    options: SourceOptions,
    where: str,
    fault: Fault,
    labels: NDArray[np.int64],
    clients: NDArray[np.int64] | None,
    faults: dict[int, SourceError],
) -> Table:
    """Decode all pictures, and return them with their labels and clients.

    Args:
        contents: of the pictures in order, or why one cannot be had.
        output: spec of a record.
        options: how pictures are brought to records.
        where: the source, for errors.
        fault: the error for a picture, by its row.
        labels: position of each record's class [n].
        clients: number of each record's client [n], if there are any.
        faults: of labels and clients. That of a picture counts before them.

    Raises:
        SourceError: no picture can be decoded on this machine, or the disk is full.
    """
    data = new_records(len(labels), output.shape, np.uint8, where)
    preparation = Preparation.of(options, output.shape, LIKE)
    of_pictures = decode_records(enumerate(contents), preparation, data, where, fault)
    return Table(data, labels, clients, faults=dict(sorted((faults | of_pictures).items())))
