"""Numbers that docs/compatibility.md promises to keep.

A change of any of them would change the runs of every plugin.
"""

import numpy as np

from pe_sdk import Categorical, Float, Int, ParameterSpace, random

SPACE = ParameterSpace(
    {
        "a": Float(-1, 3),
        "b": Float(1, 8, log=True),
        "c": Int(3, 9),
        "d": Categorical(("x", "y", "z")),
    }
)
SEEDS = [4378012811335244530, 13144056333580279121, 13808797343849654147]
INTEGERS = [438, 693, 580]
SAMPLED = {
    "a": [1.237746027, 0.405712491, 1.077888592],
    "b": [2.051512593, 2.671804679, 2.817663516],
    "c": [4, 9, 4],
    "d": [0, 0, 2],
}
VARIED = {
    "a": [-0.668014563, 2.054037246, 1.759591401],
    "b": [1.318620739, 1.260906017, 1.306884888],
    "c": [4, 8, 7],
    "d": [2, 0, 2],
}


def test_seeds_and_draws_are_those_of_version_1():
    seeds = random.derive(7, "compatibility", 3)
    assert seeds.tolist() == SEEDS
    assert random.integers(seeds, "i", 1000).tolist() == INTEGERS


def test_samples_and_variations_are_those_of_version_1():
    seeds = np.array(SEEDS, np.uint64)
    sampled = SPACE.sample(seeds)
    varied = SPACE.vary(sampled, 0.5, seeds)
    for columns, expected in ((sampled, SAMPLED), (varied, VARIED)):
        # The last bits of a logarithm may differ between machines.
        for name, column in columns.items():
            np.testing.assert_allclose(column, expected[name], rtol=1e-7, atol=1e-8)
