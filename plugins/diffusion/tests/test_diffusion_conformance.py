import pytest

from pe_sdk.testing import check_generator, parametrize_with_checks


@parametrize_with_checks(["diffusion"], level="full", options={"steps": "2", "batch": "4"})
def test_keeps_the_contract(check):
    check()


@pytest.mark.slow
def test_the_defaults_keep_the_contract():
    """Other numbers of steps and of rows in a batch; the checks that these could break."""
    only = ("makes", "output_form", "same_seeds")
    check_generator("diffusion", level="basic", only=only).raise_for_failures()
