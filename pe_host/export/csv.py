"""Exporter `csv`: series as one table, a row for each step.

The columns are `series` (the number of the series), `label`, `time` (step times its length) and the
features by name. Values are written so that reading gives the same float32.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from pe_sdk import CannotMake, ExporterSpec, Release, hookimpl

COLUMNS = ("series", "label", "time")


def write(path: Path, release: Release) -> None:
    """Write the series.

    Raises:
        CannotMake: the records are not series, or a feature has the name of another column.
    """
    output = release.output
    if output.kind != "series":
        raise CannotMake(f"CSV holds series, not {output.kind}")
    features = [feature.name for feature in output.features]
    if clash := sorted({*features} & {*COLUMNS}):
        raise CannotMake(f"a feature has the name of another column: {clash[0]}")
    times = [repr(float(step * output.step)) for step in range(output.shape[0])]
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*COLUMNS, *features])
        for number, (series, label) in enumerate(zip(release.data, release.labels, strict=True)):
            name = release.label_names[label]
            for time, values in zip(times, series, strict=True):
                rows.writerow([number, name, time, *map(str, values)])


CSV = ExporterSpec(
    "csv",
    "series as a table, a row for each step",
    write,
    kinds=("series",),
    loses="units and ranges of features, the unit of the step, and labels without samples",
)


@hookimpl
def pe_exporters() -> Iterable[ExporterSpec]:
    return [CSV]
