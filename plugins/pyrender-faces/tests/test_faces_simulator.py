import numpy as np
import pytest

import pe_pyrender_faces
from pe_pyrender_faces.simulator import luma
from pe_pyrender_faces.space import GROUPS, IDENTITIES, SPACE
from pe_sdk import CannotMake, Categorical, OutputSpec, SimulatorGenerator, random

OUTPUT = OutputSpec.image(64, 64, 3)
SEEDS = random.derive(11, "faces", 60)
PEOPLE = SPACE.sample(SEEDS)
LABELS = np.zeros(60, np.int64)


def made(output=OUTPUT, names=("face",), **options):
    return pe_pyrender_faces.make(
        output, names, pe_pyrender_faces.Options(**{"backend": "numba", **options})
    )


@pytest.fixture(scope="module")
def pictures():
    return made().render(PEOPLE, LABELS, SEEDS)


def test_a_picture_does_not_depend_on_its_batch(pictures):
    rows = np.random.default_rng(0).permutation(60)[:37]
    columns = {name: column[rows] for name, column in PEOPLE.items()}
    assert np.array_equal(made().render(columns, LABELS[rows], SEEDS[rows]), pictures[rows])


def test_faces_are_there_and_differ(pictures):
    assert pictures.shape == (60, 64, 64, 3) and pictures.dtype == np.uint8
    middle = pictures[:, 16:48, 16:48].reshape(60, -1).astype(float)
    assert middle.std(axis=1).min() > 5
    assert len(np.unique(middle, axis=0)) == 60


SHOWN_WITH = {
    "facial_hair": {"sex": 1.0},
    "hair_grey": {"age": 80.0, "hair": "afro"},
    "hair_red": {"hair": "afro", "hair_grey": 0.0},
    "hair_melanin": {"hair": "afro", "hair_grey": 0.0},
    "lipstick": {"sex": 0.0},
    "asian": {"african": 0.0},
    "intensity": {"expression": "laugh"},
    "mouth_open": {"expression": "neutral"},
    "clothes_hue": {"clothes_saturation": 0.5, "clothes_value": 0.5, "zoom": 0.6},
    "clothes_saturation": {"clothes_value": 0.5, "zoom": 0.6},
    "clothes_value": {"zoom": 0.6},
    "background_hue": {"background_saturation": 0.4, "background_value": 0.5},
}
"""Parameters that show only with others, which are set accordingly."""

NEAR = {"glasses": "none", "yaw": 0.0, "pitch": 0.0, "zoom": 0.85, "eyelids": 0.0}
"""Values of the rest: frontal faces near the camera, without glasses."""


@pytest.mark.parametrize("name", list(SPACE))
def test_no_parameter_is_dead(name):
    columns = {key: np.repeat(column[:12], 2) for key, column in PEOPLE.items()}
    for key, value in (NEAR | SHOWN_WITH.get(name, {})).items():
        parameter = SPACE[key]
        columns[key][:] = (
            parameter.choices.index(value) if isinstance(parameter, Categorical) else value
        )
    parameter = SPACE[name]
    ends = (
        (0, len(parameter.choices) - 1)
        if isinstance(parameter, Categorical)
        else (parameter.low, parameter.high)
    )
    if name.endswith("_hue"):  # the ends of a circle coincide
        ends = (0.0, 180.0)
    columns[name][0::2], columns[name][1::2] = ends
    drawn = made().render(columns, np.zeros(24, np.int64), SEEDS[:24]).astype(float)
    moved = np.abs(drawn[0::2] - drawn[1::2]).mean(axis=(1, 2, 3))
    assert (moved > 0).sum() >= 11 and moved.mean() > 0.01, moved


def test_gray_is_luma_of_the_same_face(pictures):
    gray = made(OutputSpec.image(64, 64, 1)).render(PEOPLE, LABELS, SEEDS)
    assert np.array_equal(gray, luma(pictures))
    exact = pictures @ np.array([0.299, 0.587, 0.114])
    assert np.abs(gray[..., 0] - exact).max() <= 0.51


def test_labels_narrow_the_space_of_the_generator():
    simulator = made(names=("serious", "smiling"), labels={"smiling": "expression:smile|laugh"})
    generator = SimulatorGenerator(simulator, OUTPUT, ("serious", "smiling"))
    samples = generator.random(np.arange(60) % 2, SEEDS)
    choices = np.array(SPACE["expression"].choices)[samples.state["expression"]]
    assert set(choices[1::2]) == {"smile", "laugh"} and len(set(choices[0::2])) > 4


def test_the_groups_are_the_space():
    assert [name for group in GROUPS.values() for name in group] == list(SPACE)
    assert sum(name.startswith("identity_") for name in SPACE) == IDENTITIES


def test_parameters_outside_the_space_never_reach_the_compiled_code():
    with pytest.raises(ValueError, match="outside"):
        made().render({**PEOPLE, "hair": PEOPLE["hair"] + 100}, LABELS, SEEDS)


@pytest.mark.parametrize(
    "output",
    [OutputSpec.image(8, 64, 3), OutputSpec.image(1024, 64, 3), OutputSpec.image(64, 1024, 1)],
)
def test_pictures_it_cannot_draw_are_refused(output):
    with pytest.raises(CannotMake, match="16 to 512"):
        made(output)


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="backend"):
        pe_pyrender_faces.Options(backend="vulkan")
