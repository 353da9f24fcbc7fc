"""The reader: a folder with CLASS.npy for each class, or `demo`.

Errors name a file, never the content of a record.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pe_sdk import OutputSpec, SourceError, SourceInfo, Table

from pe_queue_traces import demo, form


def describe(location: str) -> SourceInfo:
    """Length and class names, from names and headers of files: no record is read."""
    if location == "demo":
        return SourceInfo(form.series(), tuple(demo.COUNTS), public=True)
    arrays = _arrays(location)
    lengths = {array.shape[1] for array in arrays.values()}
    if len(lengths) > 1:
        fix = "cut all traces to one length"
        raise SourceError("the classes have traces of several lengths", where=location, fix=fix)
    return SourceInfo(form.series(lengths.pop()), tuple(arrays))


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Every record. Labels are positions in `label_names`, and -1 for classes not among them."""
    if location == "demo":
        return demo.table(output, label_names)
    arrays = _arrays(location)
    if any(array.shape[1:] != output.shape for array in arrays.values()):
        raise SourceError(
            f"the traces do not have the planned shape {list(output.shape)}",
            where=location,
            fix="bring them to it",
        )
    positions = [label_names.index(name) if name in label_names else -1 for name in arrays]
    labels = np.repeat(np.array(positions, np.int64), [len(a) for a in arrays.values()])
    data = np.concatenate([np.asarray(array, dtype=np.float32) for array in arrays.values()])
    return Table(data, labels)


def _arrays(location: str) -> dict[str, NDArray[Any]]:
    """The arrays of a folder by class, by name; what they hold stays on disk until it is used."""
    files = sorted(Path(location).glob("*.npy"))
    if not files:
        fix = "store CLASS.npy for each class"
        raise SourceError("there is no folder with .npy files", where=location, fix=fix)
    arrays = {}
    for path in files:
        try:
            array = np.load(path, mmap_mode="r")
        except (OSError, ValueError, EOFError):
            fix = "write it by numpy.save, without Python objects"
            raise SourceError("this is not an array", where=str(path), fix=fix) from None
        if array.dtype.kind != "f" or array.ndim != 3 or array.shape[2] != len(form.FEATURES) or not array.shape[1]:
            names = ", ".join(feature.title for feature in form.FEATURES)
            fix = f"store floats [n, T, {len(form.FEATURES)}]: {names}"
            raise SourceError("these are no traces of a queue", where=str(path), fix=fix)
        arrays[path.stem] = array
    return arrays
