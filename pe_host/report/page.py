"""The report as one HTML file that needs no script, no network and no other file."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jinja2
from markupsafe import Markup

from pe_host.report import formats
from pe_host.report.attack import attack_bounds
from pe_host.report.chart import Series, line_chart
from pe_host.report.data import CurveView, EvaluationView, IterationView, ReportData
from pe_host.report.grid import LegendEntry, Sheet
from pe_host.report.histogram import histogram
from pe_host.report.limits import limits
from pe_host.report.statistics import STATISTICS
from pe_host.report.views import view_of
from pe_sdk import Categorical

_LISTED_CLASSES = 12  # names spelled out in a text alternative
_LONG_NAME = 10  # letters; longer names are cut beside a grid, so rows get numbers too


@dataclass(frozen=True)
class _Picture:
    """A sheet on the page, enlarged by whole numbers only so that every pixel stays a square."""

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
    """The evaluation as the page shows it.

    Histograms of numbers and of choices are in separate groups, as they differ in height. Each has
    the name of its parameter, two distances and a picture.
    """

    charts: tuple[_Chart, ...]
    closer: int
    histograms: tuple[tuple[tuple[str, float, float, Markup], ...], ...]


def render(data: ReportData) -> str:
    """Render the page. Equal data give equal text. `render(data.public())` may be published."""
    privacy = data.privacy
    bounds = attack_bounds(privacy.epsilon, privacy.delta, privacy.mu) if privacy.private else ()
    released, pictures, legend = _pictures(data)
    return _template().render(
        data=data,
        bounds=bounds,
        class_counts=list(zip(data.class_names, data.release.counts, strict=True))
        if data.release
        else [],
        limits=limits(privacy.unit),
        numbered=any(len(name) > _LONG_NAME for name in data.class_names),
        released=released,
        legend=legend,
        pictures=pictures,
        charts=_charts(data.iterations),
        statistics=_statistic_columns(data.iterations),
        evaluation=_evaluation(data.internal.evaluation)
        if data.internal and data.internal.evaluation
        else None,
    )


def _pictures(
    data: ReportData,
) -> tuple[_Picture | None, list[_Picture | None], tuple[LegendEntry, ...]]:
    """Pictures of the release and of each iteration, and their legend.

    They are drawn together, as they may share a scale. All grids of a run have one spec.
    """
    final = "Some of the released samples" if data.privacy.private else "Some of the final samples"
    wanted = [(data.release.grid if data.release else None, final, 56)]
    wanted += [
        (view.grid, f"Some candidates of iteration {view.t}", 32) for view in data.iterations
    ]
    view = next((view_of(grid.output) for grid, _, _ in wanted if grid is not None), None)
    shown = [i for i, (grid, _, _) in enumerate(wanted) if grid is not None and view is not None]
    pictures: list[_Picture | None] = [None] * len(wanted)
    grids = [grid for grid, _, _ in (wanted[i] for i in shown) if grid is not None]
    sheets, legend = view.draw(grids) if view is not None else ([], ())
    for i, sheet in zip(shown, sheets, strict=True):
        pictures[i] = _picture(sheet, data.class_names, wanted[i][1], near=wanted[i][2], narrow=28)
    return pictures[0], pictures[1:], legend


def _picture(sheet: Sheet, names: Sequence[str], what: str, *, near: int, narrow: int) -> _Picture:
    """Place a sheet on the page.

    Args:
        sheet: the sheet.
        names: the class names.
        what: what the sheet shows, for the text alternative.
        near, narrow: desired size of a cell in CSS pixels, on a wide and on a narrow page.
    """
    listed = ", ".join(names[:_LISTED_CLASSES]) + (
        ", and so on" if len(names) > _LISTED_CLASSES else ""
    )
    plural = "row" if sheet.rows == 1 else "rows"
    columns = "1 sample" if sheet.columns == 1 else f"up to {sheet.columns} samples"
    alt = f"{what}: {sheet.rows} {plural}, one for each class ({listed}), with {columns} in each."
    return _Picture(
        sheet, alt, max(1, round(near / sheet.cell)), max(1, round(narrow / sheet.cell))
    )


def _charts(iterations: Sequence[IterationView]) -> list[_Chart]:
    charts = []
    for name, statistic in STATISTICS.items():
        series = [Series(statistic.title, _points(iterations, name))]
        if statistic.reference:
            series.append(
                Series(
                    statistic.reference[1], _points(iterations, statistic.reference[0]), dashed=True
                )
            )
        if not series[0].points:
            continue
        series = [line for line in series if line.points]
        description = f"{statistic.title} by iteration; the values are in the table below."
        svg = line_chart(description, statistic.axis, series, statistic.share)
        legend = tuple((line.name, line.dashed) for line in series) if len(series) > 1 else ()
        charts.append(_Chart(statistic.title, statistic.explanation, svg, legend))
    return charts


def _evaluation(view: EvaluationView) -> _Evaluation:
    pictures = [
        (isinstance(one.parameter, Categorical), (one.name, one.before, one.after, histogram(one)))
        for one in view.marginals
    ]
    kinds = (
        tuple(picture for choices, picture in pictures if choices is kind) for kind in (False, True)
    )
    return _Evaluation(
        tuple(_measures(view)),
        sum(one.after < one.before for one in view.marginals),
        tuple(filter(None, kinds)),
    )


def _measures(view: EvaluationView) -> Iterator[_Chart]:
    explanation = (
        "How far the mean and the covariance of the embedded samples are from those of the private "
        "records; the last point is the final samples. On the dashed line they would be as near as "
        "other private records are."
    )
    frechet = CurveView(view.frechet, view.frechet_perfect)
    yield _measure(
        "Fréchet distance", "squared distance", explanation, frechet, view.samples, share=False
    )
    ball = f"the ball about it that holds its {view.neighbours} nearest other private records"
    if view.coverage:
        explanation = (
            f"The share of private records with a sample in {ball}: "
            "how much of the private data the samples reach."
        )
        yield _measure(
            "Coverage", "share covered", explanation, view.coverage, view.samples, share=True
        )
    if view.density:
        explanation = (
            f"In how many such balls a sample lies, divided by {view.neighbours}: how typical the "
            "samples are. Above the dashed line they crowd where private records are dense."
        )
        yield _measure("Density", "density", explanation, view.density, view.samples, share=False)


def _measure(
    title: str, axis: str, explanation: str, curve: CurveView, samples: int, *, share: bool
) -> _Chart:
    iterations = range(len(curve.values))
    series = [
        Series("samples of the run", tuple(zip(iterations, curve.values, strict=True))),
        Series(
            f"{samples:,} other private records",
            tuple((t, curve.perfect) for t in iterations),
            True,
        ),
    ]
    values = ", ".join(formats.number(value) for value in curve.values)
    svg = line_chart(
        f"{title} by iteration, measured against the private data: {values}.",
        axis,
        series,
        share=share,
    )
    return _Chart(title, explanation, svg, tuple((line.name, line.dashed) for line in series))


def _points(iterations: Sequence[IterationView], name: str) -> tuple[tuple[int, float], ...]:
    return tuple((view.t, view.stats[name]) for view in iterations if name in view.stats)


def _statistic_columns(iterations: Sequence[IterationView]) -> list[tuple[str, str, bool]]:
    """Name, heading and "is a share" of every statistic of the run, the known ones first."""
    known: dict[str, tuple[str, bool]] = {}
    for name, statistic in STATISTICS.items():
        known[name] = (statistic.title, statistic.share)
        if statistic.reference:
            known[statistic.reference[0]] = (statistic.reference[1].capitalize(), statistic.share)
    present = dict.fromkeys(name for view in iterations for name in view.stats)
    ordered = [name for name in known if name in present] + [
        name for name in present if name not in known
    ]
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
        settings_rows=formats.settings_rows,
    )
    return environment.get_template("report.html.j2")


def _writable(value: object) -> object:
    """Replace lone surrogates, which a class name can contain and UTF-8 cannot, by "?"."""
    if isinstance(value, str) and not value.isascii() and not isinstance(value, Markup):
        return value.encode("utf-8", "replace").decode("utf-8")
    return value
