import numpy as np
import pytest

from pe_procedural_2d import GARMENTS, demo
from pe_procedural_2d.population import degraded, drawn, population
from pe_procedural_2d.space import SPACE
from pe_sdk import SourceError, random


@pytest.mark.parametrize("name", ["garments", "icons", "tiles"])
def test_a_data_set_holds_what_it_says(name):
    info = demo.describe(f"{name},records=200")
    table = demo.read(f"{name},records=200", info.output, info.label_names)
    assert info.public and info.output.shape == (28, 28, 1)
    assert table.data.shape == (200, 28, 28, 1) and table.data.dtype == np.uint8
    assert set(table.labels) == set(range(len(info.label_names)))
    assert SPACE.contains(table.parameters).all()
    few = demo.read(f"{name},records=20", info.output, info.label_names)
    np.testing.assert_array_equal(few.data, table.data[:20])
    other = demo.read(f"{name},records=200,part=test", info.output, info.label_names)
    assert not np.isin(other.parameters["width"], table.parameters["width"]).any()


def test_the_default_is_five_thousand_garments():
    assert demo.describe("garments").label_names == GARMENTS
    assert demo._request("garments").records == 5000


def test_labels_follow_the_names_asked_for():
    info = demo.describe("icons,records=50")
    table = demo.read("icons,records=50", info.output, info.label_names)
    turned = demo.read("icons,records=50", info.output, info.label_names[::-1])
    np.testing.assert_array_equal(turned.labels, 2 - table.labels)


def test_the_population_has_the_shares_and_the_skew_of_its_definition():
    people = population("icons")
    labels, columns = drawn(people, random.derive(1, "population", 20_000))
    error = 6 * 0.5 / np.sqrt(20_000)  # six standard errors
    np.testing.assert_allclose(np.bincount(labels) / 20_000, people.shares, atol=error)
    # u ** 1.8 has mean 1 / 2.8; without the skew it is 1 / 2
    means = np.array([columns[name].mean() for name in ("sleeve", "flare", "fold", "grain")])
    assert (np.abs(np.abs(means - 0.5) - (0.5 - 1 / 2.8)) < error).all()


def test_pictures_are_degraded_each_by_its_own_seed():
    pictures = np.full((6, 28, 28, 3), 60, np.uint8)
    pictures[:, 8:20, 8:20] = 220
    seeds = random.derive(2, "camera", 6)
    whole = degraded(pictures, seeds)
    np.testing.assert_array_equal(degraded(pictures[1:], seeds[1:]), whole[1:])
    assert all(not np.array_equal(a, b) for a, b in zip(whole, pictures, strict=True))


@pytest.mark.parametrize(
    "location",
    [
        "hats",
        "icons,records=0",
        "icons,records=many",
        "icons,size=7",
        "icons,channels=2",
        "icons,part=all",
        "icons,hue=1",
        "icons,size=32,size=64",
        "icons,records=999999,size=256",
    ],
)
def test_invalid_locations_are_refused(location):
    with pytest.raises(SourceError, match="demo-shapes") as caught:
        demo.describe(location)
    assert "demo-shapes:garments" in caught.value.fix


def test_another_shape_or_missing_class_is_refused():
    info = demo.describe("icons")
    with pytest.raises(SourceError, match="shape"):
        demo.read("icons,size=32", info.output, info.label_names)
    with pytest.raises(SourceError, match="star"):
        demo.read("icons", info.output, ("polygon", "ring"))
