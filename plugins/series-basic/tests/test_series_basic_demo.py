import numpy as np
import pytest

from pe_sdk import SourceError, random
from pe_series_basic import demo
from pe_series_basic.population import POPULATIONS, drawn, measured
from pe_series_basic.space import make_plan


@pytest.mark.parametrize("name", ["homes", "pumps"])
def test_a_data_set_holds_what_it_says(name):
    info = demo.describe(f"{name},records=200")
    table = demo.read(f"{name},records=200", info.output, info.label_names)
    assert info.public and table.data.shape == (200, *info.output.shape)
    assert table.data.dtype == np.float32 and set(table.labels) == set(range(3))
    assert make_plan(info.output, -1.0).space.contains(table.parameters).all()
    for i, feature in enumerate(info.output.features):
        values = table.data[:, :, i]
        assert values.min() >= feature.low and values.max() <= feature.high
        assert values.std() > 0.02 * (feature.high - feature.low)
    few = demo.read(f"{name},records=20", info.output, info.label_names)
    np.testing.assert_array_equal(few.data, table.data[:20])
    other = demo.read(f"{name},records=200,part=test", info.output, info.label_names)
    assert not np.isin(other.parameters["peak_at"], table.parameters["peak_at"]).any()


def test_the_default_is_three_thousand_homes():
    assert demo.describe("homes").label_names == ("commuter", "at-home", "night-storage")
    assert demo._request("homes").records == 3000


def test_homes_are_what_their_labels_say():
    """Storage heaters run at night, and commuters are out at noon."""
    info = demo.describe("homes,records=600")
    table = demo.read("homes,records=600", info.output, info.label_names)
    day = [table.data[table.labels == label, :, 0].mean(axis=0) for label in range(3)]
    night, noon, evening = slice(8, 14), slice(48, 54), slice(74, 80)
    assert day[0][evening].mean() > 2 * day[0][noon].mean()
    assert day[1][noon].mean() > 2 * day[0][noon].mean()
    assert day[2][night].mean() > 2 * day[2][noon].mean()


def test_labels_follow_the_names_asked_for():
    info = demo.describe("pumps,records=50")
    table = demo.read("pumps,records=50", info.output, info.label_names)
    turned = demo.read("pumps,records=50", info.output, info.label_names[::-1])
    np.testing.assert_array_equal(turned.labels, 2 - table.labels)


def test_the_population_has_the_shares_of_its_definition():
    people = POPULATIONS["homes"]()
    space = make_plan(people.output, -1.0).space
    labels, _ = drawn(people, space, random.derive(1, "population", 20_000))
    error = 6 * 0.5 / np.sqrt(20_000)  # six standard errors
    np.testing.assert_allclose(np.bincount(labels) / 20_000, people.shares, atol=error)


def test_an_instrument_rounds_and_is_noisy_each_by_its_own_seed():
    people = POPULATIONS["homes"]()
    series = np.full((6, 96, 1), 1.234, np.float32)
    seeds = random.derive(2, "instrument", 6)
    whole = measured(series, people, seeds)
    np.testing.assert_allclose(whole * 100, np.rint(whole * 100), atol=1e-9)
    np.testing.assert_array_equal(measured(series[1:], people, seeds[1:]), whole[1:])
    assert len({row.tobytes() for row in whole}) == 6 and 0.005 < whole.std() < 0.02


@pytest.mark.parametrize(
    "location",
    ["cars", "homes,records=0", "homes,records=x", "homes,part=all", "homes,a=1", "homes,records"]
    + ["homes,records=5,records=6", "homes,records=999999999"],
)
def test_invalid_locations_are_refused(location):
    with pytest.raises(SourceError) as caught:
        demo.describe(location)
    assert "demo-series:homes" in caught.value.fix


def test_another_shape_or_missing_class_is_refused():
    info = demo.describe("homes")
    with pytest.raises(SourceError, match="shape"):
        demo.read("pumps", info.output, info.label_names)
    with pytest.raises(SourceError, match="commuter"):
        demo.read("homes", info.output, ("at-home", "night-storage"))
