"""Record specs: consistent ones are accepted, and survive a round trip through JSON."""

import json

import numpy as np
import pytest

from pe_sdk import Feature, OutputSpec

SERIES = OutputSpec.series(96, ["queue", Feature("delay", "ms", 0, 500)], step=10, step_unit="s")


@pytest.mark.parametrize(
    "spec",
    [
        OutputSpec.image(28, 28),
        OutputSpec.image(64, 48, 3),
        SERIES,
        OutputSpec.series(5, 3),
        OutputSpec("graph-adjacency", (6, 6), "bool"),
        OutputSpec("table", (2,), "int64", (Feature("a"), Feature("b"))),
    ],
)
def test_a_spec_survives_json(spec):
    assert OutputSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
    assert hash(OutputSpec.from_json(spec.to_json())) == hash(spec)


def test_the_document_of_an_image_has_only_kind_shape_and_dtype():
    # Fails if fields with default values are written: digests of plans would change.
    assert OutputSpec.image(8, 9, 3).to_json() == {
        "kind": "image",
        "shape": [8, 9, 3],
        "dtype": "uint8",
    }


def test_a_series_is_float32_with_named_features():
    assert (SERIES.shape, SERIES.dtype, SERIES.kind) == ((96, 2), "float32", "series")
    assert SERIES.features[0] == Feature("queue") and SERIES.features[1].title == "delay (ms)"
    assert SERIES.form == "float32 96 × 2: queue, delay (ms)"
    assert [f.name for f in OutputSpec.series(4, 2).features] == ["x1", "x2"]
    assert OutputSpec.series(4, 11).form.endswith("x8 and 3 more")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: OutputSpec("image", (28, 28, 3), "float32"), "an image is uint8"),
        (lambda: OutputSpec("image", (28, 28), "uint8"), "an image is uint8"),
        (lambda: OutputSpec.image(28, 28, 4), "C = 1 or 3"),
        (lambda: OutputSpec.image(0, 28), "at least one"),
        (lambda: OutputSpec("series", (5, 2), "float32"), "with F features"),
        (lambda: OutputSpec("series", (5, 1), "float64", (Feature("a"),)), "a series is float32"),
        (lambda: OutputSpec("series", (5,), "float32", ()), "a series is float32"),
        (lambda: OutputSpec.series(5, []), "at least one"),
        (lambda: OutputSpec.series(5, "queue"), "a list"),
        (lambda: OutputSpec.series(5, ["a", "a"]), "the same name"),
        (lambda: OutputSpec.series(5, ["a"], step=0), "positive"),
        (lambda: OutputSpec.series(5, ["a"], step=None), "positive"),
        (lambda: OutputSpec.series(5, ["a"], step_unit={"a": 1}), "step_unit"),
        (lambda: OutputSpec.series(5, ["a"], step_unit="s\n"), "step_unit"),
        (lambda: OutputSpec.series(5, ["x\ud800"]), "one line"),
        (lambda: OutputSpec("x", "28", "uint8"), "integers"),
        (lambda: OutputSpec("x", (2.7,), "uint8"), "integers"),
        (lambda: OutputSpec("x", (2,), "longdouble"), "8 bytes"),
        (
            lambda: OutputSpec.from_json({"kind": "x", "shape": [float("inf")], "dtype": "uint8"}),
            "integers",
        ),
        (lambda: Feature("a", low=-1.7e308, high=1.7e308), "invalid range"),
        (lambda: OutputSpec("series", (5, 2), "float32", (Feature("a"),)), "1 features"),
        (lambda: OutputSpec("table", (2,), "float64", ("a", "b")), "pe_sdk.Feature"),
        (lambda: OutputSpec("", (5,), "uint8"), "kind must be"),
        (lambda: OutputSpec("A kind", (5,), "uint8"), "kind must be"),
        (lambda: OutputSpec("text", (5,), "U8"), "numbers or booleans"),
        (lambda: OutputSpec("text", (5,), "object"), "numbers or booleans"),
        (lambda: OutputSpec("text", (5,), "no-dtype"), "not the name of a numpy dtype"),
        (lambda: OutputSpec("text", (5,), None), "not the name of a numpy dtype"),
        (lambda: OutputSpec("scalar", (), "float32"), "at least one"),
        (lambda: Feature(" "), "needs a name"),
        (lambda: Feature("a", low=1), "both"),
        (lambda: Feature("a", low=1, high=1), "invalid range"),
        (lambda: Feature("a", low=0, high=float("inf")), "invalid range"),
        (lambda: Feature("a", low="x", high=10**400), "invalid range"),
        (lambda: OutputSpec.series(2, 1, step="x"), "positive number"),
        (lambda: Feature("two\nlines"), "one line"),
        (lambda: OutputSpec.from_json({"kind": "image"}), "invalid record spec"),
        (
            lambda: OutputSpec.from_json(
                {"kind": "image", "shape": [8, 8, 1], "dtype": "uint8", "x": 1}
            ),
            "invalid record spec",
        ),
        (lambda: OutputSpec.from_json([]), "invalid record spec"),
    ],
)
def test_inconsistent_specs_are_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_data_are_checked():
    SERIES.check(np.zeros((3, 96, 2), np.float32), 3)
    for data in (
        np.zeros((3, 96, 2)),
        np.zeros((2, 96, 2), np.float32),
        np.zeros((3, 2, 96), np.float32),
        [[0.0]],
    ):
        with pytest.raises(ValueError, match="expected"):
            SERIES.check(data, 3)
