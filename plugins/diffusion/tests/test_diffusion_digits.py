"""The shipped model: rows independent bit for bit, degrees, labels, sizes, recognisable digits."""

import itertools
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import pe_diffusion
from pe_sdk import CannotMake, OutputSpec, Samples, random

pytestmark = pytest.mark.slow  # runs the shipped model

DIGITS = tuple("0123456789")


def made(height=28, width=28, channels=1, labels=DIGITS, **options):
    options = {"batch": 8, "steps": 4, "device": "cpu"} | options
    return pe_diffusion.make(
        OutputSpec.image(height, width, channels), labels, pe_diffusion.Options(**options)
    )


@pytest.fixture(scope="module")
def digits():
    return made()


def rows(n, seed=5, labels=10):
    return np.arange(n) % labels, random.derive(seed, "test", n)


def test_a_row_is_the_same_in_any_block_at_any_place(digits):
    """Shared noise, batch statistics or kernels that depend on the position would change a bit."""
    labels, seeds = rows(20)
    whole = digits.random(labels, seeds)
    order = np.random.default_rng(0).permutation(20)
    np.testing.assert_array_equal(
        digits.random(labels[order], seeds[order]).data, whole.data[order]
    )
    np.testing.assert_array_equal(
        digits.random(labels[13:14], seeds[13:14]).data[0], whole.data[13]
    )
    fresh = random.derive(9, "vary", 20)
    varied = digits.vary(whole, 0.5, fresh)
    np.testing.assert_array_equal(
        digits.vary(whole.take(order), 0.5, fresh[order]).data, varied.data[order]
    )
    np.testing.assert_array_equal(
        digits.vary(whole.take([13]), 0.5, fresh[13:14]).data[0], varied.data[13]
    )


def test_what_else_is_in_the_block_does_not_matter(digits):
    labels, seeds = rows(8)
    whole = digits.random(labels, seeds).data
    others, other_labels = seeds.copy(), labels.copy()
    others[1:] += np.uint64(77)
    other_labels[1:] = 4
    np.testing.assert_array_equal(digits.random(other_labels, others).data[0], whole[0])
    assert (digits.random(labels, others).data[1:] != whole[1:]).any(axis=(1, 2, 3)).all()


def test_degree_0_is_the_identity_and_1_a_fresh_sample(digits):
    labels, seeds = rows(10)
    before = Samples(np.random.default_rng(1).integers(0, 256, (10, 28, 28, 1), np.uint8), labels)
    same = digits.vary(before, 0.0, seeds)
    np.testing.assert_array_equal(same.data, before.data)
    assert same.data is not before.data
    np.testing.assert_array_equal(
        digits.vary(before, {"*": 1.0}, seeds).data, digits.random(labels, seeds).data
    )


def test_a_larger_degree_moves_further(digits):
    labels, seeds = rows(30)
    before = digits.random(labels, seeds)
    fresh = random.derive(9, "vary", 30)
    moved = [
        np.abs(digits.vary(before, degree, fresh).data.astype(float) - before.data).mean()
        for degree in (0.1, 0.3, 0.6, 0.9)
    ]
    assert all(low < high for low, high in itertools.pairwise(moved)), moved


def test_what_is_black_stays_black(digits):
    """93 % of the empty area stays black; without the gain 61 %, the rest grey by a few levels."""
    labels, seeds = rows(48)
    inked = digits.random(labels, seeds).data > 127
    varied = made(steps=8).vary(
        Samples(np.where(inked, 255, 0).astype(np.uint8), labels),
        0.25,
        random.derive(9, "vary", 48),
    )
    assert (varied.data == 0).mean() > 0.85 * (~inked).mean()


def test_foreign_pictures_are_varied_and_their_state_is_dropped(digits):
    labels, seeds = rows(10)
    foreign = Samples(digits.random(labels, seeds).data, labels, {"angle": np.arange(10.0)})
    varied = digits.vary(foreign, 0.2, seeds)
    assert dict(varied.state) == {}
    assert varied.data.shape == (10, 28, 28, 1)
    np.testing.assert_array_equal(varied.labels, labels)


@pytest.mark.parametrize("degree", [-0.1, 1.1, float("nan"), {"angle": 0.5}, {"*": 2.0}])
def test_other_degrees_are_refused(digits, degree):
    labels, seeds = rows(2)
    with pytest.raises(ValueError, match="degree"):
        digits.vary(digits.random(labels, seeds), degree, seeds)


