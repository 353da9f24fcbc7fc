from pe_sdk.testing import parametrize_with_checks


@parametrize_with_checks(["combined"], level="basic")
def test_keeps_the_contract(check):
    check()
