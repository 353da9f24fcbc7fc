"""The renderer: what its pictures depend on, which outputs it takes, what its parameters do."""

import numpy as np
import pytest

import pe_procedural_2d
from pe_procedural_2d.lists import OPS, POINTS
from pe_procedural_2d.paint import draw
from pe_procedural_2d.simulator import _ROW
from pe_procedural_2d.space import SHAPES, SPACE
from pe_sdk import CannotMake, Categorical, OutputSpec, SimulatorGenerator, random

LABELS = pe_procedural_2d.GARMENTS


def simulator(height=28, width=28, channels=1, labels=("any",), **options):
    return pe_procedural_2d.make(
        OutputSpec.image(height, width, channels), labels, pe_procedural_2d.Options(**options)
    )


def drawn(made, n, seed=5):
    seeds = random.derive(seed, "test", n)
    labels = np.zeros(n, np.int64)
    params = made.space.sample(seeds)
    return params, labels, seeds, made.render(params, labels, seeds)


@pytest.mark.parametrize("size", [(28, 28, 1), (8, 8, 3), (17, 40, 1)])
def test_a_picture_is_a_function_of_its_row_bit_for_bit(size):
    """Fails if scratch memory is carried over from one picture to the next."""
    made = simulator(*size)
    params, labels, seeds, whole = drawn(made, 300)
    order = np.random.default_rng(0).permutation(300)
    shuffled = made.render({k: v[order] for k, v in params.items()}, labels[order], seeds[order])
    np.testing.assert_array_equal(shuffled, whole[order])
    for i in range(0, 300, 20):
        row = slice(i, i + 1)
        one = made.render({k: v[row] for k, v in params.items()}, labels[row], seeds[row])
        np.testing.assert_array_equal(one[0], whole[i])


@pytest.mark.parametrize("size", [(8, 8, 1), (28, 28, 1), (32, 32, 3), (64, 48, 3)])
def test_pictures_have_the_shape_of_the_output(size):
    pictures = drawn(simulator(*size), 40)[3]
    assert pictures.shape == (40, *size) and pictures.dtype == np.uint8
    assert drawn(simulator(*size), 0)[3].shape == (0, *size)


@pytest.mark.slow
def test_no_parameter_is_dead():
    """One parameter moves from end to end: pictures of some shape must change.

    A parameter that is ignored changes none.
    """
    made = simulator(channels=3)
    params, labels, seeds, _ = drawn(made, 400)
    for name, parameter in made.space.items():
        if isinstance(parameter, Categorical):
            ends = [np.full(400, 0), np.full(400, len(parameter.choices) - 1)]
        elif name.endswith("hue"):  # its ends are the same point
            ends = [np.zeros(400), np.full(400, 180.0)]
        else:
            ends = [parameter.sample(np.full(400, u)) for u in (0.0, 0.45)]
        first, last = (made.render({**params, name: column}, labels, seeds) for column in ends)
        assert (first != last).any(axis=(1, 2, 3)).mean() > 0.03, name


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_shows(shape):
    """Each shape covers part of a black ground; one that draws nothing leaves it black."""
    made = simulator()
    params, labels, seeds, _ = drawn(made, 60)
    params |= {
        "shape": np.full(60, SHAPES.index(shape)),
        "ground": np.zeros(60),
        "ink": np.ones(60),
        "accent": np.ones(60),
    }
    lit = (made.render(params, labels, seeds)[..., 0] > 60).mean((1, 2))
    assert np.median(lit) > 0.08
    assert lit.min() > 0.005


def plain(n, **values):
    """Columns of plain upright pictures, white on black."""
    params = {name: p.sample(np.full(n, 0.5)) for name, p in SPACE.items()}
    zero = (
        "texture",
        "repeat",
        "front",
        "neck",
        "fold",
        "rim",
        "grain",
        "soft",
        "ground",
        "x",
        "y",
        "rotation",
        "light_x",
    )
    params |= {
        name: np.zeros_like(params[name])
        for name in (*zero, "light_y", "saturation", "opening", "detail")
    }
    params |= {"scale": np.ones(n), "ink": np.ones(n), "accent": np.ones(n)}
    return params | {name: np.asarray(value, params[name].dtype) for name, value in values.items()}


def coverage(made, n, **values):
    return (
        made.render(plain(n, **values), np.zeros(n, np.int64), random.derive(1, "t", n))[
            ..., 0
        ].astype(float)
        / 255
    )


def test_a_disc_has_its_area_to_a_thousandth_of_the_picture():
    """Coverage is exact: the summed grey of a regular polygon is its area, wherever it lies."""
    made = simulator()
    x = np.linspace(-0.02, 0.02, 9)
    circle = {"shape": 6, "count": 9, "waist": 0, "roundness": 1, "handle": 0, "width": 0.5}
    disc = coverage(made, 9, x=x, **{k: [v] * 9 for k, v in {**circle, "scale": 0.8}.items()})
    # 54 corners on a circle as wide as 0.8 of the picture; the 8-bit rounding of the pixels at its
    # rim is below the tolerance.
    area = 27 * np.sin(2 * np.pi / 54) * 0.4**2
    assert np.abs(disc.mean((1, 2)) - area).max() < 2e-3


