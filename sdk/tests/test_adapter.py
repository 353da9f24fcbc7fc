"""A simulator as a generator: what it keeps, renders and refuses."""

import numpy as np
import pytest

from pe_sdk import (
    Categorical,
    Float,
    Int,
    OutputSpec,
    ParameterSpace,
    Simulator,
    SimulatorGenerator,
    random,
)

OUTPUT = OutputSpec.image(4, 5)
LABELS = ("low", "high")


class Flat(Simulator):
    space = ParameterSpace({"level": Float(0, 255)})

    def render(self, params, labels, seeds):
        return np.broadcast_to(
            params["level"].astype(np.uint8)[:, None, None, None], (len(labels), 4, 5, 1)
        ).copy()


class Split(Flat):
    """Each label has its own range."""

    def space_for(self, label):
        return ParameterSpace({"level": Float(0, 100) if label == "low" else Float(200, 255)})


SEEDS = random.derive(0, "generators", 300)
CODES = np.arange(300) % 2


def made(simulator=None):
    return SimulatorGenerator(simulator or Flat(), OUTPUT, LABELS)


def test_degree_zero_gives_the_same_samples():
    generator = made()
    before = generator.random(CODES, SEEDS)
    after = generator.vary(before, 0.0, random.derive(1, "other", 300))
    assert all(np.array_equal(after.state[name], before.state[name]) for name in before.state)


def test_restore_renders_the_same_images():
    generator = made()
    samples = generator.random(CODES, SEEDS)
    restored = generator.restore(samples.labels, samples.state)
    OUTPUT.check(restored.data, 300)
    assert np.array_equal(restored.data[:, 0, 0, 0], samples.state["level"].astype(np.uint8))


def test_each_label_is_drawn_from_its_own_space():
    generator = made(Split())
    samples = generator.random(CODES, SEEDS)
    varied = generator.vary(samples, 1.0, SEEDS)
    for drawn in (samples, varied):
        level = drawn.state["level"]
        assert level[CODES == 0].max() <= 100 and level[CODES == 1].min() >= 200


def test_rows_do_not_depend_on_their_batch():
    generator = made(Split())
    whole = generator.vary(generator.random(CODES, SEEDS), 0.3, SEEDS)
    rows = np.random.default_rng(0).permutation(300)[:40]
    part = generator.vary(generator.random(CODES[rows], SEEDS[rows]), 0.3, SEEDS[rows])
    assert np.array_equal(part.state["level"], whole.state["level"][rows])


def test_a_render_of_another_spec_is_refused():
    class Wrong(Flat):
        def render(self, params, labels, seeds):
            return super().render(params, labels, seeds).astype(np.float32)

    generator = made(Wrong())
    samples = generator.random(CODES, SEEDS)
    with pytest.raises(ValueError, match="expected uint8"):
        generator.restore(samples.labels, samples.state)


def test_spaces_of_labels_must_have_the_same_parameters():
    class Other(Flat):
        def space_for(self, label):
            return ParameterSpace({"level": Int(0, 3)})

    with pytest.raises(ValueError, match="label 'low'"):
        made(Other())


def test_the_choices_of_a_label_keep_their_codes():
    class Hair(Flat):
        space = ParameterSpace({"hair": Categorical(("short", "long"))})

        def space_for(self, label):
            return ParameterSpace({"hair": Categorical(("long",))})

    with pytest.raises(ValueError, match="label 'low'"):
        made(Hair())


@pytest.mark.parametrize("name", ["render_seed", "parameters_known"])
def test_the_names_of_other_state_columns_are_reserved(name):
    class Taken(Flat):
        space = ParameterSpace({name: Float(0, 1)})

    with pytest.raises(ValueError, match=name):
        made(Taken())
