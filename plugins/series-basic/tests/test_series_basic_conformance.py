from pe_sdk.testing import check_reader, parametrize_with_checks


@parametrize_with_checks(["series-basic"], level="full")
def test_keeps_the_contract(check):
    check()


def test_the_reader_keeps_the_contract():
    for location in ("homes,records=50", "pumps,records=50"):
        check_reader("demo-series", location=location).raise_for_failures()
