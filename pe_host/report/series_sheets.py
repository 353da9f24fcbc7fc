"""The series of a grid as small line plots in one SVG.

There is a cell for each sample and a line for each feature, with one scale for the whole page.
"""

import base64
from collections.abc import Sequence
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from pe_host.report.grid import LegendEntry, RecordGrid, Sheet
from pe_host.report.views import View
from pe_sdk import OutputSpec

COLOURS = ("#2f7fd1", "#d57a1e", "#2f9e62", "#b455c6")
"""Colours of the features that are drawn, the first ones; distinct on light and on dark pages."""

_WIDTH, _HEIGHT, _GAP, _INSET = 112, 56, 4, 3
_POINT_BYTES = 12


def cost(output: OutputSpec) -> float:
    """Estimate the bytes of a page that one series takes."""
    return float(
        _POINT_BYTES * min(output.shape[0], 2 * _WIDTH) * min(output.shape[1], len(COLOURS)) * 2
    )


def draw(grids: Sequence[RecordGrid]) -> tuple[list[Sheet], tuple[LegendEntry, ...]]:
    """Draw a sheet for each grid, on common scales, and return the sheets with their legend.

    The scale of a feature is its declared range, widened to the values shown.
    """
    legend = _legend(grids)
    return [_sheet(grid, legend) for grid in grids], legend


def _legend(grids: Sequence[RecordGrid]) -> tuple[LegendEntry, ...]:
    entries = []
    for i, (feature, colour) in enumerate(zip(grids[0].output.features, COLOURS, strict=False)):
        ends = [] if feature.low is None or feature.high is None else [feature.low, feature.high]
        for grid in grids:
            shown = grid.records[_shown(grid)][..., i]
            ends += [float(shown.min()), float(shown.max())] if shown.size else []
        low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
        entries.append(
            LegendEntry(
                feature.title, colour, low, high if high > low else low + max(1.0, 1e-6 * abs(low))
            )
        )
    return tuple(entries)


def _shown(grid: RecordGrid) -> NDArray[np.bool_]:
    shown: NDArray[np.bool_] = np.arange(grid.records.shape[1]) < grid.filled[:, None]
    return shown


def _sheet(grid: RecordGrid, legend: Sequence[LegendEntry]) -> Sheet:
    classes, columns = grid.records.shape[:2]
    width, height = columns * (_WIDTH + _GAP), classes * (_HEIGHT + _GAP)
    svg = ElementTree.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height}"
    )
    svg.attrib |= {"width": str(width), "height": str(height)}
    for row, column in np.argwhere(_shown(grid)).tolist():
        x, y = column * (_WIDTH + _GAP), row * (_HEIGHT + _GAP)
        place = {"x": str(x), "y": str(y), "width": str(_WIDTH), "height": str(_HEIGHT)}
        ElementTree.SubElement(
            svg, "rect", attrib={**place, "fill": "#808080", "fill-opacity": ".12"}
        )
        for i, entry in enumerate(legend):
            line = {
                "points": _points(grid.records[row, column, :, i], entry, x, y),
                "stroke": entry.colour,
            }
            ElementTree.SubElement(
                svg, "polyline", attrib={**line, "fill": "none", "stroke-width": "1"}
            )
    uri = "data:image/svg+xml;base64," + base64.b64encode(ElementTree.tostring(svg)).decode("ascii")
    return Sheet(uri, width, height, _HEIGHT + _GAP, classes, columns)


def _points(values: NDArray[np.float32], entry: LegendEntry, left: int, top: int) -> str:
    """The points of a line, for SVG.

    If steps are closer than half a pixel, each pixel is drawn by its least and its largest value.
    """
    steps, heights = np.arange(len(values)), values.astype(np.float64)
    if len(values) > 2 * _WIDTH:
        parts = np.array_split(steps, _WIDTH)
        steps = np.concatenate(
            [np.sort([p[heights[p].argmin()], p[heights[p].argmax()]]) for p in parts]
        )
    xs = left + _INSET + steps * (_WIDTH - 2 * _INSET) / max(len(values) - 1, 1)
    unit = (heights[steps] - entry.low) / (entry.high - entry.low)
    ys = top + _HEIGHT - _INSET - unit * (_HEIGHT - 2 * _INSET)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs.tolist(), ys.tolist(), strict=True))


VIEW = View(draw, cost, 8)
