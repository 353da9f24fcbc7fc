"""Statistical tests of random numbers, each at a false-positive rate of 1e-6.

The seeds are fixed, so a test passes always or never.
"""

import numpy as np
import pytest
from scipy import stats

from pe_sdk import random

ALPHA = 1e-6
SEEDS = random.derive(7, "test", 200_000)


def test_uniforms_are_uniform():
    # Fails if `bits` loses a mixing step: if `_mix` is the identity, the p-value is 0.
    counts = np.bincount((random.uniforms(SEEDS, "u") * 256).astype(int), minlength=256)
    assert stats.chisquare(counts).pvalue > ALPHA


def test_low_bits_are_uniform():
    counts = np.bincount((random.bits(SEEDS, "u") & np.uint64(255)).astype(int), minlength=256)
    assert stats.chisquare(counts).pvalue > ALPHA


@pytest.mark.parametrize("other", [("u", 1), ("v", 0)], ids=["next index", "other stream"])
def test_streams_and_indices_are_independent(other):
    # Fails if the stream or the index is ignored: all the mass is then on the diagonal.
    stream, index = other
    a = (random.uniforms(SEEDS, "u", 0) * 16).astype(int)
    b = (random.uniforms(SEEDS, stream, index) * 16).astype(int)
    table = np.bincount(a * 16 + b, minlength=256)
    assert stats.chisquare(table).pvalue > ALPHA


def test_neighbouring_seeds_are_independent():
    # People pass consecutive seeds. Fails if the seed is added after the mixing, not before.
    u = random.uniforms(np.arange(200_000, dtype=np.uint64), "u")
    table = np.bincount((u[:-1] * 16).astype(int) * 16 + (u[1:] * 16).astype(int), minlength=256)
    assert stats.chisquare(table).pvalue > ALPHA


def test_normals_are_normal():
    assert stats.kstest(random.normals(SEEDS, "n"), "norm").pvalue > ALPHA


@pytest.mark.parametrize("high", [1, 2, 7, 1000])
def test_integers_are_uniform_and_inside(high):
    drawn = random.integers(SEEDS, "i", high)
    assert drawn.min() >= 0 and drawn.max() < high
    assert high == 1 or stats.chisquare(np.bincount(drawn, minlength=high)).pvalue > ALPHA


def test_integers_refuse_an_empty_range():
    with pytest.raises(ValueError, match="high"):
        random.integers(SEEDS, "i", 0)


def test_a_row_depends_only_on_its_own_seed():
    whole = random.uniforms(SEEDS, "u", size=3)
    order = np.random.default_rng(0).permutation(len(SEEDS))[:1000]
    assert np.array_equal(random.uniforms(SEEDS[order], "u", size=3), whole[order])


def test_columns_are_the_consecutive_indices():
    block = random.bits(SEEDS[:10], "u", 5, size=3)
    assert np.array_equal(
        block, np.stack([random.bits(SEEDS[:10], "u", i) for i in (5, 6, 7)], axis=1)
    )


def test_values_never_change_between_versions():
    # Written once: with other values, no run of an earlier version could be replayed.
    assert random.bits(np.array([1, 2], np.uint64), "pinned", 3).tolist() == PINNED


PINNED = [6788007701617696383, 12129847942555133234]
