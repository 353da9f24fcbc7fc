"""The fresh process gets the request of the process that asks."""

from pe_sdk.testing import check_generator


def test_a_spec_with_features_reaches_the_fresh_process():
    # Fails if the spec changes on its way through JSON.
    only = ["makes", "survives_spawn", "same_in_another_process"]
    report = check_generator("bad_plugins.good_series:SPEC", only=only)
    assert [r.status for r in report.results] == ["passed"] * 3, report.results
