"""Files and columns that a value of --labels or --client may name: `FILE:COLUMN`.

Names of files and columns can have colons in them.
"""

from pe_host.formats.collection import Listing


def named_in(way: str, listing: Listing) -> list[str]:
    """The files that a value of --labels or --client may name."""
    ends = tuple(f"/{file}" for file, _ in splits(way))
    return [name for name in listing.names if f"/{name}".endswith(ends)]


def columns_named(way: str, file: str) -> list[str]:
    """The columns of a file that a value of --labels or --client may name."""
    named = [column for name, column in splits(way) if f"/{file}".endswith(f"/{name}")]
    return named if ":" in way else [way]


def splits(way: str) -> list[tuple[str, str]]:
    """Every way to read FILE:COLUMN, and FILE without a column."""
    places = [place for place, character in enumerate(way) if character == ":"]
    return [(way, ""), *((way[:place], way[place + 1 :]) for place in places)]
