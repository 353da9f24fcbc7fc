"""The reader: a folder with CLASS.npy for each class, or `demo`.

Errors name a file, never the content of a record.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pe_sdk import OutputSpec, SourceError, SourceInfo, Table

from pe_queue_traces import demo, schema


def describe(location: str) -> SourceInfo:
    """Find length and class names, from the names and headers of files: no record is read."""
    if location == "demo":
        return SourceInfo(schema.series(), tuple(demo.COUNTS), public=True)
    arrays = _arrays(location)
    lengths = {array.shape[1] for array in arrays.values()}
    if len(lengths) > 1:
        fix = "cut all traces to the same length"
        raise SourceError("the traces have different lengths", where=location, fix=fix)
    return SourceInfo(schema.series(lengths.pop()), tuple(arrays), public_ranges=True)


def read(location: str, output: OutputSpec, label_names: tuple[str, ...]) -> Table:
    """Read all records; labels are positions in `label_names`, and -1 for other classes."""
    if location == "demo":
        return demo.table(output, label_names)
    arrays = _arrays(location)
    if any(array.shape[1:] != output.shape for array in arrays.values()):
        raise SourceError(
            f"the traces do not have the planned shape {list(output.shape)}",
            where=location,
            fix="cut or resample them to it",
        )
    positions = [label_names.index(name) if name in label_names else -1 for name in arrays]
    labels = np.repeat(np.array(positions, np.int64), [len(a) for a in arrays.values()])
    data = np.concatenate([np.asarray(array, dtype=np.float32) for array in arrays.values()])
    return Table(data, labels)


def _arrays(location: str) -> dict[str, NDArray[Any]]:
    """The arrays of a folder by class, in order of name; the content stays on disk until used."""
    files = sorted(Path(location).glob("*.npy"))
    if not files:
        fix = "store CLASS.npy for each class"
        raise SourceError("there is no folder with .npy files here", where=location, fix=fix)
    arrays = {}
    for path in files:
        try:
            array = np.load(path, mmap_mode="r")
        except (OSError, ValueError, EOFError):
            fix = "write it with numpy.save, without Python objects"
            raise SourceError("the file is not an array", where=str(path), fix=fix) from None
        count = len(schema.FEATURES)
        floats = array.dtype.kind == "f"
        if not floats or array.ndim != 3 or array.shape[2] != count or not array.shape[1]:
            names = ", ".join(feature.title for feature in schema.FEATURES)
            fix = f"store floats [n, T, {count}]: {names}"
            raise SourceError("the array holds no traces of a queue", where=str(path), fix=fix)
        arrays[path.stem] = array
    return arrays
