"""The host's use of `pe_sdk.PARAMETERS_KNOWN` in an evaluation."""

import numpy as np
import pytest

from pe_host.compute.checks import RuleBrokenError, check_parameters
from pe_host.session.evaluation import columns_of
from pe_sdk import PARAMETERS_KNOWN, Float, ParameterSpace, Samples

SPACE = ParameterSpace({"level": Float(0, 1)})
LABELS, LEVELS = np.zeros(3, np.int64), np.array([0.1, 0.5, 0.9])


def test_parameters_of_a_population_are_measured_if_all_are_known():
    for known, names in (([True] * 3, ["level"]), ([True, True, False], [])):
        state = {"level": LEVELS, "other": LEVELS, PARAMETERS_KNOWN: np.array(known)}
        assert list(columns_of(Samples(None, LABELS, state), SPACE)) == names
    assert list(columns_of(Samples(None, LABELS, {"level": LEVELS}), SPACE)) == ["level"]
    assert columns_of(Samples(None, LABELS, {"level": LEVELS}), None) == {}


@pytest.mark.parametrize("known", [np.ones(3), np.ones((3, 1), np.bool_), np.array(["yes"] * 3)])
def test_the_column_is_of_bool(known):
    check_parameters({"level": LEVELS, PARAMETERS_KNOWN: LEVELS > 0.3}, LABELS, SPACE, ())
    with pytest.raises(RuleBrokenError, match="must be a column of bool"):
        check_parameters({"level": LEVELS, PARAMETERS_KNOWN: known}, LABELS, SPACE, ())
