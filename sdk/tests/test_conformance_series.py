"""The kit on a plugin of series whose features have names, units and ranges."""

from pathlib import Path

from pe_sdk.testing import check_generator


def test_a_form_with_features_reaches_the_fresh_process(monkeypatch):
    # Fails where the form is not what it was once it has come through JSON.
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    only = ["makes", "survives_spawn", "same_in_another_process"]
    report = check_generator("bad_plugins.good_series:SPEC", only=only)
    assert [r.status for r in report.results] == ["passed"] * 3, report.results
