"""Released values are consistent."""

import numpy as np
import pytest

from pe_sdk import Released

THREE = np.zeros(3, np.int64)


@pytest.mark.parametrize(
    ("t", "votes", "state", "says"),
    [
        (0, THREE, {}, r"t must lie in 1\.\.5, got 0"),
        (6, THREE, {}, "got 6"),
        (1, THREE[:2], {}, "one row for each of the 3 labels"),
        (1, THREE, {"size": np.zeros(4)}, "one row for each of the 3 labels"),
    ],
)
def test_inconsistent_values_are_refused(t, votes, state, says):
    with pytest.raises(ValueError, match=says):
        Released(t, 5, THREE, votes, 1.0, state)


def test_the_last_iteration_is_final():
    assert [Released(t, 2, THREE, THREE, 1.0).final for t in (1, 2)] == [False, True]
