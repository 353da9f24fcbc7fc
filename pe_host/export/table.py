"""The release that every exporter takes, checked once."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from pe_host.errors import DataError
from pe_sdk import OutputSpec, Release


def check_release(
    output: OutputSpec,
    data: NDArray[Any],
    labels: NDArray[Any],
    names: Sequence[str],
    card: str = "",
) -> Release:
    """Make the release.

    Args:
        output: spec of a record.
        data: records [n, *shape].
        labels: integers [n], positions in `names`.
        names: label names.
        card: the dataset card.

    Raises:
        DataError: the arrays are not as `pe_sdk.Release` describes them.
    """
    names = tuple(names)
    try:
        output.check(data, len(data))
    except ValueError as error:
        raise DataError(f"the records do not match their spec: {error}") from None
    if labels.shape != (len(data),) or labels.dtype.kind not in "iu":
        raise DataError(
            f"{len(data)} records need as many integer labels, "
            f"got {labels.dtype} {list(labels.shape)}"
        )
    if len(labels) and (labels.min() < 0 or labels.max() >= len(names)):
        raise DataError(
            f"labels range from {labels.min()} to {labels.max()}, "
            f"but there are {len(names)} label names"
        )
    if len(set(names)) != len(names):
        raise DataError("two label names are the same")
    # numpy drops trailing NULs of a unicode array, which would make two names one.
    if any("\0" in name for name in names):
        raise DataError("a label name contains a NUL character")
    return Release(output, data, labels.astype("<i8"), names, card)
