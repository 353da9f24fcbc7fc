"""Small histograms of one parameter in three samples.

Private records are filled bars, iteration 0 is a dashed line, the final samples are a solid line.
"""

from collections.abc import Sequence
from xml.etree import ElementTree

from markupsafe import Markup

from pe_host.report.data import MarginalView
from pe_host.report.formats import number, percent
from pe_sdk import Categorical, Float

_WIDTH = 240
_MARGIN = 6
_HEIGHT, _BOTTOM = 130, 22
_SIDE = 38  # width of the shares beside a histogram
_ROW, _BAR, _NAMES = 18, 12, 98
_LETTERS = 13  # of a choice's name; longer ones are cut, but complete in the tooltip


def histogram(view: MarginalView) -> Markup:
    """Draw an `<svg>`: an upright bar for each bin of numbers, or a named row for each choice."""
    choices = isinstance(view.parameter, Categorical)
    height = 2 * _MARGIN + _ROW * len(view.private) + 16 if choices else _HEIGHT
    label = f"{view.name}: shares of the private records, of iteration 0 and of the final samples"
    svg = ElementTree.Element(
        "svg", viewBox=f"0 0 {_WIDTH} {height}", role="img", attrib={"aria-label": label}
    )
    (_rows if choices else _bars)(svg, view)
    # ElementTree has escaped every text.
    return Markup(ElementTree.tostring(svg, encoding="unicode"))


def _bars(svg: ElementTree.Element, view: MarginalView) -> None:
    top, floor = _largest(view), _HEIGHT - _BOTTOM
    width = (_WIDTH - _SIDE - _MARGIN) / len(view.private)

    def y(share: float) -> float:
        return floor - (floor - 2 * _MARGIN) * share / top

    for i, share in enumerate(view.private):
        _bar(svg, _SIDE + i * width, y(share), width, floor - y(share))
    for style, shares in (("line dashed", view.first), ("line", view.last)):
        corners = [
            (_SIDE + (i + side) * width, y(share))
            for i, share in enumerate(shares)
            for side in (0, 1)
        ]
        _path(svg, style, corners)
    _path(svg, "axis", [(_SIDE, floor), (_WIDTH - _MARGIN, floor)])
    _text(svg, _SIDE - 5, y(top) + 4, _share(top), "end")
    _text(svg, _SIDE - 5, floor, "0", "end")
    assert not isinstance(view.parameter, Categorical)
    _text(svg, _SIDE, _HEIGHT - 7, number(view.parameter.low), "start")
    _text(svg, _WIDTH - _MARGIN, _HEIGHT - 7, number(view.parameter.high), "end")
    if isinstance(view.parameter, Float) and (view.parameter.log or view.parameter.wrap):
        kind = "logarithmic" if view.parameter.log else "around"
        _text(svg, (_SIDE + _WIDTH - _MARGIN) / 2, _HEIGHT - 7, kind, "middle")


def _rows(svg: ElementTree.Element, view: MarginalView) -> None:
    assert isinstance(view.parameter, Categorical)
    top = _largest(view)

    def x(share: float) -> float:
        return _NAMES + (_WIDTH - _NAMES - _MARGIN) * share / top

    for i, name in enumerate(view.parameter.choices):
        y, shares = _MARGIN + _ROW * i, (view.private[i], view.first[i], view.last[i])
        group = ElementTree.SubElement(svg, "g")
        private, first, last = map(percent, shares)
        tooltip = f"{name}: private {private}, iteration 0 {first}, final {last}"
        ElementTree.SubElement(group, "title").text = tooltip
        _text(
            group,
            _NAMES - 6,
            y + 11,
            name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…",
            "end",
        )
        _bar(group, _NAMES, y, x(shares[0]) - _NAMES, _BAR)
        _path(group, "line dashed", [(x(shares[1]), y - 2), (x(shares[1]), y + _BAR + 2)])
        _path(group, "line", [(x(shares[2]), y - 2), (x(shares[2]), y + _BAR + 2)])
    floor = _MARGIN + _ROW * len(view.private) - 2
    _path(svg, "axis", [(_NAMES, _MARGIN - 2), (_NAMES, floor)])
    _text(svg, _NAMES, floor + 14, "0", "middle")
    _text(svg, _WIDTH - _MARGIN, floor + 14, _share(top), "end")


def _largest(view: MarginalView) -> float:
    return max(*view.private, *view.first, *view.last) or 1.0


def _share(value: float) -> str:
    return f"{value:.0%}".replace("%", " %")


def _bar(parent: ElementTree.Element, x: float, y: float, width: float, height: float) -> None:
    size = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
    ElementTree.SubElement(parent, "rect", attrib={"class": "private", **size})


def _path(parent: ElementTree.Element, style: str, points: Sequence[tuple[float, float]]) -> None:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    ElementTree.SubElement(parent, "polyline", attrib={"class": style, "points": text})


def _text(parent: ElementTree.Element, x: float, y: float, text: str, anchor: str) -> None:
    element = ElementTree.SubElement(
        parent, "text", attrib={"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    )
    element.text = text
