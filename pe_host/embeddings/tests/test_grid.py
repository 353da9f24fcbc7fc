import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pe_host.embeddings.grid import grid_scale, to_grid


@given(
    hnp.arrays(
        np.float32, st.tuples(st.integers(1, 5), st.integers(1, 300)), elements=st.floats(width=32)
    )
)
def test_every_vector_ends_inside_the_ball_whatever_it_was(vectors):
    # A norm below 2048 makes squared distances exact in float32.
    grid = to_grid(vectors).astype(np.int64)
    assert (grid**2).sum(axis=1).max() < 2048**2


def test_the_worst_rounding_stays_inside_the_ball():
    # There are d equal entries, each rounded up by just under half a step.
    for dim in (1, 2, 784, 12_288, 49_152):
        for norm in (1.0, 1.0 - 1e-4):
            grid = to_grid(np.full((1, dim), norm / np.sqrt(dim))).astype(np.int64)
            assert (grid**2).sum() < 2048**2


def test_fault_1_vectors_that_are_not_finite_become_zero_and_move_no_other_row():
    vectors = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)
    broken = vectors.copy()
    broken[1, 3], broken[2, 0] = np.nan, np.inf
    grid = to_grid(broken)
    assert not grid[1].any() and not grid[2].any()
    assert np.array_equal(grid[[0, 3]], to_grid(vectors)[[0, 3]])


def test_unit_vectors_keep_their_direction():
    grid = to_grid(np.eye(3))
    assert np.array_equal(grid, np.eye(3) * grid_scale(3))


def test_long_vectors_are_shortened_to_the_sphere():
    assert np.array_equal(to_grid(np.array([[3.0, 4.0]])), to_grid(np.array([[0.6, 0.8]])))
    assert np.array_equal(
        to_grid(np.array([[1e300, 1e300]])), to_grid(np.array([[np.sqrt(0.5)] * 2]))
    )


def test_a_row_does_not_depend_on_the_others():
    vectors = np.random.default_rng(0).normal(size=(500, 64)).astype(np.float32)
    rows = np.random.default_rng(1).permutation(500)[:77]
    assert np.array_equal(to_grid(vectors[rows]), to_grid(vectors)[rows])
    assert np.array_equal(to_grid(vectors[7:8]), to_grid(vectors)[7:8])
