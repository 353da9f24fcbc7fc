"""The simulator: pictures depend only on their row, show every choice, and match a browser's."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pe_avatars
from pe_avatars.drawing import whole
from pe_avatars.parts import CHOICES, HATS
from pe_avatars.raster import draw
from pe_sdk import CannotMake, OutputSpec, SimulatorGenerator, random


def simulator(height=32, width=32, channels=3, labels=("avatar",), **options):
    return pe_avatars.make(
        OutputSpec.image(height, width, channels), labels, pe_avatars.Options(**options)
    )


@pytest.fixture(scope="module")
def small():
    return simulator()


def drawn(made, n, seed=5):
    seeds = random.derive(seed, "test", n)
    labels = np.zeros(n, np.int64)
    params = made.space.sample(seeds)
    return params, labels, seeds, made.render(params, labels, seeds)


@pytest.mark.parametrize("shape", [(32, 32, 3), (8, 8, 1), (17, 40, 3)])
def test_a_picture_is_a_function_of_its_row_bit_for_bit(shape):
    """A canvas that keeps something of the previous row would show in another order."""
    made = simulator(*shape)
    params, labels, seeds, whole_batch = drawn(made, 100)
    assert whole_batch.shape == (100, *shape) and whole_batch.dtype == np.uint8
    order = np.random.default_rng(0).permutation(100)
    shuffled = made.render({k: v[order] for k, v in params.items()}, labels, seeds[order])
    np.testing.assert_array_equal(shuffled, whole_batch[order])
    for i in range(0, 100, 10):
        row = slice(i, i + 1)
        one = made.render({k: v[row] for k, v in params.items()}, labels[row], seeds[row])
        np.testing.assert_array_equal(one[0], whole_batch[i])


def test_two_simulators_draw_the_same_pictures(small):
    np.testing.assert_array_equal(drawn(simulator(), 50)[3], drawn(small, 50)[3])


def test_no_rows_make_no_pictures(small):
    assert drawn(small, 0)[3].shape == (0, 32, 32, 3)


def test_degree_0_is_the_identity(small):
    generator = SimulatorGenerator(small, small.output, ("avatar",))
    seeds = random.derive(2, "identity", 20)
    made = generator.random(np.zeros(20, np.int64), seeds)
    same = generator.vary(made, 0.0, seeds + np.uint64(1))
    for name in made.state:
        np.testing.assert_array_equal(same.state[name], made.state[name])


def plain(made, **choices):
    """Columns of one avatar on which every parameter shows, with the given choices."""
    shown = {
        "top": "bob",
        "style": "circle",
        "facial_hair": "beard_medium",
        "clothing": "hoodie",
        "eyebrows": "default",
    }
    names = {**shown, "accessory": "none", **choices}
    return {
        k: np.array([p.choices.index(names.get(k, p.choices[0]))]) for k, p in made.space.items()
    }


def test_every_choice_of_every_parameter_gives_another_picture():
    """A lost drawing would look like none, and a dead parameter always the same."""
    made = simulator(64, 64)
    for name, parameter in made.space.items():
        more = {"hat_color": {"top": "turban"}}.get(name, {})
        columns = [plain(made, **{**more, name: choice}) for choice in parameter.choices]
        params = {k: np.concatenate([c[k] for c in columns]) for k in columns[0]}
        n = len(columns)
        pictures = made.render(params, np.zeros(n, np.int64), np.zeros(n, np.uint64)).reshape(n, -1)
        assert len(np.unique(pictures, axis=0)) == n, name


def test_hat_colour_shows_only_on_hats(small):
    """Variations of a hat's colour must not change hair, nor the reverse."""
    for choice in ("turban", "bob"):
        pink, blue, red, brown = (
            small.render(
                plain(small, top=choice, **{name: value}),
                np.zeros(1, np.int64),
                np.zeros(1, np.uint64),
            )
            for name, value in (
                ("hat_color", "pink"),
                ("hat_color", "blue_03"),
                ("hair_color", "red"),
                ("hair_color", "brown"),
            )
        )
        assert (pink != blue).any() == (choice in HATS)
        assert (red != brown).any() == (choice not in HATS)


@pytest.mark.slow
def test_layers_composite_to_the_whole_drawing():
    """Random avatars match the drawing of the undivided document.

    Layers in another order differ by more than 1.5 on some avatars.
    """
    made = simulator(64, 64)
    params, _, _, pictures = drawn(made, 60, seed=11)
    for i, picture in enumerate(pictures):
        names = {k: made.space[k].choices[int(v[i])] for k, v in params.items()}
        fine = draw(whole(names), 512, 512).astype(float)
        expected = (fine[..., :3] + 255 - fine[..., 3:]).reshape(64, 8, 64, 8, 3).mean((1, 3))
        gap = np.abs(picture - expected)
        assert gap.mean() < 1.5 and (gap > 40).mean() < 0.005, names


def test_pictures_are_those_of_a_browser(small):
    """Pictures match those that tools/compare_browser.py kept from a browser.

    A lost mask (hats, shadows) makes a difference of more than 2 on an avatar.
    """
    with np.load(Path(__file__).with_name("browser.npz")) as kept:
        expected = kept["pictures"].astype(float)
        params = {name: kept[name].astype(np.int64) for name in small.space}
    n = len(expected)
    gap = np.abs(
        small.render(params, np.zeros(n, np.int64), np.zeros(n, np.uint64)) - expected
    ).mean((1, 2, 3))
    assert gap.mean() < 1.0
    assert gap.max() < 2.5


def test_one_channel_is_the_luma_of_three(small):
    *_, colour = drawn(small, 20)
    *_, grey = drawn(simulator(channels=1), 20)
    luma = colour @ np.array([0.299, 0.587, 0.114])
    assert np.abs(luma - grey[..., 0]).max() <= 1.01


@pytest.mark.parametrize(
    "output",
    [OutputSpec.image(7, 28, 3), OutputSpec.series(28, 2), OutputSpec("table", (28,), "uint8")],
)
def test_other_outputs_are_refused(output):
    with pytest.raises(CannotMake):
        pe_avatars.make(output, ("avatar",), pe_avatars.Options())
    with pytest.raises(CannotMake, match="uint8"):
        pe_avatars.make(
            OutputSpec("table", (28, 28, 3), "float32"), ("avatar",), pe_avatars.Options()
        )


def test_codes_outside_of_the_space_are_refused(small):
    params, labels, seeds, _ = drawn(small, 3)
    for wrong in (-1, len(CHOICES["top"])):
        with pytest.raises(ValueError, match="codes"):
            small.render({**params, "top": np.array([0, wrong, 0])}, labels, seeds)


def test_importing_the_module_is_light():
    code = """
import sys, pe_avatars
print(sorted({m.split(".")[0] for m in sys.modules} & {"numba", "skia", "python_avatars"}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
