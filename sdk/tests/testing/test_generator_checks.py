"""Bad generators: each is found by exactly the check meant for it."""

import pytest

from pe_sdk.testing import check_generator, checks, fresh


@pytest.mark.parametrize(
    ("name", "level"),
    [
        *((c.name, "static") for c in checks("generator", "static")),
        *(pytest.param(c.name, "full", marks=pytest.mark.slow) for c in checks("generator")),
    ],
)
def test_only_the_check_meant_for_it_finds_a_bad_plugin(name, level, monkeypatch):
    # Fails if a check is blind, if another check finds the fault too, or if a check has no bad
    # plugin.
    # No fault takes more calls to show. The good plugin is called as often as a user's.
    monkeypatch.setattr(fresh, "MOST_CALLS", fresh.FEWEST_CALLS)
    report = check_generator(f"bad_plugins.{name}:SPEC", level=level)
    assert [r.name for r in report.failures] == [name], [
        (r.name, r.detail) for r in report.failures
    ]


def test_the_good_plugin_breaks_no_rule():
    check_generator("bad_plugins.good:spec").raise_for_failures()
