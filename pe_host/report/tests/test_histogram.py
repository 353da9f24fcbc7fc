"""Histograms of parameters, drawn to scale."""

from xml.etree import ElementTree

import pytest

from pe_host.report import MarginalView
from pe_host.report.histogram import histogram
from pe_sdk import Categorical, Float, Int

AGE = MarginalView(
    "age", Float(18, 90), 0.3, 0.1, 0.01, (0.5, 0.25, 0.25), (0.2, 0.4, 0.4), (1.0, 0, 0)
)
HAIR = Categorical(("none", "a very long name of a style", "<b>"))
HAIRS = MarginalView(
    "hair", HAIR, 0.3, 0.1, 0.01, (0.5, 0.25, 0.25), (0.2, 0.4, 0.4), (0.8, 0, 0.2)
)


def parts(view: MarginalView) -> tuple[list, list, list]:
    """Bars as (x, y, width, height), lines as (class, points), and texts."""
    svg = ElementTree.fromstring(str(histogram(view)))
    bars = [
        tuple(float(bar.get(name)) for name in ("x", "y", "width", "height"))
        for bar in svg.iter("rect")
    ]
    lines = [
        (
            line.get("class"),
            [tuple(map(float, point.split(","))) for point in line.get("points").split()],
        )
        for line in svg.iter("polyline")
    ]
    return bars, lines, [text.text for text in svg.iter("text")]


def test_numbers_are_bars_with_lines_on_one_scale():
    bars, lines, texts = parts(AGE)
    heights = [height for _, _, _, height in bars]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.11) and heights[1] == heights[2]
    assert bars[1][0] == pytest.approx(bars[0][0] + bars[0][2], abs=0.11)
    (first, steps), (last, corners), _ = lines
    assert (first, last) == ("line dashed", "line")
    floor = bars[0][1] + bars[0][3]
    assert floor - corners[0][1] == pytest.approx(2 * heights[0], abs=0.11), (
        "a share of 1 is twice one of a half"
    )
    assert corners[-1][1] == pytest.approx(floor) and corners[0][1] == corners[1][1]
    assert floor - steps[-1][1] == pytest.approx(0.8 * heights[0], abs=0.11)
    assert texts == ["100 %", "0", "18", "90"]


def test_the_scale_of_a_number_is_said():
    shares = [(0.5, 0.5)] * 3
    assert "logarithmic" in parts(MarginalView("x", Float(1, 9, log=True), 0, 0, 0, *shares))[2]
    assert "around" in parts(MarginalView("x", Float(0, 9, wrap=True), 0, 0, 0, *shares))[2]
    assert parts(MarginalView("x", Int(0, 1), 0, 0, 0, *shares))[2] == ["50 %", "0", "0", "1"]


def test_choices_are_rows_with_their_names():
    bars, lines, texts = parts(HAIRS)
    assert [width for _, _, width, _ in bars] == pytest.approx([85, 42.5, 42.5], abs=0.11)
    marks = {
        style: [points[0][0] - bars[0][0] for kind, points in lines if kind == style]
        for style in dict(lines)
    }
    assert marks["line"] == pytest.approx([136, 0, 34], abs=0.11)
    assert marks["line dashed"] == pytest.approx([34, 68, 68], abs=0.11)
    assert texts == ["none", "a very long …", "<b>", "0", "80 %"]
    assert "a very long name of a style: private 25.0 %, iteration 0 40.0 %, final 0.0 %" in str(
        histogram(HAIRS)
    )
    assert "<b>" not in str(histogram(HAIRS))


def test_no_sample_in_any_bin_is_no_error():
    """No code need be one of the choices."""
    bars, _, _ = parts(MarginalView("hair", HAIR, 1, 1, 0, (0, 0, 0), (0, 0, 0), (0, 0, 0)))
    assert [width for _, _, width, _ in bars] == [0, 0, 0]
