"""Views: the number of columns of a grid."""

from pe_host.report import columns_for
from pe_sdk import OutputSpec


def test_columns_shrink_with_the_size_of_the_page():
    assert columns_for(OutputSpec.image(28, 28), 10, 9) == 12
    assert 1 <= columns_for(OutputSpec.image(256, 256), 10, 10) < 12
    assert columns_for(OutputSpec.image(512, 512), 1000, 20) == 1
    assert columns_for(OutputSpec.series(96, 2), 3, 6) == 8
    assert 1 <= columns_for(OutputSpec.series(10_000, 4), 100, 10) < 8
    assert columns_for(OutputSpec("graph", (9, 9), "bool"), 3, 6) == 1  # has no view
