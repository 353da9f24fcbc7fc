"""How records of a kind are shown on a page; a kind that is missing here is not shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pe_host.report import image_sheets, series_sheets
from pe_host.report.grid import LegendEntry, RecordGrid, Sheet
from pe_sdk import OutputSpec

_PAGE_BYTES = 2_000_000  # all grids together, where samples are photographs
_MOST_COLUMNS = 12


@dataclass(frozen=True)
class View:
    """Of one kind.

    Args:
        draw: all grids of a page, at least one, to a sheet each and the legend of all.
        cost: bytes of a page that one record takes, about.
        columns: most columns of a grid.
    """

    draw: Callable[[Sequence[RecordGrid]], tuple[list[Sheet], tuple[LegendEntry, ...]]]
    cost: Callable[[OutputSpec], float]
    columns: int = _MOST_COLUMNS


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "image": View(image_sheets.draw, image_sheets.cost),
        "series": View(series_sheets.draw, series_sheets.cost, 8),
    }
)


def columns_for(output: OutputSpec, classes: int, grids: int) -> int:
    """How many columns each of `grids` grids may have so that the page stays small: 1 to 12; 1 where nothing is shown."""
    view = VIEWS.get(output.kind)
    if view is None:
        return 1
    return int(
        min(
            view.columns,
            max(1, _PAGE_BYTES // (view.cost(output) * max(classes, 1) * max(grids, 1))),
        )
    )
