from pe_sdk.testing import parametrize_with_checks


@parametrize_with_checks(["pyrender-faces"], level="full")
def test_keeps_the_contract(check):
    check()
