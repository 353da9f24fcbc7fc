"""Votes do not depend on the number of threads.

That number differs between machines and between tiers of these tests.
"""

import faiss
import numpy as np
import pytest

from pe_host.embeddings.grid import to_grid
from pe_host.privacy import voting


@pytest.fixture
def use_threads():
    before = faiss.omp_get_max_threads()
    yield faiss.omp_set_num_threads
    faiss.omp_set_num_threads(before)


def test_votes_do_not_depend_on_the_number_of_threads(use_threads, monkeypatch):
    """Records and candidates with near and exact ties.

    The larger set has more records than faiss searches with one thread; both its ways are taken.
    """
    monkeypatch.setattr(voting, "SMALL_CELLS", 0)  # faiss searches
    rng = np.random.default_rng(6)
    centre = rng.normal(size=32)
    spread = np.array([1e-2, 1e-4, 1e-6])[np.arange(1500) % 3, None]
    points = to_grid((0.9 * centre + spread * rng.normal(size=(1500, 32))) / np.linalg.norm(centre))
    candidates = np.concatenate([points[:400], points[:200]])
    for records in (points, points[:10]):
        found = []
        for threads in (1, 2, 5):
            use_threads(threads)
            found.append(np.sort(voting.Search(candidates, 4).nearest(records), axis=1))
        for other in found[1:]:
            np.testing.assert_array_equal(other, found[0])
