"""The nearest pictures of the pool, exactly ranked among those of the nearest cells. Integers only."""

import numpy as np

from pe_sdk.compiled import njit

PROBES = 32
"""At least so many cells are searched, where there are so many."""
SPARE = 16
"""And cells are added until they hold this many times the pictures that are asked for."""


@njit
def distance(a, b):  # type: ignore[no-untyped-def]
    """Squared Euclidean distance of two rows of uint8, below 2^24 for rows of up to 258."""
    total = np.int32(0)
    for i in range(len(a)):
        d = np.int32(a[i]) - np.int32(b[i])
        total = np.int32(total + d * d)
    return total


@njit
def choose(queries, groups, gamma, ranks, centres, group_cells, starts, features, members, out):  # type: ignore[no-untyped-def]
    """For each query, the id of the picture at a rank (0 is the nearest) among the γ nearest of its group.

    Ties go to the lower cell and the lower id. Row i depends on row i of queries, groups and ranks, and on γ.

    Args:
        queries: uint8 [m, D].
        groups: int64 [m], which pictures to search.
        gamma: γ.
        ranks: float64 [m] in [0, 1), the rank as a share of γ, or of the group's size where that is less.
        centres, group_cells, starts, features, members: of `index.Index`.
        out: int64 [m], overwritten.
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
