"""`render`: the report as one HTML file that needs no script, no network and no other file."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import jinja2
from markupsafe import Markup

from pe_host.report import formats
from pe_host.report.attack import attack_bounds
from pe_host.report.chart import Series, line_chart
from pe_host.report.data import EvaluationView, IterationView, ReportData
from pe_host.report.grid import ImageGrid, Sheet, sheet_of
from pe_host.report.histogram import histogram
from pe_host.report.limits import limits
from pe_host.report.statistics import STATISTICS
from pe_sdk import Categorical

_LISTED_CLASSES = 12  # names spelt out in a text alternative
_LONG_NAME = 10  # letters; longer names are cut beside a grid, so that rows get a number as well


@dataclass(frozen=True)
class _Picture:
    """A sheet as the page places it: enlarged by whole numbers only, so that every pixel stays a square."""

    sheet: Sheet
    alt: str
    zoom: int
    zoom_narrow: int


@dataclass(frozen=True)
class _Chart:
    title: str
    explanation: str
    svg: Markup
    legend: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class _Evaluation:
    """Numbers and choices apart, as their pictures differ in height; each with its name, distances and picture."""

    frechet: _Chart
    closer: int
    histograms: tuple[tuple[tuple[str, float, float, Markup], ...], ...]


def render(data: ReportData) -> str:
    """The page. Equal data give equal text. What may be published is `render(data.public())`."""
    privacy = data.privacy
    bounds = attack_bounds(privacy.epsilon, privacy.delta, privacy.mu) if privacy.private else ()
    pictures = [
        None
        if view.grid is None
        else _picture(view.grid, data.class_names, f"Some candidates of iteration {view.t}", near=32, narrow=28)
        for view in data.iterations
    ]
    grid = data.release.grid if data.release else None
    return _template().render(
        data=data,
        bounds=bounds,
        class_counts=list(zip(data.class_names, data.release.counts, strict=True)) if data.release else [],
        limits=limits(privacy.unit),
        numbered=any(len(name) > _LONG_NAME for name in data.class_names),
        released=grid
        and _picture(
            grid,
            data.class_names,
            "Some of the released samples" if privacy.private else "Some of the final samples",
            near=56,
            narrow=28,
        ),
        pictures=pictures,
        charts=_charts(data.iterations),
        statistics=_statistic_columns(data.iterations),
        evaluation=_evaluation(data.internal.evaluation) if data.internal and data.internal.evaluation else None,
    )


def _picture(grid: ImageGrid, names: Sequence[str], what: str, *, near: int, narrow: int) -> _Picture:
    """near, narrow: size of a cell in CSS pixels to come close to, on a wide and on a narrow page."""
    sheet = sheet_of(grid)
    listed = ", ".join(names[:_LISTED_CLASSES]) + (", and so on" if len(names) > _LISTED_CLASSES else "")
    plural = "row" if sheet.rows == 1 else "rows"
    columns = "1 sample" if sheet.columns == 1 else f"up to {sheet.columns} samples"
    alt = f"{what}: {sheet.rows} {plural}, one for each class ({listed}), with {columns} in each."
    return _Picture(sheet, alt, max(1, round(near / sheet.cell)), max(1, round(narrow / sheet.cell)))


def _charts(iterations: Sequence[IterationView]) -> list[_Chart]:
    charts = []
    for name, statistic in STATISTICS.items():
        series = [Series(statistic.title, _points(iterations, name))]
        if statistic.reference:
            series.append(Series(statistic.reference[1], _points(iterations, statistic.reference[0]), dashed=True))
        if not series[0].points:
            continue
        series = [line for line in series if line.points]
        description = f"{statistic.title} by iteration; the values are in the table below."
        svg = line_chart(description, statistic.axis, series, statistic.share)
        legend = tuple((line.name, line.dashed) for line in series) if len(series) > 1 else ()
        charts.append(_Chart(statistic.title, statistic.explanation, svg, legend))
    return charts


def _evaluation(view: EvaluationView) -> _Evaluation:
    iterations = range(len(view.frechet))
    series = [
        Series("samples of the run", tuple(zip(iterations, view.frechet, strict=True))),
        Series(
            f"{view.samples:,} private records themselves", tuple((t, view.frechet_perfect) for t in iterations), True
        ),
    ]
    title = "Fréchet distance"
    explanation = (
        "How far the mean and the covariance of the embedded samples are from those of the private records; the last point "
        "is of the final samples. On the dashed line they would be as near as other private records are."
    )
    values = ", ".join(formats.number(value) for value in view.frechet)
    svg = line_chart(f"{title} to the private data by iteration: {values}.", "squared distance", series, share=False)
    pictures = [
        (isinstance(one.parameter, Categorical), (one.name, one.before, one.after, histogram(one)))
        for one in view.marginals
    ]
    kinds = (tuple(picture for choices, picture in pictures if choices is kind) for kind in (False, True))
    return _Evaluation(
        _Chart(title, explanation, svg, tuple((line.name, line.dashed) for line in series)),
        sum(one.after < one.before for one in view.marginals),
        tuple(filter(None, kinds)),
    )


def _points(iterations: Sequence[IterationView], name: str) -> tuple[tuple[int, float], ...]:
    return tuple((view.t, view.stats[name]) for view in iterations if name in view.stats)


def _statistic_columns(iterations: Sequence[IterationView]) -> list[tuple[str, str, bool]]:
    """(name, heading, is a share) of every statistic there is, the known ones first."""
    known: dict[str, tuple[str, bool]] = {}
    for name, statistic in STATISTICS.items():
        known[name] = (statistic.title, statistic.share)
        if statistic.reference:
            known[statistic.reference[0]] = (statistic.reference[1].capitalize(), statistic.share)
    present = dict.fromkeys(name for view in iterations for name in view.stats)
    ordered = [name for name in known if name in present] + [name for name in present if name not in known]
    return [(name, *known.get(name, (name, False))) for name in ordered]


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pe_host.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_writable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        exact=formats.exact,
        number=formats.number,
        rounded_up=formats.rounded_up,
        percent=formats.percent,
        degree=formats.degree,
        seconds=formats.seconds,
        settings_rows=formats.settings_rows,
    )
    return environment.get_template("report.html.j2")


def _writable(value: object) -> object:
    """A lone surrogate, which a class name can hold, has no UTF-8; shown as a question mark."""
    if isinstance(value, str) and not value.isascii() and not isinstance(value, Markup):
        return value.encode("utf-8", "replace").decode("utf-8")
    return value
