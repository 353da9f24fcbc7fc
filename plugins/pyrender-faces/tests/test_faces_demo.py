import numpy as np
import pytest

from pe_pyrender_faces import demo
from pe_pyrender_faces.camera import degraded
from pe_pyrender_faces.population import draw_labels, draw_people
from pe_pyrender_faces.space import SPACE
from pe_sdk import SourceError, random

pytestmark = pytest.mark.slow  # renders a thousand faces

SMALL = "faces,records=300,size=32"


@pytest.fixture(scope="module")
def table():
    info = demo.describe(SMALL)
    return demo.read(SMALL, info.output, info.label_names)


def test_it_says_that_it_is_public_and_what_it_holds(table):
    info = demo.describe("faces")
    assert (
        info.public
        and info.output.shape == (64, 64, 3)
        and info.label_names == ("plain", "glasses")
    )
    assert table.data.shape == (300, 32, 32, 3) and table.data.dtype == np.uint8
    assert set(table.labels) == {0, 1}


def test_every_person_lies_in_the_space_and_is_reported_with_the_records(table):
    assert SPACE.contains(table.parameters).all()
    none = SPACE["glasses"].choices.index("none")
    assert np.array_equal(table.parameters["glasses"] != none, table.labels == 1)


def test_labels_follow_the_names_asked_for(table):
    info = demo.describe(SMALL)
    turned = demo.read(SMALL, info.output, ("other", "glasses", "plain"))
    assert np.array_equal(turned.data, table.data) and np.array_equal(
        turned.labels, 2 - table.labels
    )


def test_a_record_does_not_depend_on_how_many_are_asked_for(table):
    few = demo.read("faces,records=20,size=32", demo.describe(SMALL).output, ("plain", "glasses"))
    assert np.array_equal(few.data, table.data[:20])


def test_the_test_part_has_other_people(table):
    location = "faces,records=300,size=32,part=test"
    other = demo.read(location, demo.describe(location).output, ("plain", "glasses"))
    assert not (other.parameters["age"][:, None] == table.parameters["age"]).any()


def test_the_population_is_drawn_as_its_file_says():
    seeds = random.derive(1, "population", 20_000)
    population = demo._population()
    labels = draw_labels(population, seeds)
    people = draw_people(population, SPACE, labels, seeds)
    # six standard errors of a share of 20,000; fails when the weights or the label's rule are
    # ignored
    error = 6 * 0.5 / np.sqrt(20_000)
    assert abs((labels == 1).mean() - 0.4) < error
    assert abs((people["sex"] < 0.5).mean() - 0.72) < error
    round_ones = people["glasses"][labels == 1] == SPACE["glasses"].choices.index("round")
    assert abs(round_ones.mean() - 0.2) < error / np.sqrt(0.4)
    low, mode, high = population["parameters"]["age"]["triangular"]
    spread = np.sqrt((low**2 + mode**2 + high**2 - low * mode - low * high - mode * high) / 18)
    assert abs(people["age"].mean() - (low + mode + high) / 3) < 6 * spread / np.sqrt(20_000)


def test_pictures_are_degraded_each_by_its_own_seed():
    pictures = np.full((3, 32, 32, 3), 128, np.uint8)
    pictures[:, 8:24, 8:24] = 220
    seeds = random.derive(2, "camera", 3)
    whole = degraded(pictures, seeds)
    assert np.array_equal(degraded(pictures[1:], seeds[1:]), whole[1:])
    assert all(
        whole[row].std() > 0 and not np.array_equal(whole[row], pictures[row]) for row in range(3)
    )


@pytest.mark.parametrize(
    "location",
    [
        "people",
        "faces,records=0",
        "faces,records=many",
        "faces,size=8",
        "faces,part=all",
        "faces,colour=1",
        "faces,size=32,size=64",
        "faces,records=100000,size=256",
    ],
)
def test_invalid_locations_are_refused(location):
    with pytest.raises(SourceError, match="demo:|unknown setting") as caught:
        demo.describe(location)
    assert "demo:faces" in caught.value.fix


def test_another_shape_or_missing_class_is_refused():
    info = demo.describe(SMALL)
    with pytest.raises(SourceError, match="shape"):
        demo.read("faces", info.output, info.label_names)
    with pytest.raises(SourceError, match="glasses"):
        demo.read(SMALL, info.output, ("plain",))