def test_small_pictures_are_averages_of_large_ones():
    """Fails if outlines are sampled instead of covered."""
    values = {"shape": np.arange(7) % 7, "strap": np.full(7, 1.0)}
    fine = coverage(simulator(112, 112), 7, **values).reshape(7, 14, 8, 14, 8).mean((2, 4))
    coarse = coverage(simulator(14, 14), 7, **values)
    assert np.abs(fine - coarse).mean() < 0.03


def test_a_silhouette_fills_the_picture_and_moves_with_its_place():
    made = simulator()
    still = coverage(made, 7, shape=np.arange(7))
    moved = coverage(made, 7, shape=np.arange(7), x=np.full(7, 2 / 28), scale=np.full(7, 0.7))
    longest = np.maximum((still > 0.1).any(1).sum(1), (still > 0.1).any(2).sum(1))
    assert longest.min() >= 26
    across = np.arange(28)[None, None]
    left = coverage(made, 7, shape=np.arange(7), scale=np.full(7, 0.7))
    shift = [(a * across).sum((1, 2)) / a.sum((1, 2)) for a in (moved, left)]
    np.testing.assert_allclose(shift[0] - shift[1], 2.0, atol=0.05)


def test_sleeves_legs_heels_and_handles_do_what_they_say():
    made = simulator()
    short, long = coverage(made, 2, shape=[0, 0], sleeve=[0.1, 1.0])
    assert (long[20] > 0.5).sum() > (short[20] > 0.5).sum() + 3  # sleeves hang beside the body
    closed, open_ = coverage(made, 2, shape=[2, 2], legs=[0.0, 1.0])
    assert open_[22, 12:16].sum() < closed[22, 12:16].sum() - 0.5
    low, high = coverage(made, 2, shape=[3, 3], shaft=[0.0, 0.8])
    assert (high > 0.3).any(1).sum() > (low > 0.3).any(1).sum() + 6
    none, handle = coverage(made, 2, shape=[5, 5], handle=[0.0, 0.8], width=[0.8, 0.8])
    assert (handle > 0.3).any(1).sum() > (none > 0.3).any(1).sum() + 3


def test_no_display_list_is_cut_short():
    """The longest lists are of tissue with most cells, all with nuclei; what exceeds is dropped."""
    params = {
        **SPACE.sample(random.derive(6, "test", 2000)),
        "heel": np.ones(2000),
        "count": np.full(2000, 9),
    }
    rows = np.empty(2000, _ROW)
    for name, column in params.items():
        rows[name] = column
    points, ops, used = np.empty((POINTS, 2)), np.empty((OPS, 7)), np.zeros(2, np.int64)
    most = np.zeros(2, np.int64)
    for row, uniforms in zip(
        rows, random.uniforms(random.derive(7, "test", 2000), "u", size=256), strict=True
    ):
        draw(row, uniforms, points, ops, used)
        most = np.maximum(most, used)
    assert most[0] < POINTS and most[1] < OPS
    assert most[0] == 4 + 52 * 24


def test_grey_is_colour_without_saturation():
    params, labels, seeds, grey = drawn(simulator(), 60)
    params["saturation"] = np.zeros(60)
    colour = simulator(channels=3).render(params, labels, seeds)
    np.testing.assert_array_equal(colour, np.repeat(grey, 3, axis=3))
    params["saturation"] = np.ones(60)
    assert (
        np.ptp(simulator(channels=3).render(params, labels, seeds).astype(int), axis=3) > 40
    ).mean() > 0.2


@pytest.mark.parametrize(
    "output",
    [OutputSpec.image(7, 28, 1), OutputSpec.series(28, 2), OutputSpec("table", (28,), "uint8")],
)
def test_other_outputs_are_refused(output):
    with pytest.raises(CannotMake, match="procedural-2d"):
        pe_procedural_2d.make(output, LABELS, pe_procedural_2d.Options())


def test_values_that_would_lead_the_compiled_code_astray_are_refused():
    made = simulator()
    params, labels, seeds, _ = drawn(made, 3)
    for name, wrong in (
        ("x", np.nan),
        ("x", 1e300),
        ("scale", 0.0),
        ("shape", 9),
        ("count", 1),
        ("count", 1000),
    ):
        column = (
            params[name].copy()
            if np.isfinite(wrong) and float(wrong).is_integer()
            else params[name].astype(float)
        )
        column[1] = wrong
        with pytest.raises(ValueError, match=f"{name} has values outside"):
            made.render({**params, name: column}, labels, seeds)


def test_as_a_generator():
    output = OutputSpec.image(28, 28)
    generator = SimulatorGenerator(simulator(labels=LABELS), output, LABELS)
    seeds = random.derive(1, "g", 100)

    def pictures_of(samples):
        return generator.restore(samples.labels, samples.state).data.astype(int)

    samples = generator.random(np.arange(100) % 10, seeds)
    same = generator.vary(samples, 0.0, random.derive(2, "g", 100))
    np.testing.assert_array_equal(pictures_of(same), pictures_of(samples))
    start, near, far = (
        pictures_of(s) for s in (samples, *(generator.vary(samples, d, seeds) for d in (0.05, 1.0)))
    )
    assert np.abs(near - start).mean() < 0.7 * np.abs(far - start).mean()
