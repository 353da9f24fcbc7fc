"""Search for the nearest pictures: an exact ranking within the nearest cells, in integers only."""

import numpy as np
from numpy.typing import NDArray

from pe_sdk.compiled import njit

PROBES = 32
"""Least number of cells to search, if the group has so many."""
SPARE = 16
"""Cells are added until they hold this many times the pictures requested."""


@njit
def distance(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> np.int32:
    """Squared Euclidean distance of two rows of uint8, below 2^24 for rows of up to 258."""
    total = np.int32(0)
    for i in range(len(a)):
        d = np.int32(a[i]) - np.int32(b[i])
        total = np.int32(total + d * d)
    return total


@njit
def choose(
    queries: NDArray[np.uint8],
    groups: NDArray[np.int64],
    gamma: int,
    ranks: NDArray[np.float64],
    centres: NDArray[np.uint8],
    group_cells: NDArray[np.int64],
    starts: NDArray[np.int64],
    features: NDArray[np.uint8],
    members: NDArray[np.int32],
    out: NDArray[np.int64],
) -> None:
    """Find, for each query, the picture at a rank (0 is the nearest) among the γ nearest.

    The search covers the query's group. Ties go to the lower cell and the lower id. Row i depends
    on row i of queries, groups and ranks, and on γ.

    Args:
        queries: uint8 [m, D].
        groups: int64 [m], which pictures to search.
        gamma: γ.
        ranks: float64 [m] in [0, 1), the rank as a share of γ, or of the group's size if smaller.
        centres, group_cells, starts, features, members: those of `index.Index`.
        out: int64 [m], overwritten with the ids.
    """
    for q in range(len(queries)):
        first, last = group_cells[groups[q]], group_cells[groups[q] + 1]
        near = np.empty(last - first, np.int64)
        for cell in range(first, last):
            near[cell - first] = (np.int64(distance(queries[q], centres[cell])) << 32) | cell
        near.sort()
        held, probed = 0, 0
        while probed < len(near) and (probed < PROBES or held < SPARE * gamma):
            cell = near[probed] & 0xFFFFFFFF
            held += starts[cell + 1] - starts[cell]
            probed += 1
        keys = np.empty(held, np.int64)
        at = 0
        for p in range(probed):
            cell = near[p] & 0xFFFFFFFF
            for row in range(starts[cell], starts[cell + 1]):
                keys[at] = (np.int64(distance(queries[q], features[row])) << 32) | members[row]
                at += 1
        rank = min(int(ranks[q] * min(gamma, held)), min(gamma, held) - 1)
        out[q] = np.partition(keys, rank)[rank] & 0xFFFFFFFF
