"""Running checks: expected failures, and what the kit imports."""

import subprocess
import sys

import pytest

from pe_sdk.testing import parametrize_with_checks


def test_an_expected_failure_of_no_check_is_refused():
    with pytest.raises(LookupError, match="nonsense"):
        parametrize_with_checks(
            ["bad_plugins.good:spec"], expected_failures={("bad", "nonsense"): "why"}
        )


def test_pytest_is_not_imported_by_the_kit():
    code = "import sys, pe_sdk.testing; assert 'pytest' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
