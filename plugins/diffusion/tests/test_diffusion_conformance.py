import pytest

from pe_sdk.testing import parametrize_with_checks


@parametrize_with_checks(["diffusion"], level="basic", options={"steps": "2", "batch": "4"})
def test_keeps_the_contract_in_few_steps(check):
    check()


@pytest.mark.slow
@parametrize_with_checks(["diffusion"], level="full")
def test_keeps_the_contract(check):
    check()
