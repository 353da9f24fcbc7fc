"""The evaluation on the internal page: read as a whole or not at all."""

import pytest

from pe_host.errors import DataError
from pe_host.report.data import CurveView
from pe_host.report.evaluation import read_evaluation
from pe_host.run.folder import RunFolder
from pe_sdk import Categorical, Float


def document() -> dict:
    shares = {which: [0.05] * 20 for which in ("private", "first", "last")}
    size = {
        "populations": [0.1, 0.3, 0.2],
        "perfect": 0.01,
        "parameter": Float(0, 1).to_json(),
        "shares": shares,
    }
    return {
        "schema": 1,
        "embedding": {"embedding": "embedding pixels"},
        "samples": 20,
        "records": 30,
        "frechet": {"populations": [3.0, 2.0, 1.0], "perfect": 0.5},
        "coverage": {"populations": [0.25, 0.5, 0.75], "perfect": 0.97},
        "density": {"populations": [0.5, 1.5, 1.25], "perfect": 1.0},
        "neighbours": 5,
        "marginals": {"a": size, "b": {**size, "populations": [0.4]}, "c": size},
    }


def test_parameters_are_read_in_the_order_of_their_first_distance(tmp_path):
    run = RunFolder(tmp_path)
    assert read_evaluation(run) is None
    run.write_json("internal/evaluation.json", document())
    view = read_evaluation(run)
    assert (
        view.frechet == (3, 2, 1)
        and view.frechet_perfect == 0.5
        and (view.samples, view.records) == (20, 30)
    )
    assert (
        view.coverage == CurveView((0.25, 0.5, 0.75), 0.97)
        and view.density.perfect == 1
        and view.neighbours == 5
    )
    assert [(one.name, one.before, one.after) for one in view.marginals] == [
        ("b", 0.4, 0.4),
        ("a", 0.1, 0.2),
        ("c", 0.1, 0.2),
    ]
    assert view.marginals[1].parameter == Float(0, 1) and view.marginals[1].private == (0.05,) * 20


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"samples": None},
        {"frechet": {}},
        {"marginals": []},
        {"embedding": "pixels"},
        {"records": "many"},
        {"samples": float("inf")},
        {"frechet": {"populations": [], "perfect": 0.5}},
        {"frechet": {"populations": [float("nan")], "perfect": 0.5}},
        {"coverage": {"populations": [0.25, 0.5], "perfect": 0.97}},
        {"density": {"populations": [0.5, float("inf"), 1.25], "perfect": 1.0}},
        {"marginals": {"a": {**document()["marginals"]["a"], "populations": []}}},
        {
            "marginals": {
                "a": {
                    **document()["marginals"]["a"],
                    "parameter": Categorical(("x", "y", "z")).to_json(),
                }
            }
        },
    ],
)
def test_a_file_of_another_form_is_an_error(tmp_path, changes):
    run = RunFolder(tmp_path)
    run.write_json("internal/evaluation.json", {**document(), **changes})
    with pytest.raises(DataError, match="cannot be read") as caught:
        read_evaluation(run)
    assert caught.value.fix
