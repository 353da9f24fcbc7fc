from typing import Any

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pe_host.embeddings.grid import to_grid
from pe_host.errors import DataError, PrivacyRefusal
from pe_host.privacy import voting
from pe_host.privacy.dataset import PrivateDataset
from pe_host.privacy.embed import BLOCK, check_independent, embed_records
from pe_host.privacy.voting import Search, check_candidates, count_votes
from pe_sdk import Embedding, OutputSpec, Table

PIXEL = OutputSpec.image(1, 1)


def _data(labels: Any, clients: Any = None, classes: int = 3) -> PrivateDataset:
    labels = np.asarray(labels, dtype=np.int64)
    return PrivateDataset(
        Table(np.zeros((len(labels), 1, 1, 1), np.uint8), labels, clients), PIXEL, classes
    )


def _by_definition(
    records: NDArray[np.int16], candidates: NDArray[np.int16], k: int
) -> list[set[int]]:
    wide = candidates.astype(np.int64)
    distances = [((wide - record.astype(np.int64)) ** 2).sum(axis=1) for record in records]
    return [set(np.lexsort((np.arange(len(wide)), d))[:k].tolist()) for d in distances]


SIZES = st.integers(1, 40)
EITHER_SEARCH = [0, voting.SMALL_CELLS]
"""Values of SMALL_CELLS with which faiss and numpy search."""


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    n=SIZES,
    pool=SIZES,
    dim=st.integers(1, 6),
    step=st.integers(1, 400),
    small=st.sampled_from(EITHER_SEARCH),
    data=st.data(),
)
def test_nearest_is_the_definition_with_all_its_ties(
    seed: int, n: int, pool: int, dim: int, step: int, small: int, data: Any
) -> None:
    """Coordinates are few multiples of `step`: most rows have ties, many at the k-th place."""
    points = (np.random.default_rng(seed).integers(-2, 3, (n + pool, dim)) * step).astype(np.int16)
    records, candidates, k = points[:n], points[n:], data.draw(st.integers(1, pool))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voting, "SMALL_CELLS", small)
        found = Search(candidates, k).nearest(records)
    assert [set(row) for row in found.tolist()] == _by_definition(records, candidates, k)


def test_ties_do_not_depend_on_the_order_the_search_library_returns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """faiss promises no order among equal distances; this stand-in returns the highest indices."""

    class Highest:
        def __init__(self, dim: int) -> None: ...

        def add(self, points: NDArray[np.float32]) -> None:
            self.points = points

        def search(self, queries: NDArray[np.float32], k: int) -> tuple[Any, Any]:
            distances = ((queries[:, None] - self.points[None]) ** 2).sum(axis=2)
            order = np.array([np.lexsort((-np.arange(len(row)), row))[:k] for row in distances])
            return np.take_along_axis(distances, order, axis=1), order

    monkeypatch.setattr(voting, "SMALL_CELLS", 0)
    monkeypatch.setattr(faiss, "IndexFlatL2", Highest)
    points = np.random.default_rng(0).integers(-1, 2, (200, 3)).astype(np.int16)
    for k in (1, 5, 30):
        found = [set(row) for row in Search(points[100:], k).nearest(points[:100]).tolist()]
        assert found == _by_definition(points[:100], points[100:], k)


