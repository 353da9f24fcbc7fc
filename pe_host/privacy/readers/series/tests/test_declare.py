from typing import Any

import pytest

from pe_host.privacy.readers.series.declare import declare, make_output
from pe_sdk import Feature, OutputSpec, SourceError, SourceOptions


def _declare(output: OutputSpec, **options: Any) -> tuple[OutputSpec, bool]:
    found = declare(output, SourceOptions(**options), "f")
    return found.output, found.public_ranges


def test_what_the_user_declares_is_public() -> None:
    plain = OutputSpec.series(24, ["load", "temp"])
    output, public = _declare(
        plain,
        feature_ranges={"load": (0.0, 100.0)},
        feature_units={"temp": "°C"},
        step=15.0,
        step_unit="min",
    )
    features = [Feature("load", "", 0, 100), Feature("temp", "°C")]
    assert output == OutputSpec.series(24, features, 15, "min") and public


def test_a_range_of_the_file_stays_for_the_operator_to_declare_public() -> None:
    own = OutputSpec.series(24, [Feature("load", "kW", 0, 7), Feature("temp")], step=5)
    assert _declare(own) == (own, False)
    assert _declare(own, feature_ranges={"temp": (0.0, 1.0)})[1] is False
    assert _declare(own, feature_ranges={"load": (0.0, 10.0)})[1] is False  # the step is the file's
    output, public = _declare(own, feature_ranges={"load": (0.0, 10.0)}, step=1.0)
    assert public and output.features[0] == Feature("load", "kW", 0, 10) and output.step == 1


def test_units_make_nothing_public() -> None:
    assert not _declare(OutputSpec.series(4, ["x"]), feature_units={"x": "V"})[1]


@pytest.mark.parametrize(
    ("options", "what", "fix"),
    [
        ({"feature_ranges": {"power": (0.0, 1.0)}}, "'power' for --feature-ranges", "load, temp"),
        ({"feature_units": {"power": "W"}}, "'power' for --feature-units", "load, temp"),
        ({"feature_ranges": {"load": (1.0, 1.0)}}, "invalid", "--feature-ranges"),
        ({"step_unit": "a\nb"}, "invalid", "--step-unit"),
    ],
)
def test_what_cannot_be_declared(options: dict[str, Any], what: str, fix: str) -> None:
    with pytest.raises(SourceError) as caught:
        _declare(OutputSpec.series(4, ["load", "temp"]), **options)
    assert what in caught.value.what and fix in caught.value.fix


def test_names_that_cannot_be_features() -> None:
    with pytest.raises(SourceError, match="cannot be features"):
        make_output(4, ("x" * 300,), SourceOptions(), "f")
