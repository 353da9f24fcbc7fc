"""The renderer: what its pictures depend on, and their likeness to written digits."""

import numpy as np
import pytest

import pe_text_render
from pe_sdk import CannotMake, OutputSpec, PluginWarning, SimulatorGenerator, random

DIGITS = tuple("0123456789")


def simulator(height=28, width=28, channels=1, labels=DIGITS, **options):
    return pe_text_render.make(
        OutputSpec.image(height, width, channels), labels, pe_text_render.Options(**options)
    )


@pytest.fixture(scope="module")
def mnist_sized():
    return simulator()


def drawn(made, n, seed=5):
    seeds = random.derive(seed, "test", n)
    labels = np.arange(n) % len(made._fields.start)
    params = made.space.sample(seeds)
    return params, labels, seeds, made.render(params, labels, seeds)


@pytest.mark.parametrize("size", [(28, 28), (8, 8), (17, 40)])
def test_a_picture_is_a_function_of_its_row_bit_for_bit(size):
    made = simulator(*size)
    params, labels, seeds, whole = drawn(made, 200)
    order = np.random.default_rng(0).permutation(200)
    shuffled = made.render({k: v[order] for k, v in params.items()}, labels[order], seeds[order])
    np.testing.assert_array_equal(shuffled, whole[order])
    for i in range(0, 200, 20):
        row = slice(i, i + 1)
        one = made.render({k: v[row] for k, v in params.items()}, labels[row], seeds[row])
        np.testing.assert_array_equal(one[0], whole[i])


def test_no_rows_make_no_pictures(mnist_sized):
    _, _, _, pictures = drawn(mnist_sized, 0)
    assert pictures.shape == (0, 28, 28, 1)


def test_every_parameter_changes_pictures(mnist_sized):
    """Moving one parameter from end to end changes most pictures; an ignored one changes none."""
    params, labels, seeds, _ = drawn(mnist_sized, 200)
    for name, parameter in mnist_sized.space.items():
        ends = [np.zeros(200), np.full(200, 1 - 1e-9)]
        first, last = (
            mnist_sized.render({**params, name: parameter.sample(u)}, labels, seeds) for u in ends
        )
        changed = (first != last).any(axis=(1, 2, 3)).mean()
        assert changed > 0.95, name


def test_parameters_do_what_their_names_say(mnist_sized):
    params, labels, seeds, _ = drawn(mnist_sized, 300)
    across, down = np.arange(28)[None, None, :], np.arange(28)[None, :, None]

    def at(name, value):
        pictures = mnist_sized.render({**params, name: np.full(300, value)}, labels, seeds)[
            ..., 0
        ].astype(float)
        total = pictures.sum((1, 2))
        middle_x, middle_y = (
            (pictures * across).sum((1, 2)) / total,
            (pictures * down).sum((1, 2)) / total,
        )
        lean = (
            pictures * (across - middle_x[:, None, None]) * (down - middle_y[:, None, None])
        ).sum((1, 2)) / total
        return (
            total.mean(),
            middle_x.mean(),
            middle_y.mean(),
            (pictures > 60).any(1).sum(1).mean(),
            lean.mean(),
        )

    space = mnist_sized.space
    low = {
        name: at(name, space[name].low)
        for name in ("stroke", "ink", "x", "y", "width", "height", "shear", "rotation")
    }
    high = {name: at(name, space[name].high) for name in low}
    assert high["stroke"][0] > 1.5 * low["stroke"][0]
    assert high["ink"][0] > 1.2 * low["ink"][0]
    assert high["x"][1] - low["x"][1] == pytest.approx(0.14 * 28, abs=0.5)
    assert high["y"][2] - low["y"][2] == pytest.approx(0.14 * 28, abs=0.5)
    assert high["width"][3] > 1.4 * low["width"][3]
    assert high["height"][0] > low["height"][0]
    assert high["shear"][4] < low["shear"][4] - 1  # right-leaning: x falls as y grows
    assert high["rotation"][4] < low["rotation"][4] - 1


def test_random_digits_have_the_statistics_of_written_digits(mnist_sized):
    """In 28-pixel data sets, a digit inks a tenth to a quarter of them and avoids the border."""
    *_, pictures = drawn(mnist_sized, 2000)
    ink = pictures[..., 0] > 127
    assert 0.08 < ink.mean() < 0.25
    assert ink.any(axis=(1, 2)).mean() > 0.99
    assert pictures.max(axis=(1, 2, 3)).mean() > 220
    border = np.concatenate([ink[:, 0], ink[:, -1], ink[:, :, 0], ink[:, :, -1]], axis=1)
    assert border.mean() < 0.05
    assert 17 < ink.any(axis=2).sum(1).mean() < 24


def test_small_pictures_are_averages_of_large_ones():
    """The 8 x 8 picture is close to the averaged 64 x 64 one: no aliasing, no lost strokes."""
    large, small = simulator(64, 64), simulator(8, 8)
    params, labels, seeds, _pictures = drawn(large, 200)
    params = {**params, "blur": np.zeros(200), "ink": np.ones(200)}
    fine = large.render(params, labels, seeds)[..., 0].reshape(200, 8, 8, 8, 8).mean((2, 4))
    coarse = small.render(params, labels, seeds)[..., 0].astype(float)
    assert np.abs(fine - coarse).mean() < 8  # of 255; one point per pixel gives over 20
    assert np.corrcoef(fine.ravel(), coarse.ravel())[0, 1] > 0.98


