"""Sheets of series: lines in their place, on a common scale."""

import base64
from xml.etree import ElementTree

import numpy as np
import pytest

from pe_host.report import RecordGrid
from pe_host.report.series_sheets import draw
from pe_sdk import Feature, OutputSpec


def sheet_of(grid: RecordGrid):
    (sheet,), _ = draw([grid])
    return sheet


def lines(sheet) -> list[tuple[str, np.ndarray]]:
    """Colour and points of every line of an SVG sheet."""
    svg = ElementTree.fromstring(
        base64.b64decode(sheet.uri.removeprefix("data:image/svg+xml;base64,"))
    )
    found = svg.iter("{http://www.w3.org/2000/svg}polyline")
    return [
        (line.get("stroke"), np.array([p.split(",") for p in line.get("points").split()], float))
        for line in found
    ]


def test_series_are_lines_in_their_place_on_a_scale_that_all_grids_share():
    output = OutputSpec.series(5, ["queue", Feature("load", "%", 0, 100)])
    first = np.zeros((2, 3, 5, 2), np.float32)
    first[1, 0, :, 0] = [0, 1, 2, 3, 4]
    first[0, 2, :, 1] = 120  # above its declared range
    first[1, 1:] = 1e6  # blank: not shown, so without effect on the scale
    second = np.full((2, 1, 5, 2), 8, np.float32)
    grids = [
        RecordGrid(output, first, np.array([3, 1])),
        RecordGrid(output, second, np.array([1, 1])),
    ]
    sheets, legend = draw(grids)
    assert [(e.title, e.low, e.high) for e in legend] == [("queue", 0, 8), ("load (%)", 0, 120)]
    assert (sheets[0].rows, sheets[0].columns, sheets[1].columns) == (2, 3, 1)
    drawn = lines(sheets[0])
    assert len(drawn) == 2 * 4 and {colour for colour, _ in drawn} == {e.colour for e in legend}
    # Class 1, first column, queue: from the bottom to half the height, over the full width.
    slope = drawn[6][1]
    cell = sheets[0].cell
    assert slope[0] == pytest.approx([3, cell + 53]) and slope[-1] == pytest.approx(
        [109, cell + 28]
    )
    top = drawn[5][1]  # class 0, third column, load: at the top of its cell
    assert (top[:, 1] == 3).all() and (top[:, 0] >= 2 * 116).all()
    assert lines(sheets[1])[0][1][0, 1] == 3  # the largest queue of all grids


def test_peaks_of_long_series_are_drawn():
    # One step in ten thousand is higher. Fails if steps are averaged or left out.
    output = OutputSpec.series(10_000, 1)
    records = np.zeros((1, 1, 10_000, 1), np.float32)
    records[0, 0, 7777] = 1
    ((_, points),) = lines(sheet_of(RecordGrid(output, records, np.array([1]))))
    assert len(points) <= 224 and points[:, 1].min() == 3
    assert points[points[:, 1].argmin(), 0] == pytest.approx(3 + 106 * 0.7777, abs=1)


def test_constant_series_have_a_scale():
    output = OutputSpec.series(4, 1)
    _, legend = draw([RecordGrid(output, np.full((1, 1, 4, 1), 3, np.float32), np.array([1]))])
    assert (legend[0].low, legend[0].high) == (3, 4)
    grid = RecordGrid(output, np.full((1, 1, 4, 1), 1e20, np.float32), np.array([1]))
    # Fails if 1 is added to a number so large that it stays the same.
    assert np.isfinite(lines(sheet_of(grid))[0][1]).all()
