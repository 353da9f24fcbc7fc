"""Views: how a page shows records of a kind. Records of a kind without a view are not shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pe_host.modality import load_part, modality_of
from pe_host.report.grid import LegendEntry, RecordGrid, Sheet
from pe_sdk import OutputSpec

_PAGE_BYTES = 2_000_000  # all grids together, where samples are photographs
_MOST_COLUMNS = 12


@dataclass(frozen=True)
class View:
    """How a page shows records of one kind.

    Args:
        draw: draws all grids of a page, at least one: a sheet for each, and one legend for all.
        cost: estimates the bytes of a page that one record takes.
        columns: most columns of a grid.
    """

    draw: Callable[[Sequence[RecordGrid]], tuple[list[Sheet], tuple[LegendEntry, ...]]]
    cost: Callable[[OutputSpec], float]
    columns: int = _MOST_COLUMNS


def view_of(output: OutputSpec) -> View | None:
    """The view of records of this spec, or None."""
    address = modality_of(output).view
    view: View | None = load_part(address) if address else None
    return view


def columns_for(output: OutputSpec, classes: int, grids: int) -> int:
    """Number of columns of each of `grids` grids on a small page: 1 to 12, and 1 without a view."""
    view = view_of(output)
    if view is None:
        return 1
    row = view.cost(output) * max(classes, 1) * max(grids, 1)
    return int(min(view.columns, max(1, _PAGE_BYTES // row)))