def test_samples_of_another_form_are_refused(digits):
    labels, seeds = rows(2)
    with pytest.raises(ValueError, match="no data"):
        digits.vary(Samples(None, labels), 0.5, seeds)
    with pytest.raises(ValueError, match="expected uint8"):
        digits.vary(Samples(np.zeros((2, 8, 8, 1), np.uint8), labels), 0.0, seeds)


def test_no_rows_make_no_pictures(digits):
    labels, seeds = rows(0)
    nothing = digits.random(labels, seeds)
    assert nothing.data.shape == (0, 28, 28, 1)
    assert digits.vary(nothing, 0.5, seeds).data.shape == (0, 28, 28, 1)


def test_labels_choose_the_digit():
    """A nearest-mean classifier trained on the model's own digits recognises them.

    Ignored labels give 10 %, and above 30 % of 100 once in 1e8.
    """
    digits = made(steps=6, batch=20)
    labels, seeds = rows(200)
    pictures = digits.random(labels, seeds).data.reshape(200, -1).astype(float)
    means = np.stack([pictures[:100][labels[:100] == k].mean(0) for k in range(10)])
    nearest = np.argmin(((pictures[100:, None] - means[None]) ** 2).sum(2), axis=1)
    assert (nearest == labels[100:]).mean() > 0.3
    ink = pictures > 127
    assert 0.05 < ink.mean() < 0.3
    assert ink.any(1).all()


@pytest.mark.slow
def test_guidance_steps_and_precision_change_pictures():
    labels, seeds = rows(8)  # one batch
    plain = made(dtype="float32").random(labels, seeds).data
    for options in ({"guidance": 2.0}, {"steps": 6}, {"dtype": "bfloat16"}):
        other = made(**{"dtype": "float32", **options})
        assert (other.random(labels, seeds).data != plain).any(axis=(1, 2, 3)).mean() > 0.8


@pytest.mark.parametrize("shape", [(8, 8, 1), (32, 32, 3), (20, 40, 1)])
def test_other_sizes_and_colours_are_the_same_digits_resized(digits, shape):
    labels, seeds = rows(8)  # one batch
    other = made(*shape)
    pictures = other.random(labels, seeds)
    assert pictures.data.dtype == np.uint8
    assert pictures.data.shape == (8, *shape)
    assert abs(float(pictures.data.mean()) - float(digits.random(labels, seeds).data.mean())) < 3
    np.testing.assert_array_equal(
        pictures.data, np.repeat(pictures.data[..., :1], shape[2], axis=3)
    )
    assert other.vary(pictures, 0.3, seeds).data.shape == (8, *shape)


def test_labels_and_classes():
    named = made(labels=("seven", "one"), classes={"seven": "7", "one": "1"})
    labels, seeds = rows(6, labels=2)
    np.testing.assert_array_equal(
        named.random(labels, seeds).data, made().random(np.where(labels == 0, 7, 1), seeds).data
    )
    with pytest.raises(
        CannotMake, match=r"no class for the labels cat; its classes are 0, 1.*classes\.LABEL"
    ):
        made(labels=("cat", "1"))
    with pytest.raises(CannotMake, match="no class for the labels 1"):
        made(classes={"1": "one"})
    with pytest.raises(CannotMake, match="unknown labels"):
        made(classes={"ten": "1"})


@pytest.mark.parametrize(
    "output", [OutputSpec("table", (28, 28), "uint8"), OutputSpec.series(28, 4)]
)
def test_other_outputs_are_refused(output):
    with pytest.raises(CannotMake):
        pe_diffusion.make(output, DIGITS, pe_diffusion.Options())


def test_the_spec_runs_by_name_and_the_model_is_small():
    (spec,) = pe_diffusion.pe_generators()
    assert spec.name == "diffusion"
    assert spec.labels == DIGITS
    files = list(Path(str(resources.files("pe_diffusion") / "assets")).rglob("*"))
    assert sum(p.stat().st_size for p in files if p.is_file()) < 10e6
    assert {p.suffix for p in files if p.is_file() and p.name != "LICENSE"} == {
        ".json",
        ".safetensors",
    }


def test_importing_the_module_is_light():
    code = (
        "import sys, pe_diffusion\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'huggingface_hub'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
