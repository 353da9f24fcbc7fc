"""Batches of samples are cut, joined and checked."""

import numpy as np
import pytest

from pe_sdk import Samples


def test_samples_take_and_concatenate():
    samples = Samples(np.arange(6)[:, None], np.arange(6), {"a": np.arange(6) * 10})
    joined = Samples.concatenate([samples.take(slice(0, 2)), samples.take(np.array([5, 3]))])
    assert joined.labels.tolist() == [0, 1, 5, 3]
    assert joined.state["a"].tolist() == [0, 10, 50, 30]
    assert joined.data[:, 0].tolist() == [0, 1, 5, 3]


def test_samples_of_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="a"):
        Samples(None, np.arange(3), {"a": np.arange(2)})
    with pytest.raises(ValueError, match="some parts"):
        Samples.concatenate(
            [Samples(np.zeros(1), np.zeros(1, int)), Samples(None, np.zeros(1, int))]
        )