def test_three_channels_are_alike():
    grey, colour = simulator(), simulator(channels=3)
    *_, one = drawn(grey, 20)
    *_, three = drawn(colour, 20)
    np.testing.assert_array_equal(three, np.repeat(one, 3, axis=3))


def test_texts_of_labels():
    cat = simulator(32, 96, labels=("cat", "dog"))
    renamed = simulator(32, 96, labels=("a", "b"), texts={"a": "cat", "b": "dog"})
    np.testing.assert_array_equal(drawn(cat, 20)[3], drawn(renamed, 20)[3])
    ink = (drawn(cat, 100)[3][..., 0] > 100).any(1).sum(1)
    assert np.median(ink) > 40  # a word is wide
    with pytest.raises(CannotMake, match="unknown labels"):
        simulator(texts={"ten": "10"})
    with pytest.raises(CannotMake, match="nothing to write"):
        simulator(texts={"1": " "})


def test_a_text_in_many_letters_spans_the_letters():
    """'iiii' has four separate stems, in writing order."""
    made = simulator(28, 84, labels=("llll",), faces="print")
    params, labels, seeds, _ = drawn(made, 50)
    params = {
        k: (
            np.zeros_like(v)
            if k.startswith("bend") or k in ("rotation", "shear", "x", "y", "blur")
            else v
        )
        for k, v in params.items()
    }
    params["stroke"] = np.full(50, 0.05)
    params["width"] = np.full(50, 0.95)
    row = made.render(params, labels, seeds)[:, 14, :, 0].astype(int) > 40
    runs = (np.diff(row.astype(int), axis=1) == 1).sum(1)
    assert np.median(runs) == 4


def test_far_from_a_dash_there_is_no_ink_however_thick_the_pen():
    """A dash has a small cell whose distances end nearby: a thick pen must not fill the cell."""
    made = simulator(32, 96, labels=("a-b",), faces="handwriting")
    params, labels, seeds, _ = drawn(made, 100)
    still = [
        k for k in params if k.startswith("bend") or k in ("rotation", "shear", "x", "y", "blur")
    ]
    params |= {k: np.zeros(100) for k in still} | {
        "stroke": np.full(100, 0.14),
        "width": np.full(100, 0.9),
    }
    height, width = made._fields.shape[0]
    fields = made._fields.values.reshape(-1, height, width).astype(int)
    middle = fields[:, :3, width // 2]  # the top rows, at least 10 pixels above the dash
    assert (middle < 60).mean() > 0.9  # 128 at the outline, 16 per pixel
    assert np.median(made.render(params, labels, seeds)[:, 0, 48, 0]) == 0


def test_a_character_that_some_faces_lack():
    with pytest.warns(PluginWarning, match="lack a character") as caught:
        made = simulator(texts={"1": "&"})
    assert len(caught) == 1
    assert 0 < len(made.faces) < len(simulator().faces)


def test_a_character_that_no_face_has():
    with pytest.raises(CannotMake, match="no face has"):
        simulator(texts={"1": "\u3042"})


@pytest.mark.parametrize(
    "output",
    [OutputSpec.image(7, 28, 1), OutputSpec.series(28, 2), OutputSpec("table", (28,), "uint8")],
)
def test_other_outputs_are_refused(output):
    with pytest.raises(CannotMake):
        pe_text_render.make(output, DIGITS, pe_text_render.Options())


def test_faces_can_be_chosen():
    everything, hands, print_ = (
        simulator(faces=which).faces for which in ("all", "handwriting", "print")
    )
    assert len(everything) == len(hands) + len(print_)
    assert all(face.handwriting for face in hands)
    assert not any(face.handwriting for face in print_)
    with pytest.raises(ValueError, match="handwriting, print or all"):
        pe_text_render.Options(faces="some")


def test_values_that_would_reach_outside_of_the_fields_are_refused(mnist_sized):
    params, labels, seeds, _ = drawn(mnist_sized, 3)
    with pytest.raises(ValueError, match="finite"):
        mnist_sized.render({**params, "x": np.array([0, np.nan, 0])}, labels, seeds)
    with pytest.raises(ValueError, match="labels"):
        mnist_sized.render(params, np.array([0, 10, 1]), seeds)
    with pytest.raises(ValueError, match="fonts"):
        mnist_sized.render({**params, "font": np.array([-1, 0, 0])}, labels, seeds)


def pictures_of(generator, samples):
    return generator.restore(samples.labels, samples.state).data.astype(int)


def test_as_a_generator(mnist_sized):
    output = OutputSpec.image(28, 28)
    generator = SimulatorGenerator(mnist_sized, output, DIGITS)
    seeds = random.derive(1, "g", 50)
    samples = generator.random(np.arange(50) % 10, seeds)
    same = generator.vary(samples, 0.0, random.derive(2, "g", 50))
    np.testing.assert_array_equal(pictures_of(generator, same), pictures_of(generator, samples))
    start, near, far = (
        pictures_of(generator, s)
        for s in (samples, *(generator.vary(samples, d, seeds) for d in (0.05, 1.0)))
    )
    assert np.abs(near - start).mean() < 0.7 * np.abs(far - start).mean()
