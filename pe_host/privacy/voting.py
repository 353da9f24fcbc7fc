"""Votes of private records on candidates, exact.

The votes of a unit are a function of that unit and of public values only. Vectors lie on the
integer grid of `pe_host.embeddings.grid`, so distances are integers without rounding, in whatever
order a library sums them. Ties go to the lower candidate index. Nothing here depends on the number
of records or their order.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.embeddings.grid import Grid
from pe_host.errors import DataError, PrivacyRefusal
from pe_host.privacy.dataset import PrivateDataset
from pe_host.privacy.embed import Vectors

SEARCH_BLOCK = 4096
"""Records per search call, which bounds memory."""

BLOCK_BYTES = 32 << 20
"""Bytes of vectors that are in memory at once, if they are not anyway."""

TIE_CELLS = 2**24
"""Distances held at once while ties are resolved, which bounds memory."""

SMALL_CELLS = 2**20
"""Distances of a search that numpy does before faiss is imported."""


def check_candidates(candidates: Grid, labels: NDArray[np.int64], classes: int, votes: int) -> None:
    """Check the public side of a vote.

    Raises:
        PrivacyRefusal: a class has candidates but fewer than `votes`, so a record could not vote
            for distinct ones.
        DataError: candidates are off the grid, or a label is not one of the classes.
    """
    if (
        candidates.dtype != np.int16
        or candidates.ndim != 2
        or labels.shape != (len(candidates),)
        or not len(candidates)
    ):
        raise DataError(
            "candidates must be int16 [N, d] with a label each, "
            f"got {candidates.dtype} {list(candidates.shape)}"
        )
    wide = candidates.astype(np.int32)
    if np.einsum("nd,nd->n", wide, wide, dtype=np.int64).max() >= 2**22:
        raise DataError(
            "candidate vectors are too long for the grid, so distances would not be exact"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise DataError(f"the label of a candidate is not one of the {classes} classes")
    counts = np.bincount(labels, minlength=classes)
    short = (counts > 0) & (counts < votes)
    if short.any():
        raise PrivacyRefusal(
            f"class {int(short.argmax())} has {counts[short.argmax()]} candidates, "
            f"fewer than the {votes} votes of a record",
            fix="use more --candidates or fewer votes",
        )


def count_votes(
    vectors: Vectors, data: PrivateDataset, candidates: Grid, labels: NDArray[np.int64], votes: int
) -> NDArray[np.int64]:
    """The clean histogram. Private: noise must be added before it goes anywhere.

    Args:
        vectors: int16 [n, d], of the private records; read in blocks.
        data: classes and clients of the records.
        candidates: int16 [N, d]; see `check_candidates`.
        labels: int64 [N], the classes of the candidates.
        votes: k.

    Returns:
        int64 [N]. Each unit adds one to at most k entries; records of a class without candidates do
        not vote.
    """
    total = np.zeros(len(candidates), dtype=np.int64)
    ballots, voters = [], []
    pools = [
        (label, pool := np.flatnonzero(labels == label), Search(candidates[pool], votes))
        for label in np.bincount(labels).nonzero()[0].tolist()  # np.unique imports numpy.ma
    ]
    step = max(SEARCH_BLOCK, BLOCK_BYTES // (2 * candidates.shape[1]))
    for start in range(0, len(data.labels), step):
        block, classes = vectors[start : start + step], data.labels[start : start + step]
        for label, pool, search in pools:
            rows = np.flatnonzero(classes == label)
            if not len(rows):
                continue
            chosen = pool[search.nearest(block[rows])]
            if data.clients is None:
                total += np.bincount(chosen.ravel(), minlength=len(candidates))
            else:
                ballots.append(chosen.ravel())
                voters.append(np.repeat(data.clients[start + rows], votes))
    if ballots:
        chosen = _client_votes(
            np.concatenate(voters), np.concatenate(ballots), len(candidates), votes
        )
        total += np.bincount(chosen, minlength=len(candidates))
    return total


class Search:
    """Finds the k nearest of some candidates; ties go to the lower index.

    Args:
        candidates: int16 [N, d] on the grid, N >= k.
        k: at least 1.
    """

    def __init__(self, candidates: Grid, k: int) -> None:
        self._points, self._k = candidates.astype(np.float32), k
        self._index: Any = None

    def nearest(self, records: Grid) -> NDArray[np.int64]:
        """The k nearest candidates of each record, as a set.

        Args:
            records: int16 [n, d] on the grid.

        Returns:
            int64 [n, k], candidate indices, in no particular order within a row.
        """
        points, k = self._points, self._k
        if k == len(points):
            return np.tile(np.arange(k), (len(records), 1))
        if self._index is None:
            if len(records) * len(points) <= SMALL_CELLS:
                return _all_distances(records.astype(np.float32), points, k)
            import faiss  # heavy; readers are imported without it

            self._index = faiss.IndexFlatL2(points.shape[1])
            self._index.add(points)
        out = np.empty((len(records), k), dtype=np.int64)
        for start in range(0, len(records), SEARCH_BLOCK):
            queries = records[start : start + SEARCH_BLOCK].astype(np.float32)
            out[start : start + SEARCH_BLOCK] = self._found(queries)
        return out

    def _found(self, queries: NDArray[np.float32]) -> NDArray[np.int64]:
        points, k = self._points, self._k
        distances, found = self._index.search(queries, k + 1)
        out: NDArray[np.int64] = found[:, :k]
        # faiss may return any of several equally near candidates: choose again where the k-th and
        # the next are tied.
        tied = np.flatnonzero(distances[:, k - 1] == distances[:, k])
        step = max(1, TIE_CELLS // len(points))
        for first in range(0, len(tied), step):
            rows = tied[first : first + step]
            out[rows] = _with_ties(queries[rows], points, k, distances[rows, k - 1])
        return out


def _all_distances(
    queries: NDArray[np.float32], points: NDArray[np.float32], k: int
) -> NDArray[np.int64]:
    """What a search by faiss returns, from the matrix of all distances."""
    relative = _relative_distances(queries, points)
    edge = np.partition(relative, k - 1, axis=1)[:, k - 1 : k]
    return _up_to(relative, edge, k)


def _with_ties(
    queries: NDArray[np.float32], points: NDArray[np.float32], k: int, boundary: NDArray[np.float32]
) -> NDArray[np.int64]:
    """The k candidates up to the boundary distance; of those on it, the lowest indices."""
    edge = (boundary - np.einsum("nd,nd->n", queries, queries))[:, None]
    return _up_to(_relative_distances(queries, points), edge, k)


def _relative_distances(
    queries: NDArray[np.float32], points: NDArray[np.float32]
) -> NDArray[np.float32]:
    """|x - y|² - |x|²: integers below 2^24, so float32 products and sums are exact here too."""
    squares: NDArray[np.float32] = np.einsum("nd,nd->n", points, points)
    return np.asarray(squares - 2 * (queries @ points.T))


def _up_to(relative: NDArray[np.float32], edge: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """The k columns of each row up to the edge; of those on it, the lowest."""
    nearer, on = relative < edge, relative == edge
    room = k - nearer.sum(axis=1, keepdims=True)
    chosen = nearer | (on & (np.cumsum(on, axis=1, dtype=np.int32) <= room))
    return np.nonzero(chosen)[1].reshape(len(relative), k)


def _client_votes(
    voters: NDArray[np.int64], ballots: NDArray[np.int64], candidates: int, k: int
) -> NDArray[np.int64]:
    """One vote for each of a client's k candidates with most ballots, ties to the lower index."""
    pairs, counts = np.unique(voters * candidates + ballots, return_counts=True)
    client, candidate = np.divmod(pairs, candidates)
    order = np.lexsort((candidate, -counts, client))
    client = client[order]
    starts = np.searchsorted(client, client)
    rank = np.arange(len(order)) - starts
    return np.asarray(candidate[order][rank < k])