@pytest.mark.parametrize("small", EITHER_SEARCH)
def test_nearest_is_exact_at_the_rim_of_the_grid(
    monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    """Opposite points of the largest norm have the largest distances, which would round first."""
    monkeypatch.setattr(voting, "SMALL_CELLS", small)
    rng = np.random.default_rng(0)
    v = rng.normal(size=(600, 48))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    records, candidates = to_grid(v[:300]), to_grid(-v + 1e-3 * rng.normal(size=v.shape))
    assert [
        set(row) for row in Search(candidates, 599).nearest(records).tolist()
    ] == _by_definition(records, candidates, 599)


def _near_ties(dim: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Private vectors and candidates around one point, as adversarial as floats allow.

    The point is on the unit sphere. There are differences of 1e-3 down to 1e-7, duplicates, exact
    ties and almost exact ones.
    """
    rng = np.random.default_rng(11)
    centre = rng.normal(size=dim)
    centre *= 0.9 / np.linalg.norm(centre)
    near = [
        centre + spread * rng.normal(size=(500, dim)) / np.sqrt(dim)
        for spread in (1e-3, 1e-4, 1e-7)
    ]
    candidates = np.concatenate(
        [*near, near[0][:200], near[0][:200] * (1 + 1e-7), np.tile(centre, (100, 1))]
    )
    middle = (near[0][:500] + near[0][::-1]) / 2  # half way between two candidates
    records = np.concatenate(
        [middle, centre + 1e-3 * rng.normal(size=(1500, dim)) / np.sqrt(dim), near[0], near[2]]
    )
    shuffled = records[rng.permutation(len(records))]
    return shuffled.astype(np.float32), candidates.astype(np.float32)


def _subsets(n: int) -> list[NDArray[np.int64]]:
    """Records to keep, in order: all but one, many, very few, and all of them shuffled."""
    rng = np.random.default_rng(3)
    everyone = np.arange(n)
    parts = [
        np.delete(everyone, 0),
        np.delete(everyone, n // 2),
        everyone[:-1001],
        everyone[:300],
        everyone[:19],
        everyone[:1],
    ]
    return [*parts, rng.permutation(n), rng.permutation(n)[: n - 1], rng.permutation(n)[:1999]]


def _plain_search(
    records: NDArray[np.float32], candidates: NDArray[np.float32], k: int
) -> NDArray[np.int64]:
    index = faiss.IndexFlatL2(candidates.shape[1])
    index.add(candidates)
    return np.asarray(index.search(records, k)[1])


@pytest.mark.parametrize("k", [1, 7])
def test_no_record_moves_the_vote_of_another(k: int) -> None:
    """Leave records out or reorder them: the votes of all others stay the same, bit for bit."""
    vectors, pool = _near_ties(64)
    records, candidates = to_grid(vectors), to_grid(pool)
    votes = np.sort(Search(candidates, k).nearest(records), axis=1)
    for kept in _subsets(len(records)):
        assert np.array_equal(
            np.sort(Search(candidates, k).nearest(records[kept]), axis=1), votes[kept]
        )


def test_the_same_check_fails_with_plain_float_search() -> None:
    """The check above can fail: with float vectors in plain faiss, records move others' votes."""
    vectors, pool = _near_ties(64)
    votes = _plain_search(vectors, pool, 1)
    moved = [
        int((_plain_search(vectors[kept], pool, 1) != votes[kept]).sum())
        for kept in _subsets(len(vectors))
    ]
    assert max(moved) > 100


@pytest.mark.parametrize("clients", [False, True])
def test_removing_one_unit_moves_at_most_k_counts_by_one(clients: bool) -> None:
    """The sensitivity that the accountant counts with, in record mode and in client mode."""
    vectors, pool = _near_ties(16)
    rng = np.random.default_rng(2)
    records, candidates, k = to_grid(vectors[:600]), to_grid(pool[:300]), 5
    labels, classes = rng.integers(0, 3, 600), np.sort(rng.integers(0, 3, 300))
    units = rng.integers(0, 150, 600) if clients else np.arange(600)
    everyone = count_votes(
        records, _data(labels, units if clients else None), candidates, classes, k
    )
    most = 0
    for unit in rng.choice(np.unique(units), 40, replace=False):
        kept = units != unit
        data = _data(labels[kept], units[kept] if clients else None)
        change = everyone - count_votes(records[kept], data, candidates, classes, k)
        assert set(np.unique(change)) <= {0, 1} and change.sum() <= k
        most = max(most, int(change.sum()))
    assert most == k


def test_clients_vote_for_what_their_records_vote_for_most() -> None:
    candidates = np.array([[0, 0], [100, 0], [0, 100], [500, 500]], dtype=np.int16)
    records = np.array([[1, 0], [99, 0], [98, 0], [0, 99], [499, 499]], dtype=np.int16)
    data = _data([0, 0, 0, 0, 0], np.array([70, 70, 70, 70, -5]))
    assert count_votes(records, data, candidates, np.zeros(4, np.int64), 1).tolist() == [0, 1, 0, 1]
    # k = 2: for client 70, candidate 0 is among the two nearest of all four records, candidate 1
    # of three.
    assert count_votes(records, data, candidates, np.zeros(4, np.int64), 2).tolist() == [1, 2, 0, 1]


def test_records_vote_within_their_class_and_only_where_it_has_candidates() -> None:
    candidates = np.zeros((6, 2), dtype=np.int16)
    records = np.zeros((5, 2), dtype=np.int16)
    votes = count_votes(
        records, _data([0, 0, 1, 2, 2]), candidates, np.array([0, 0, 0, 2, 2, 2]), 2
    )
    assert votes.tolist() == [2, 2, 0, 2, 2, 0]


def test_fault_1_a_nan_row_moves_only_its_own_votes() -> None:
    """In the reference one NaN row changed the histogram by an L2 norm of 49."""

    class Halved(Embedding):
        dim = 3

        def embed(self, data: Any) -> Any:
            with np.errstate(invalid="ignore"):
                return data.reshape(len(data), 3).astype(np.float32)

    rng = np.random.default_rng(4)
    rows = rng.normal(size=(700, 3)).astype(np.float32) / 4
    clean = embed_records(Halved(), rows)
    candidates, labels = to_grid(rng.normal(size=(50, 3)) / 4), np.zeros(50, np.int64)
    data = _data(np.zeros(700))
    before = count_votes(clean, data, candidates, labels, 3)
    for bad in (np.nan, np.inf, -np.inf):
        spoiled = rows.copy()
        spoiled[123, 1] = bad
        vectors = embed_records(Halved(), spoiled)
        assert np.array_equal(np.delete(vectors, 123, axis=0), np.delete(clean, 123, axis=0))
        assert (vectors[123] == 0).all()  # the fixed rule
        change = count_votes(vectors, data, candidates, labels, 3) - before
        assert np.abs(change).max() <= 1 and np.abs(change).sum() <= 6


def test_fault_2_more_votes_than_candidates_is_refused() -> None:
    """In the reference k above the number of candidates gave a vote of norm 1.84."""
    candidates, labels = np.zeros((7, 2), np.int16), np.array([0, 0, 0, 0, 2, 2, 2])
    check_candidates(candidates, labels, 3, 3)  # class 1 has none: fine
    with pytest.raises(PrivacyRefusal, match="class 2 has 3 candidates"):
        check_candidates(candidates, labels, 3, 4)


def test_fault_3_duplicated_rows_vote_once_each_and_identically() -> None:
    vectors, pool = _near_ties(16)
    records, candidates, labels = (
        to_grid(vectors[:400]),
        to_grid(pool),
        np.zeros(len(pool), np.int64),
    )
    once = count_votes(records, _data(np.zeros(400)), candidates, labels, 3)
    twice = count_votes(
        np.concatenate([records, records]), _data(np.zeros(800)), candidates, labels, 3
    )
    assert np.array_equal(twice, 2 * once) and once.sum() == 1200


@pytest.mark.parametrize(
    ("candidates", "labels"),
    [
        (np.full((2, 2), 2047, np.int16), np.zeros(2, np.int64)),  # norm 2895
        (np.full((2, 1), -32768, np.int16), np.zeros(2, np.int64)),
        (np.zeros((2, 2), np.float32), np.zeros(2, np.int64)),
        (np.zeros((0, 2), np.int16), np.zeros(0, np.int64)),
        (np.zeros((2, 2), np.int16), np.zeros(3, np.int64)),
        (np.zeros((2, 2), np.int16), np.array([0, 3])),
        (np.zeros((2, 2), np.int16), np.array([0, -1])),
    ],
)
def test_candidates_off_the_grid_or_the_classes_are_refused(candidates: Any, labels: Any) -> None:
    with pytest.raises(DataError):
        check_candidates(candidates, labels, 3, 1)


class Net(Embedding):
    """A convolutional net like those of embeddings, in evaluation mode unless `training`."""

    dim = 24

    def __init__(self, training: bool = False) -> None:
        import torch

        torch.manual_seed(0)
        self.net = torch.nn.Sequential(
            torch.nn.Conv2d(1, 12, 3, 2, 1),
            torch.nn.BatchNorm2d(12),
            torch.nn.ReLU(),
            torch.nn.Conv2d(12, 16, 3, 2, 1),
            torch.nn.ReLU(),
            torch.nn.Flatten(),
            torch.nn.Linear(16 * 16, 24),
        ).train(training)

    def embed(self, data: Any) -> Any:
        import torch

        with torch.inference_mode():
            out = self.net(torch.from_numpy(data).permute(0, 3, 1, 2).float() / 255)
            return (out / out.norm(dim=1, keepdim=True)).numpy()


class Raw:
    """Keeps the float vectors of a real embedding, to compare them before they are rounded."""

    def __init__(self, inner: Embedding) -> None:
        self.inner, self.dim, self.seen = inner, inner.dim, list[Any]()

    def embed(self, data: Any) -> Any:
        self.seen.append(self.inner.embed(data))
        return self.seen[-1]


def test_no_record_moves_the_vector_of_another() -> None:
    """With padded blocks of one size, the float vectors do not depend on other records or order."""
    data = np.random.default_rng(0).integers(0, 256, (2 * BLOCK + 77, 16, 16, 1), dtype=np.uint8)

    def vectors(rows: NDArray[Any]) -> NDArray[np.float32]:
        raw = Raw(Net())
        embed_records(raw, rows)  # type: ignore[arg-type]
        return np.concatenate(raw.seen)[: len(rows)]

    everyone = vectors(data)
    for kept in _subsets(len(data))[:2] + _subsets(len(data))[3:]:
        assert np.array_equal(vectors(data[kept % len(data)]), everyone[kept % len(data)])


def test_an_embedding_that_mixes_records_is_refused() -> None:
    """Batch statistics: every record moves every other one's vector. Evaluation mode passes."""
    check_independent(Net(), (16, 16, 1), np.dtype(np.uint8))
    with pytest.raises(PrivacyRefusal, match="mixes records"):
        check_independent(Net(training=True), (16, 16, 1), np.dtype(np.uint8))


class Mixing(Embedding):
    """Clips to a range and subtracts the mean of the block.

    Each record moves all others, except where every value is clipped.
    """

    dim = 6

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def embed(self, data: NDArray[Any]) -> NDArray[np.float32]:
        inside = np.clip(data.reshape(len(data), -1).astype(np.float64), self.low, self.high)
        return ((inside - inside.mean(0)) / 1e4).astype(np.float32)


@pytest.mark.parametrize(
    ("embedding", "dtype"),
    [
        (Mixing(0, 1), "float32"),
        (Mixing(-1e3, 0), "float32"),
        (Mixing(-5, 5), "float64"),
        (Mixing(0, 1), "bool"),
    ],
)
def test_one_that_mixes_records_of_any_dtype_is_refused(embedding: Mixing, dtype: str) -> None:
    # A check on integers only would miss it: clipped to 0..1 they are all the same.
    with pytest.raises(PrivacyRefusal, match="mixes records"):
        check_independent(embedding, (3, 2), np.dtype(dtype))


def test_numpy_says_nothing_of_the_values_of_a_record(recwarn: pytest.WarningsRecorder) -> None:
    """An overflow is a fact about the private data, and a warning on stderr would reveal it."""

    class Overflowing(Mixing):
        def embed(self, data: NDArray[Any]) -> NDArray[np.float32]:
            return (data.reshape(len(data), -1) * np.float32(3e38)).astype(np.float32)

    embed_records(Overflowing(0, 1), np.full((3, 3, 2), 7, np.float32))
    assert not recwarn.list
