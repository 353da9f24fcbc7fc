import sys
from pathlib import Path

import pytest

from pe_sdk.testing import check_generator, checks, parametrize_with_checks


@pytest.fixture(autouse=True)
def bad_plugins_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.mark.parametrize(
    ("name", "level"),
    [
        *((c.name, "basic") for c in checks("generator", "basic")),
        *(pytest.param(c.name, "full", marks=pytest.mark.slow) for c in checks("generator")),
    ],
)
def test_a_bad_plugin_is_found_by_the_check_meant_for_it_alone(name, level):
    # Fails where a check is blind, where another finds the fault too, or where a check has no bad plugin.
    report = check_generator(f"bad_plugins.{name}:SPEC", level=level)
    assert [r.name for r in report.failures] == [name], [
        (r.name, r.detail) for r in report.failures
    ]


def test_the_good_plugin_breaks_no_rule():
    check_generator("bad_plugins.good:spec").raise_for_failures()


def test_every_rule_is_a_sentence():
    for kind in ("generator", "embedding", "reader"):
        assert all(len(c.rule) > 20 and c.rule.endswith(".") for c in checks(kind))


def test_an_expected_failure_of_no_check_is_refused():
    with pytest.raises(LookupError, match="nonsense"):
        parametrize_with_checks(
            ["bad_plugins.good:spec"], expected_failures={("bad", "nonsense"): "why"}
        )


def test_pytest_is_not_imported_by_the_kit():
    import subprocess

    code = "import sys, pe_sdk.testing; assert 'pytest' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
