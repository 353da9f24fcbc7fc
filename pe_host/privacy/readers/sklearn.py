"""Reader `sklearn`: public data sets that come with scikit-learn.

`sklearn:digits` is 1,797 real handwritten digits.
"""

from collections.abc import Iterable

import numpy as np

from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, Table, hookimpl

_OUTPUT = OutputSpec.image(8, 8)
_LEVELS = 16


def describe(location: str) -> SourceInfo:
    """Description of the digits: 8 × 8 gray images, public.

    Raises:
        SourceError: the location is not `digits`.
    """
    if location != "digits":
        raise SourceError(
            f"unknown data set {location!r}", where=f"sklearn:{location}", fix="use sklearn:digits"
        )
    return SourceInfo(_OUTPUT, tuple("0123456789"), public=True)


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Every digit, with its levels 0..16 spread over 0..255.

    Raises:
        SourceError: the location or the shape is another, or a digit is not one of the classes.
    """
    info = describe(location)
    if output.shape != _OUTPUT.shape:
        what = f"records have the shape {_OUTPUT.shape}, expected {output.shape}"
        raise SourceError(what, where=f"sklearn:{location}", fix="plan for images of 8 × 8 × 1")
    missing = [name for name in info.label_names if name not in label_names]
    if missing:
        what = f"these digits are not among the classes: {', '.join(missing)}"
        raise SourceError(
            what, where=f"sklearn:{location}", fix="name all ten with --classes, or leave it out"
        )
    from sklearn.datasets import load_digits

    digits = load_digits()
    data = np.rint(digits.images * (255 / _LEVELS)).astype(np.uint8)[..., None]
    position = np.array([label_names.index(name) for name in info.label_names], dtype=np.int64)
    return Table(data, position[digits.target])


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [ReaderSpec("sklearn", "data sets that come with scikit-learn: digits", describe, read)]
