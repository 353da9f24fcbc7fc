"""Line charts: well-formed, to scale, and complete."""

from xml.etree import ElementTree

import pytest

from pe_host.report.chart import Series, line_chart


def test_a_chart_is_well_formed_and_to_scale():
    points = ((1, 0.10), (2, 0.40), (4, 0.20))
    svg = ElementTree.fromstring(
        line_chart("What <it> shows", "share & more", [Series("a", points)], share=True)
    )
    assert svg.get("aria-label") == "What <it> shows"
    texts = [element.text for element in svg.iter("text")]
    assert {"share & more", "iteration", "0 %", "40 %", "1", "2", "4"} <= set(texts)
    x = [float(dot.get("cx")) for dot in svg.iter("circle")]
    y = [float(dot.get("cy")) for dot in svg.iter("circle")]
    axis = next(float(t.get("y")) - 4 for t in svg.iter("text") if t.text == "0 %")
    assert x[2] - x[1] == pytest.approx(2 * (x[1] - x[0]), abs=0.2)
    assert [(axis - v) / (axis - y[0]) for v in y] == pytest.approx([1, 4, 2], abs=0.02)


@pytest.mark.parametrize("values", [(0.0,), (1e-6, 3e-6), (1.0, 1.0), (123456.0, 7.0), (0.37, 0.0)])
@pytest.mark.parametrize("share", [True, False])
def test_a_chart_holds_all_its_points(values, share):
    points = tuple(enumerate(values, start=1))
    svg = ElementTree.fromstring(line_chart("d", "a", [Series("a", points)], share=share))
    _, _, width, height = (float(v) for v in svg.get("viewBox").split())
    for dot in svg.iter("circle"):
        assert 0 < float(dot.get("cx")) < width and 0 < float(dot.get("cy")) < height
    labels = [text.text for text in svg.iter("text")]
    assert len(labels) <= 11
