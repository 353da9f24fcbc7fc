"""Grids: the samples that a page shows."""

import numpy as np
import pytest

from pe_host.report import RecordGrid
from pe_sdk import OutputSpec


def test_a_grid_takes_the_first_samples_of_each_class():
    labels = np.array([1, 0, 1, 1, 2, 0])
    images = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
    grid = RecordGrid.pick(OutputSpec.image(2, 3), images, labels, classes=4, columns=2)
    assert grid.records.shape == (4, 2, 2, 3, 1)
    assert grid.filled.tolist() == [2, 2, 1, 0]
    assert grid.records[:3, :, 0, 0, 0].tolist() == [[1, 5], [0, 2], [4, 0]]


@pytest.mark.parametrize(
    ("images", "filled"),
    [
        (np.zeros((2, 3, 4, 4, 1), np.float32), [3, 3]),
        (np.zeros((2, 3, 4, 4, 2), np.uint8), [3, 3]),
        (np.zeros((2, 3, 4, 4), np.uint8), [3, 3]),
        (np.zeros((2, 3, 4, 4, 1), np.uint8), [3, 4]),
        (np.zeros((2, 3, 4, 4, 1), np.uint8), [3]),
    ],
)
def test_a_grid_of_another_form_is_refused(images, filled):
    with pytest.raises(ValueError, match=r"expected uint8|filled"):
        RecordGrid(OutputSpec.image(4, 4), images, np.array(filled))
