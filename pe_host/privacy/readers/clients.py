"""Clients as data name them: whose a record is.

One person must not be two clients because of how a number is written, whatever the reader.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pe_host.privacy.readers.cells import is_missing, read_cells, to_label


def client_of(cell: str) -> str:
    """Return the client, or the id of a series, in a cell; "" where it is missing.

    As with labels, 7 and 7.0 are one. Names that are not UTF-8 stay distinct: they are not shown.
    """
    return "" if is_missing(cell) else to_label(cell)


def number_clients(cells: Iterable[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return a number for each client, the same for equal ones, and which are missing.

    Args:
        cells: the clients as they are written; see `client_of`.
    """
    codes: dict[str, int] = {}
    clients = read_cells(list(cells), client_of)
    numbers = np.array([codes.setdefault(client, len(codes)) for client in clients], np.int64)
    return numbers, np.array([not client for client in clients], np.bool_)
