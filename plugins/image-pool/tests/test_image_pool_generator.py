"""The generator's promises: rows depend only on their arguments; degrees, labels, foreign samples
and refusals.
"""

import numpy as np
import pytest

import pe_image_pool
from pe_image_pool.features import describe
from pe_image_pool.law import gamma
from pe_sdk import CannotMake, OutputSpec, PluginWarning, Samples, random

N, LABELS = 600, ("a", "b", "c")


def pictures(n, side=12, channels=3, seed=0):
    """Smooth random pictures: a coarse random grid, enlarged. uint8 [n, side, side, channels]."""
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 4, 4, channels))
    return np.repeat(np.repeat(coarse, side // 4, 1), side // 4, 2).astype(np.uint8)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        labels = np.arange(N) % 3
        np.savez(
            folder / "pool.npz", images=pictures(N), labels=labels, label_names=np.array(LABELS)
        )
        np.savez(folder / "bare.npz", images=pictures(N))
        yield folder


def make(home, labels=LABELS, name="pool.npz", shape=(12, 12, 3), **options):
    chosen = pe_image_pool.Options(source=str(home / name), **options)
    return pe_image_pool.make(OutputSpec("image", shape, "uint8"), labels, chosen, None)


def state_of(made, ids):
    return {"pool_id": ids, "pool": np.full(len(ids), made._pictures.identity)}


def drawn(made, n=90, seed=1, count=3):
    labels = np.arange(n) % count
    return made.random(labels, random.derive(seed, "test", n))


def test_random_draws_are_pictures_of_their_label_and_reach_all_of_them(home):
    """600 draws of 200 pictures a label reach about 190 of them.

    They miss a given one with probability 0.05. Draws from only the first half, or of other
    labels, fail.
    """
    made = make(home)
    samples = drawn(made, 1800)
    assert samples.data is None and samples.state["pool_id"].dtype == np.int64
    np.testing.assert_array_equal(samples.state["pool_id"] % 3, samples.labels)
    for label in range(3):
        assert len(set(samples.state["pool_id"][samples.labels == label])) > 170
    restored = made.restore(samples.labels, samples.state)
    np.testing.assert_array_equal(restored.data, pictures(N)[samples.state["pool_id"]])


@pytest.mark.parametrize("use", ["yes", "no"])
def test_a_row_is_a_function_of_its_row_bit_for_bit(home, use):
    made = make(home, use_labels=use)
    seeds = random.derive(2, "test", 90)
    start = drawn(made)
    foreign = Samples(pictures(90, seed=9), start.labels)
    for before in (start, foreign):
        whole = made.vary(before, 0.5, seeds).state["pool_id"]
        order = np.random.default_rng(0).permutation(90)
        np.testing.assert_array_equal(
            made.vary(before.take(order), 0.5, seeds[order]).state["pool_id"], whole[order]
        )
        for i in range(0, 90, 7):
            one = made.vary(before.take(slice(i, i + 1)), 0.5, seeds[i : i + 1])
            assert one.state["pool_id"][0] == whole[i]
    again = made.random(start.labels[order], random.derive(1, "test", 90)[order])
    np.testing.assert_array_equal(again.state["pool_id"], start.state["pool_id"][order])
    empty = start.take(slice(0, 0))
    assert len(made.vary(empty, 0.5, seeds[:0])) == 0
    assert made.restore(empty.labels, empty.state).data.shape == (0, 12, 12, 3)


def test_degree_zero_is_the_identity_and_others_are_not(home):
    made = make(home)
    start, seeds = drawn(made), random.derive(3, "test", 90)
    np.testing.assert_array_equal(
        made.vary(start, 0.0, seeds).state["pool_id"], start.state["pool_id"]
    )
    # γ = 2 stays put half the time: all 90 rows staying has probability 2^-90
    assert (made.vary(start, 0.001, seeds).state["pool_id"] != start.state["pool_id"]).any()
    for degree in ({"pool_id": 0.4}, {"*": 0.4}):
        ids = made.vary(start, degree, seeds).state["pool_id"]
        np.testing.assert_array_equal(ids, made.vary(start, 0.4, seeds).state["pool_id"])


@pytest.mark.parametrize("use", ["yes", "no"])
def test_a_variation_is_one_of_the_gamma_nearest_each_as_likely(home, use):
    """Variations agree with distances computed here in float64.

    3,000 draws of γ = 6: a share of 1/6 misses [0.129, 0.204] with probability below 1e-7 (5.5
    standard deviations). Ids outside the nearest six fail at once.
    """
    made = make(home, use_labels=use, neighbours=18)
    degree = np.log(3) / np.log(9)
    assert gamma(degree, 18) == 6
    ids = np.full(3000, 7)
    samples = Samples(None, ids % 3, state_of(made, ids))
    varied = made.vary(samples, degree, random.derive(4, "test", 3000)).state["pool_id"]
    described = describe(pictures(N)).astype(float)
    distance = ((described - described[7]) ** 2).sum(1)
    if use == "yes":
        distance[np.arange(N) % 3 != 7 % 3] = np.inf
    nearest = np.lexsort([np.arange(N), distance])[:6]
    found, counts = np.unique(varied, return_counts=True)
    assert set(found) == set(nearest) and 7 in found
    assert (np.abs(counts / 3000 - 1 / 6) < 0.0375).all()


def test_the_law_of_gamma():
    assert [gamma(d, 1000) for d in (0.0, 1e-9, 1.0)] == [1, 2, 1000]
    steps = [gamma(d, 1000) for d in np.linspace(0, 1, 101)]
    assert steps == sorted(steps)
    # the published schedule: 1000 500 200 100 50 20
    assert [gamma(d, 1000) for d in (1, 0.89, 0.74, 0.63, 0.52, 0.37)] == pytest.approx(
        [1000, 500, 200, 100, 50, 20], rel=0.03
    )
    assert gamma(1.0, 2) == gamma(0.5, 2) == 2


def test_every_option_of_variation_matters(home):
    start, seeds = drawn(make(home)), random.derive(5, "test", 90)
    base = make(home, neighbours=100).vary(start, 1.0, seeds).state["pool_id"]
    assert (make(home, neighbours=10).vary(start, 1.0, seeds).state["pool_id"] != base).any()
    assert (make(home, neighbours=100).vary(start, 0.3, seeds).state["pool_id"] != base).any()
    assert (
        make(home, neighbours=100).vary(start, 1.0, seeds + np.uint64(1)).state["pool_id"] != base
    ).any()


def test_more_neighbours_than_pictures_is_the_whole_group(home):
    varied = make(home, neighbours=100_000).vary(
        drawn(make(home), 900), 1.0, random.derive(6, "test", 900)
    )
    np.testing.assert_array_equal(varied.state["pool_id"] % 3, varied.labels)
    assert len(set(varied.state["pool_id"])) > 400


def test_foreign_samples_are_looked_up_by_their_data(home):
    made = make(home)
    ids = np.arange(0, N, 5)
    foreign = Samples(pictures(N)[ids], ids % 3, {"latent": np.zeros((len(ids), 2))})
    same = made.vary(foreign, 0.0, random.derive(7, "test", len(ids)))
    np.testing.assert_array_equal(same.state["pool_id"], ids)
    assert same.data is None and set(same.state) == {"pool_id", "pool"}
    own = Samples(None, ids % 3, state_of(made, ids))
    seeds = random.derive(8, "test", len(ids))
    np.testing.assert_array_equal(
        made.vary(foreign, 0.6, seeds).state["pool_id"], made.vary(own, 0.6, seeds).state["pool_id"]
    )


def test_samples_that_cannot_be_varied(home):
    made = make(home)
    one, seed = np.zeros(1, np.int64), np.zeros(1, np.uint64)
    for samples, what in [
        (Samples(None, one), "neither"),
        (Samples(None, one, state_of(made, one + N)), r"0\.\.599"),
        (Samples(None, one, state_of(made, one - 1)), r"0\.\.599"),
        (Samples(None, one + 3, state_of(made, one)), r"0\.\.2"),
        (Samples(np.zeros((1, 8, 8, 3), np.uint8), one), r"12, 12, 3"),
    ]:
        with pytest.raises(ValueError, match=what):
            made.vary(samples, 0.5, seed)
    good = Samples(None, one, state_of(made, one))
    for degree in (-0.1, 1.1, float("nan"), {"x": 0.5}, {}):
        with pytest.raises(ValueError, match="degree"):
            made.vary(good, degree, seed)


@pytest.mark.parametrize("change", ["pixel", "order", "label"])
def test_a_pool_that_has_changed_since_is_not_taken_for_the_one_of_the_samples(home, change):
    """Ids would silently mean other pictures, on resume, than those the votes are about."""
    images, labels = pictures(N), np.arange(N) % 3
    if change == "pixel":
        images[-1, 0, 0, 0] ^= 1
    elif change == "order":
        images, labels = np.roll(images, 3, 0), np.roll(labels, 3)
    else:
        labels[-1] = 0
    np.savez(home / f"{change}.npz", images=images, labels=labels, label_names=np.array(LABELS))
    before, after = make(home), make(home, name=f"{change}.npz")
    samples, seeds = drawn(before), random.derive(9, "test", 90)
    for degree in (0.0, 0.5):
        with pytest.raises(CannotMake, match="another pool"):
            after.vary(samples, degree, seeds)
    with pytest.raises(CannotMake, match="another pool"):
        after.restore(samples.labels, samples.state)


def test_the_same_pool_is_known_again_wherever_it_lies(home, tmp_path):
    np.savez_compressed(
        tmp_path / "copy.npz",
        images=pictures(N),
        labels=np.arange(N) % 3,
        label_names=np.array(LABELS),
    )
    chosen = pe_image_pool.Options(source=str(tmp_path / "copy.npz"))
    again = pe_image_pool.make(OutputSpec("image", (12, 12, 3), "uint8"), LABELS, chosen, None)
    samples = drawn(make(home))
    np.testing.assert_array_equal(
        again.restore(samples.labels, samples.state).data, pictures(N)[samples.state["pool_id"]]
    )


def test_labels_of_the_pool_by_name_in_any_order(home):
    made = make(home, labels=("c", "a"))
    samples = drawn(made, 200, count=2)
    np.testing.assert_array_equal(samples.state["pool_id"] % 3, np.array([2, 0])[samples.labels])


def test_labels_that_do_not_match(home):
    with pytest.warns(PluginWarning, match=r"'z' \(its labels: a, b, c\)") as caught:
        made = make(home, labels=("a", "z"))
    assert len(caught) == 1
    assert len(set(drawn(made, 300, count=2).state["pool_id"] % 3)) == 3
    with pytest.raises(CannotMake, match="use_labels=no"):
        make(home, labels=("a", "z"), use_labels="yes")
    with pytest.warns(PluginWarning, match="no labels"):
        make(home, name="bare.npz")
    make(home, name="bare.npz", labels=("thing",))  # a single label carries nothing: no warning
    make(home, labels=("a", "z"), use_labels="no")


def test_outputs_that_are_no_pictures(home):
    for spec in (OutputSpec("table", (5,), "float64"), OutputSpec.series(8, 4)):
        with pytest.raises(CannotMake, match="1 or 3 channels"):
            pe_image_pool.make(
                spec, LABELS, pe_image_pool.Options(source=str(home / "pool.npz")), None
            )


@pytest.mark.parametrize("shape", [(12, 12, 1), (8, 8, 3), (16, 20, 1)])
def test_pictures_take_the_shape_of_the_output(home, shape):
    made = make(home, shape=shape)
    samples = drawn(made)
    data = made.restore(samples.labels, samples.state).data
    assert data.shape == (90, *shape) and data.dtype == np.uint8
    tone = pictures(N)[samples.state["pool_id"]].mean((1, 2, 3))
    if shape[0] == shape[1]:  # no crop: mean tones stay, except for the weights of colours
        assert np.corrcoef(data.mean((1, 2, 3)), tone)[0, 1] > (0.6 if shape[2] == 1 else 0.99)


@pytest.mark.parametrize(
    "options",
    [
        {"use_labels": "maybe"},
        {"neighbours": 1},
        {"count": 0},
        {"generator": "image-pool"},
        {"source": "x", "generator_options": {"a": "b"}},
    ],
)
def test_options_that_make_no_sense(options):
    with pytest.raises(ValueError, match="option"):
        pe_image_pool.Options(**options)
