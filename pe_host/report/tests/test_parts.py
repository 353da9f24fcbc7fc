"""The parts of the page: grids, charts, statistics, the bound on attacks, formats, the card."""

import base64
import io
import math
from dataclasses import replace
from statistics import NormalDist
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from pe_host.errors import PrivacyRefusal
from pe_host.report import (
    GeneratorView,
    InternalView,
    PrivacyView,
    RecordGrid,
    ReleaseView,
    ReportData,
    card,
    columns_for,
    formats,
    vote_statistics,
)
from pe_host.report.attack import attack_bounds
from pe_host.report.chart import Series, line_chart
from pe_host.report.image_sheets import LARGEST
from pe_host.report.views import view_of
from pe_sdk import Feature, OutputSpec


def grid_of(images, filled) -> RecordGrid:
    return RecordGrid(OutputSpec.image(*images.shape[2:]), images, np.array(filled))


def sheet_of(grid: RecordGrid):
    (sheet,), _ = view_of(grid.output).draw([grid])
    return sheet


def decode(uri: str) -> np.ndarray:
    return np.asarray(
        Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,"))))
    )


def test_a_grid_takes_the_first_samples_of_each_class():
    labels = np.array([1, 0, 1, 1, 2, 0])
    images = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
    grid = RecordGrid.pick(OutputSpec.image(2, 3), images, labels, classes=4, columns=2)
    assert grid.records.shape == (4, 2, 2, 3, 1)
    assert grid.filled.tolist() == [2, 2, 1, 0]
    assert grid.records[:3, :, 0, 0, 0].tolist() == [[1, 5], [0, 2], [4, 0]]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sheet_shows_each_image_in_its_place_and_blanks_where_there_is_none(channels):
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 4, channels), dtype=np.uint8)
    sheet = sheet_of(grid_of(images, [3, 1]))
    pixels = decode(sheet.uri)
    assert pixels.shape == (sheet.height, sheet.width, channels + 1) == (2 * 6, 3 * 5, channels + 1)
    np.testing.assert_array_equal(pixels[6:11, 0:4, :channels], images[1, 0])
    np.testing.assert_array_equal(pixels[0:5, 10:14, :channels], images[0, 2])
    assert (pixels[6:11, 0:4, channels] == 255).all()
    assert not pixels[6:11, 5:].any() and not pixels[5].any()


