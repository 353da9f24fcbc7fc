"""Reader `npz`: NumPy archives, of anybody or as `pe_host.formats.npz` describes them.

An archive holds records (`images` [n, H, W(, C)], `series` [n, T, F], …) and perhaps `labels`,
`label_names` and `clients`. Images may have other names, axes and types: see
`pe_host.privacy.readers.arrays`.
"""

from collections.abc import Iterable

from pe_host.privacy.readers import arrays
from pe_host.privacy.readers.arrays.files import open_npz
from pe_sdk import OutputSpec, ReaderSpec, SourceInfo, SourceOptions, Table, hookimpl


def describe(location: str, options: SourceOptions = SourceOptions()) -> SourceInfo:
    """Spec of a record and class names; no record is read.

    Raises:
        SourceError: the file is not an npz file; or see `pe_host.privacy.readers.arrays.describe`.
    """
    with open_npz(location) as store:
        return arrays.describe(store, options)


def read(
    location: str,
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions = SourceOptions(),
) -> Table:
    """Every record. Labels are translated by name where the file has `label_names`.

    Raises:
        SourceError: see `describe`; or records do not have the shape of `output`.
    """
    with open_npz(location) as store:
        return arrays.read(store, output, label_names, options)


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [
        ReaderSpec(
            "npz",
            "NumPy archive with images or series, labels and optional label_names, clients",
            describe,
            read,
            arrays.TAKES,
        )
    ]
