"""Errors of folders and archives as those of sources."""

from collections.abc import Iterator
from contextlib import contextmanager

from pe_host.formats.collection import CollectionError
from pe_sdk import SourceError


@contextmanager
def source_errors() -> Iterator[None]:
    """Turn a CollectionError into a SourceError."""
    try:
        yield
    except CollectionError as error:
        raise SourceError(error.what, where=error.place, fix=error.fix, name=error.name) from None
