import numpy as np
import pytest

from pe_host.privacy.readers import sklearn
from pe_sdk import OutputSpec, SourceError


def test_digits_are_public_and_whole() -> None:
    info = sklearn.describe("digits")
    assert (
        info.public
        and info.output == OutputSpec.image(8, 8)
        and info.label_names == tuple("0123456789")
    )
    table = sklearn.read("digits", info.output, info.label_names)
    assert table.data.shape == (1797, 8, 8, 1) and table.data.dtype == np.uint8
    assert (
        table.data.min() == 0 and table.data.max() == 255 and table.labels[:3].tolist() == [0, 1, 2]
    )
    assert sklearn.read("digits", info.output, tuple("9876543210")).labels[0] == 9
    for location, names in (("iris", info.label_names), ("digits", ("0", "1"))):
        with pytest.raises(SourceError):
            sklearn.read(location, info.output, names)