def test_large_images_are_reduced():
    images = np.full((1, 2, 400, 200, 3), 77, np.uint8)
    sheet = sheet_of(grid_of(images, [2]))
    assert sheet.height <= LARGEST + 2 and sheet.width <= 2 * (LARGEST // 2 + 2)
    assert (decode(sheet.uri)[:LARGEST, : LARGEST // 2, :3] == 77).all()


@pytest.mark.parametrize(
    ("images", "filled"),
    [
        (np.zeros((2, 3, 4, 4, 1), np.float32), [3, 3]),
        (np.zeros((2, 3, 4, 4, 2), np.uint8), [3, 3]),
        (np.zeros((2, 3, 4, 4), np.uint8), [3, 3]),
        (np.zeros((2, 3, 4, 4, 1), np.uint8), [3, 4]),
        (np.zeros((2, 3, 4, 4, 1), np.uint8), [3]),
    ],
)
def test_a_grid_of_another_form_is_refused(images, filled):
    with pytest.raises(ValueError, match=r"expected uint8|filled"):
        RecordGrid(OutputSpec.image(4, 4), images, np.array(filled))


def test_columns_shrink_with_the_size_of_the_page():
    assert columns_for(OutputSpec.image(28, 28), 10, 9) == 12
    assert 1 <= columns_for(OutputSpec.image(256, 256), 10, 10) < 12
    assert columns_for(OutputSpec.image(512, 512), 1000, 20) == 1
    assert columns_for(OutputSpec.series(96, 2), 3, 6) == 8
    assert 1 <= columns_for(OutputSpec.series(10_000, 4), 100, 10) < 8
    assert columns_for(OutputSpec("graph", (9, 9), "bool"), 3, 6) == 1  # has no view


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
    first[1, 1:] = 1e6  # blank: not shown, so of no effect on the scale
    second = np.full((2, 1, 5, 2), 8, np.float32)
    grids = [
        RecordGrid(output, first, np.array([3, 1])),
        RecordGrid(output, second, np.array([1, 1])),
    ]
    sheets, legend = view_of(grids[0].output).draw(grids)
    assert [(e.title, e.low, e.high) for e in legend] == [("queue", 0, 8), ("load (%)", 0, 120)]
    assert (sheets[0].rows, sheets[0].columns, sheets[1].columns) == (2, 3, 1)
    drawn = lines(sheets[0])
    assert len(drawn) == 2 * 4 and {colour for colour, _ in drawn} == {e.colour for e in legend}
    slope = drawn[6][
        1
    ]  # class 1, first column, queue: from the bottom to half the height, over the whole width
    cell = sheets[0].cell
    assert slope[0] == pytest.approx([3, cell + 53]) and slope[-1] == pytest.approx(
        [109, cell + 28]
    )
    top = drawn[5][1]  # class 0, third column, load: at the top of its cell
    assert (top[:, 1] == 3).all() and (top[:, 0] >= 2 * 116).all()
    assert lines(sheets[1])[0][1][0, 1] == 3  # the largest queue of all grids


def test_peaks_of_long_series_are_drawn():
    # Fails when steps are averaged or left out: one step in ten thousand is higher.
    output = OutputSpec.series(10_000, 1)
    records = np.zeros((1, 1, 10_000, 1), np.float32)
    records[0, 0, 7777] = 1
    ((_, points),) = lines(sheet_of(RecordGrid(output, records, np.array([1]))))
    assert len(points) <= 224 and points[:, 1].min() == 3
    assert points[points[:, 1].argmin(), 0] == pytest.approx(3 + 106 * 0.7777, abs=1)


def test_constant_series_have_a_scale():
    output = OutputSpec.series(4, 1)
    _, legend = view_of(output).draw(
        [RecordGrid(output, np.full((1, 1, 4, 1), 3, np.float32), np.array([1]))]
    )
    assert (legend[0].low, legend[0].high) == (3, 4)
    grid = RecordGrid(output, np.full((1, 1, 4, 1), 1e20, np.float32), np.array([1]))
    assert np.isfinite(
        lines(sheet_of(grid))[0][1]
    ).all()  # fails where 1 is added to what it cannot change


def test_vote_statistics_against_values_worked_out_by_hand():
    found = vote_statistics(np.array([0, 2, 4, 6, -3]), noise_scale=2.0, threshold=1.0)
    assert found["share_above"] == pytest.approx(2 / 5)
    assert found["effective_parents"] == pytest.approx(36 / 20)  # weights 2 and 4
    assert found["share_noise"] == pytest.approx(
        1 - NormalDist().cdf(1.25)
    )  # a vote of at least 3, so above 2.5


def test_vote_statistics_when_nothing_is_above():
    found = vote_statistics(np.array([0, -1]), noise_scale=0.0, threshold=1.0)
    assert found == {"share_above": 0.0, "share_noise": 0.0, "effective_parents": 0.0}


def test_share_expected_of_noise_matches_noise():
    # 200,000 draws: the share has a standard deviation below 0.0009, so 0.005 is beyond 5 of them (rate 1e-6 or less).
    # Without the half in the continuity correction it is off by 0.03 and more.
    noise = np.rint(np.random.default_rng(3).normal(0, 4, 200_000))
    for threshold in (0.0, 3.0, 5.6):
        found = vote_statistics(noise, 4.0, threshold)
        assert found["share_noise"] == pytest.approx(found["share_above"], abs=0.005)


def test_attack_bounds_against_closed_forms():
    gaussian = attack_bounds(math.inf, 0.0, 1.0)
    assert [b.detection for b in gaussian] == [0.093, 0.26, 0.39]  # Φ(Φ⁻¹(α) + 1) rounded up
    pure = attack_bounds(math.log(2), 0.0, None)
    assert [b.detection for b in pure] == pytest.approx([0.02, 0.1, 0.2], abs=0.0011)
    assert all(b.detection == 1.0 for b in attack_bounds(1000.0, 1e-6, None))
    assert all(b.detection == pytest.approx(b.false_alarms) for b in attack_bounds(0.0, 0.0, 0.0))


def test_the_tighter_of_two_bounds_is_given():
    for epsilon, mu in [(0.1, 5.0), (8.0, 0.1), (1.0, 0.25)]:
        both = attack_bounds(epsilon, 1e-6, mu)
        one, other = attack_bounds(epsilon, 1e-6, None), attack_bounds(1e9, 1e-6, mu)
        assert [b.detection for b in both] == [
            min(a.detection, b.detection) for a, b in zip(one, other, strict=True)
        ]


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


def test_formats():
    assert [formats.number(v) for v in (1e-6, 0.5, 12.3456, 1234.5, 2_000_000, math.inf, 0)] == [
        "1e-6", "0.5", "12.35", "1,234", "2,000,000", "∞", "0"
    ]  # fmt: skip
    assert (
        formats.exact(1.23456789) == "1.23456789"
        and formats.exact(100.5) == "100.5"
        and formats.exact(1e-6) == "1e-6"
    )
    assert [formats.rounded_up(v) for v in (0.25, 1.00001, 0.123412, 99.991, 3e-7)] == [
        "0.25", "1.001", "0.1235", "100.0", "3e-7"
    ]  # fmt: skip
    assert [formats.degree(v) for v in (None, 0.4, {"size": 0.4, "font": 0.1})] == [
        "–",
        "0.4",
        "size 0.4, font 0.1",
    ]
    rows = formats.settings_rows(
        {"a": 1, "b": {"c": True, "d": [0.4, 0.2]}, "e": None, "f": {}, "g": []}
    )
    assert list(rows) == [
        ("a", "1"),
        ("b.c", "yes"),
        ("b.d", "0.4, 0.2"),
        ("e", "–"),
        ("f", "–"),
        ("g", "–"),
    ]


def card_data() -> ReportData:
    return ReportData(
        title="Digits",
        status="finished",
        generator=GeneratorView("gen", "pe-plugin-gen", "1.2.3", "draws", "MIT; fonts OFL-1.1"),
        privacy=PrivacyView(True, 1.0, 1e-6, 0.25, "client", 4, 3, 3, ("A sentence of the plan.",)),
        class_names=("zero", "one"),
        iterations=(),
        release=ReleaseView((1200, 300), "grey image of 8 × 8 pixels", None, ("data.npz",)),
        settings={},
        versions={},
        internal=InternalView("npz:secret.npz", logs=("secret",)),
    )


def test_the_card_says_what_a_reader_must_know():
    text = card(card_data())
    for part in (
        "1,500 synthetic samples", "| zero | 1,200 |", "3 of 4 planned", "A sentence of the plan.",
        "ε = 1, δ = 1e-6, μ = 0.25",
        "each single client", "MIT; fonts OFL-1.1", "arXiv:2305.15560", "arXiv:2502.05505", "ε adds up", "data.npz",
        "pe-plugin-gen 1.2.3",
    ):  # fmt: skip
        assert part in text
    assert "secret" not in text
    assert text.startswith('---\npretty_name: "Digits"\n')


def test_the_card_holds_no_markup_of_others():
    nasty = 'a|b](http://x) <b> *c* `d`\n---\n# "e"'
    data = replace(card_data(), title=nasty, class_names=(nasty, "- item"))
    data = replace(data, privacy=replace(data.privacy, sentences=(nasty, "1. one")))
    text = card(data)
    lines = text.splitlines()
    assert lines[1] == 'pretty_name: "a|b](http://x) <b> *c* `d` --- # \\"e\\""'
    assert lines.count("---") == 2
    body = "\n".join(lines[9:])
    assert body.count(r"a\|b\](http://x) \<b\> \*c\* \`d\` --- \# ") == 3
    assert r"| \- item | 300 |" in body and r"- 1\. one" in body


def test_no_card_for_a_run_that_is_not_private_or_not_done():
    data = card_data()
    with pytest.raises(PrivacyRefusal, match="NOT PRIVATE"):
        card(replace(data, privacy=replace(data.privacy, private=False, epsilon=math.inf)))
    with pytest.raises(PrivacyRefusal, match="nothing yet"):
        card(replace(data, release=None))
