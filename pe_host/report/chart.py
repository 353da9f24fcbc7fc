"""Line charts by iteration as inline SVG, legible at the width of a phone and on paper."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from markupsafe import Markup

from pe_host.report.formats import number, percent

_WIDTH, _HEIGHT = 360, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 14, 46
_MOST_X_TICKS = 11

Points = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Series:
    """A line: its name and its points (iteration, value), in order of iteration and all finite."""

    name: str
    points: Points
    dashed: bool = False


def line_chart(description: str, axis: str, series: Sequence[Series], share: bool) -> Markup:
    """Draw an `<svg>` with labelled axes, the vertical one from zero.

    Each point is marked and has its value as a tooltip.

    Args:
        description: the text alternative.
        axis: label of the vertical axis.
        series: the lines, with at least one point among them.
        share: whether the values are in [0, 1] and shown as percentages.
    """
    iterations = sorted({t for line in series for t, _ in line.points})
    ticks = _ticks(max(value for line in series for _, value in line.points), share)
    first, last, top = iterations[0], iterations[-1], ticks[-1]

    def x(t: int) -> float:
        inner = _WIDTH - _LEFT - _RIGHT
        return _LEFT + inner * ((t - first) / (last - first) * 0.92 + 0.04 if last > first else 0.5)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * value / top

    svg = ElementTree.Element(
        "svg", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", attrib={"aria-label": description}
    )
    for tick in ticks:
        _line(svg, "grid" if tick else "axis", _LEFT, y(tick), _WIDTH - _RIGHT, y(tick))
        _text(
            svg,
            _LEFT - 7,
            y(tick) + 4,
            percent(tick).replace(".0 %", " %") if share else number(tick),
            "end",
        )
    stride = math.ceil(len(iterations) / _MOST_X_TICKS)
    for t in iterations[::stride]:
        _line(svg, "axis", x(t), y(0), x(t), y(0) + 4)
        _text(svg, x(t), y(0) + 18, str(t), "middle")
    _text(svg, (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, "iteration", "middle")
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    label = _text(svg, 0, 0, axis, "middle")
    label.set("transform", f"translate(13 {_at(middle)}) rotate(-90)")
    for line in series:
        style = "line dashed" if line.dashed else "line"
        path = " ".join(f"{_at(x(t))},{_at(y(value))}" for t, value in line.points)
        ElementTree.SubElement(svg, "polyline", attrib={"class": style, "points": path})
        for t, value in line.points:
            shown = percent(value) if share else number(value)
            dot = ElementTree.SubElement(
                svg,
                "circle",
                attrib={
                    "class": f"dot {style}",
                    "cx": _at(x(t)),
                    "cy": _at(y(value)),
                    "r": "2.5" if line.dashed else "4",
                },
            )
            ElementTree.SubElement(dot, "title").text = f"{line.name}, iteration {t}: {shown}"
    # ElementTree has escaped every text.
    return Markup(ElementTree.tostring(svg, encoding="unicode"))


def _ticks(largest: float, share: bool) -> list[float]:
    """Round values from 0 to at least `largest`, three to six of them."""
    if largest <= 0:
        return [0.0, 1.0]
    rough = largest / 4
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(
        magnitude * factor
        for factor in (1, 2, 2.5, 5, 10)
        if magnitude * factor >= rough * (1 - 1e-9)
    )
    if not share and step < 1 <= largest:
        step = 1.0
    return [step * i for i in range(math.ceil(largest / step - 1e-9) + 1)]


def _at(value: float) -> str:
    return f"{value:.1f}"


def _line(svg: ElementTree.Element, style: str, x1: float, y1: float, x2: float, y2: float) -> None:
    ends = {"x1": _at(x1), "y1": _at(y1), "x2": _at(x2), "y2": _at(y2)}
    ElementTree.SubElement(svg, "line", attrib={"class": style, **ends})


def _text(
    svg: ElementTree.Element, x: float, y: float, text: str, anchor: str
) -> ElementTree.Element:
    element = ElementTree.SubElement(
        svg, "text", attrib={"x": _at(x), "y": _at(y), "text-anchor": anchor}
    )
    element.text = text
    return element
