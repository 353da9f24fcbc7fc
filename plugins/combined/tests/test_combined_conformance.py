import pytest

from pe_sdk.testing import parametrize_with_checks


@pytest.mark.slow
@parametrize_with_checks(["combined"], level="basic")
def test_keeps_the_contract(check):
    check()
