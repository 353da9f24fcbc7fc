"""The page as text: complete, self-contained, escaped, and clear on what is internal."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import pe_host.report
from pe_host.report import (
    EvaluationView,
    GeneratorView,
    InternalView,
    IterationView,
    LedgerRow,
    MarginalView,
    PrivacyView,
    RecordGrid,
    ReleaseView,
    ReportData,
    render,
    vote_statistics,
)
from pe_sdk import Categorical, Float, OutputSpec

VOID = {"meta", "img", "link", "br", "hr", "input"}
NASTY = "<script>alert(\"1\")</script> & 'x' </style> {{ 7*7 }}"


def report_data(
    classes: int = 3, size: int = 8, iterations: int = 3, columns: int = 4, **changes: object
) -> ReportData:
    rng = np.random.default_rng(7)
    names = tuple(f"class {label}" for label in range(classes))
    filled = np.full(classes, columns, np.int64)
    filled[0] = 1

    def grid() -> RecordGrid:
        images = rng.integers(0, 256, (classes, columns, size, size, 1), dtype=np.uint8)
        return RecordGrid(OutputSpec.image(size, size), images, filled)

    views = [IterationView(0, None, 90, grid())]
    views += [
        IterationView(t, 0.4 / t, 90, grid(), vote_statistics(rng.integers(-9, 40, 90), 5.0, 7.0))
        for t in range(1, iterations + 1)
    ]
    data = ReportData(
        title="A run",
        status="finished",
        generator=GeneratorView("gen", "pe-plugin-gen", "1.2.3", "draws things", "MIT"),
        privacy=PrivacyView(
            private=True,
            epsilon=1.2345678,
            delta=1e-6,
            mu=0.25,
            unit="record",
            rounds_planned=iterations,
            rounds_spent=iterations,
            rounds_used=iterations,
            sentences=("First sentence.", "Second sentence."),
            trusted=("embedding pixels",),
            ledger=(
                LedgerRow(None, "class counts", 30.5, 1),
                LedgerRow(1, "votes", 5.0, 10, attempt=2, used=False),
            ),
        ),
        class_names=names,
        iterations=tuple(views),
        release=ReleaseView(tuple(range(10, 10 + classes)), "grey image", grid(), ("data.npz",)),
        settings={"epsilon": 1.0, "embedding": {"name": "pixels"}},
        versions={"pe-host": "1.0.0"},
        internal=InternalView(
            source="npz:secret-place.npz",
            logs=("secret-log-line",),
            settings={"data": "npz:secret-place.npz"},
        ),
    )
    return replace(data, **changes)  # type: ignore[arg-type]


def evaluated(*marginals: MarginalView, **changes: object) -> ReportData:
    """A report with an evaluation."""
    data = report_data(**changes)
    view = EvaluationView("embedding 'secret-space'", 123, 456, (0.4, 0.2, 0.1), 0.03, marginals)
    return replace(data, internal=replace(data.internal, evaluation=view))


def marginal(name: str, before: float, after: float, choices: tuple[str, ...] = ()) -> MarginalView:
    shares = (1 / (len(choices) or 2),) * (len(choices) or 2)
    return MarginalView(
        name,
        Categorical(choices) if choices else Float(0, 1),
        before,
        after,
        0.011,
        shares,
        shares,
        shares,
    )


class Outline(HTMLParser):
    """Parses a page, keeps its tags and texts, and fails if tags are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def test_the_page_is_balanced_and_structured():
    outline = Outline(render(report_data()))
    assert outline.open == []
    names = [tag for tag, _ in outline.tags]
    assert names.count("h1") == 1 and names.count("main") == 1
    levels = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(set(ids)) == len(ids)
    for tag, attrs in outline.tags:
        if tag == "a" and (attrs["href"] or "").startswith("#"):
            assert attrs["href"][1:] in ids
        if "aria-labelledby" in attrs:
            assert attrs["aria-labelledby"] in ids


def test_every_image_has_a_text_alternative_and_is_inside_the_page():
    outline = Outline(render(report_data()))
    images = [attrs for tag, attrs in outline.tags if tag == "img"]
    assert len(images) == 5  # the release and iterations 0 to 3
    assert all((attrs["alt"] or "").strip() for attrs in images)
    assert all((attrs["src"] or "").startswith("data:image/png;base64,") for attrs in images)
    charts = [attrs for tag, attrs in outline.tags if tag == "svg"]
    assert len(charts) == 2 and all(
        attrs["role"] == "img" and attrs["aria-label"] for attrs in charts
    )


def test_nothing_is_loaded_and_nothing_runs():
    page = render(report_data())
    for tag, attrs in Outline(page).tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        assert not any(name.startswith("on") for name in attrs)
        for name in ("src", "href", "srcset", "data", "action"):
            assert (attrs.get(name) or "#").startswith(("#", "data:image/png;base64,"))
    assert "@import" not in page and "url(" not in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_every_text_is_escaped():
    base = report_data(classes=1)
    data = replace(
        base,
        title=NASTY,
        status=NASTY,
        class_names=(NASTY,),
        generator=GeneratorView(NASTY, NASTY, NASTY, NASTY, NASTY),
        privacy=replace(
            base.privacy,
            unit=NASTY,
            sentences=(NASTY,),
            trusted=(NASTY,),
            ledger=(LedgerRow(1, NASTY, 1, 1),),
        ),
        release=replace(base.release, record=NASTY, files=(NASTY,)),
        iterations=(
            replace(
                base.iterations[1], degree={NASTY: 0.5}, stats={"share_above": 0.5, NASTY: 3.0}
            ),
        ),
        settings={NASTY: NASTY, "nested": {NASTY: [NASTY]}},
        versions={NASTY: NASTY},
        internal=InternalView(NASTY, (NASTY,), {NASTY: NASTY}),
    )
    page = render(data)
    outline = Outline(page)
    assert "<script" not in page and page.count("</style>") == 1
    assert not any(tag == "script" for tag, _ in outline.tags)
    assert " ".join(outline.text).count(NASTY) >= 20
    assert "{{ 7*7 }}" in page


def test_a_class_name_that_is_no_unicode_can_still_be_written():
    data = report_data(classes=1, class_names=("a\udc80b",))
    assert "a?b" in render(data).encode("utf-8").decode("utf-8")


def test_the_public_page_holds_nothing_internal():
    data = report_data()
    page = render(data.public())
    assert "secret" not in page and "Fréchet" not in page and "Internal" not in page
    internal = render(data)
    assert {"npz:secret-place.npz", "secret-log-line"} <= set(Outline(internal).text)
    assert "No privacy guarantee covers it" in internal


def test_what_was_measured_is_on_the_internal_page_alone():
    data = evaluated(marginal("age", 0.31, 0.042), marginal("hair", 0.2, 0.25, ("short", "long")))
    outline = Outline(render(data))
    text = " ".join(" ".join(outline.text).split())
    assert outline.open == [] and "123 samples" in text and "456 private records" in text
    assert "In 1 of 2, the final samples are closer" in text
    assert "0.310" in text and "0.042" in text and "0.011" in text and "0.310 → 0.042" in text
    figures = [
        attrs for tag, attrs in outline.tags if tag == "figure" and attrs["class"] == "histogram"
    ]
    assert len(figures) == 2
    assert any(
        "0.4, 0.2, 0.1" in (attrs["aria-label"] or "")
        for tag, attrs in outline.tags
        if tag == "svg"
    )
    page = render(data.public())
    assert (
        "secret" not in page and "Fréchet" not in page and '<figure class="histogram"' not in page
    )
    assert page == render(report_data().public())


def test_without_parameters_the_distance_alone_is_shown():
    text = render(evaluated())
    assert (
        "Fréchet distance" in text
        and "Recovered parameters" not in text
        and '<figure class="histogram"' not in text
    )


def test_names_of_parameters_and_choices_are_escaped():
    page = render(evaluated(marginal(NASTY, 0.3, 0.2), marginal("hair", 0.3, 0.2, (NASTY, "b"))))
    assert "<script" not in page and page.count("</style>") == 1
    assert (
        " ".join(Outline(page).text).count(NASTY) == 3
    )  # in the table, above its picture, and in a tooltip


def test_forty_five_parameters_make_no_large_page():
    names = [marginal(f"parameter {i}", 0.3, 0.2) for i in range(40)]
    names += [
        marginal(f"choice {i}", 0.3, 0.2, tuple(f"style {j}" for j in range(13))) for i in range(5)
    ]
    assert len(render(evaluated(*names))) - len(render(report_data())) < 150_000


def test_the_guarantee_is_on_the_page():
    text = " ".join(Outline(render(report_data().public())).text)
    for part in (
        "ε = 1.2345678",
        "δ = 1e-6",
        "μ = 0.25",
        "First sentence.",
        "Second sentence.",
        "embedding pixels",
    ):
        assert part in text
    assert "3 planned, 3 paid for, 3 used" in text
    assert "lost, counted as spent" in text and "30.5" in text
    assert "NOT PRIVATE" not in text


def test_a_run_without_privacy_says_so_and_claims_nothing():
    base = report_data()
    privacy = replace(
        base.privacy,
        private=False,
        epsilon=float("inf"),
        mu=None,
        ledger=(),
        sentences=("No noise.",),
    )
    text = " ".join(Outline(render(replace(base, privacy=privacy))).text)
    assert text.count("NOT PRIVATE") == 2
    assert "covered by the guarantee" not in text and "detects at most" not in text
    assert "Released samples" not in text


def test_a_run_before_its_first_iteration_has_a_page():
    data = replace(
        report_data(), iterations=(), release=None, settings={}, versions={}, internal=None
    )
    outline = Outline(render(data))
    assert outline.open == [] and not any(tag in {"img", "svg"} for tag, _ in outline.tags)


def test_records_that_are_no_images_have_a_page():
    base = report_data()
    data = replace(
        base,
        release=replace(base.release, grid=None),
        iterations=tuple(replace(view, grid=None) for view in base.iterations),
    )
    outline = Outline(render(data))
    assert not any(tag == "img" for tag, _ in outline.tags)
    assert "are not shown as pictures" in " ".join(outline.text)


def test_counts_that_do_not_fit_the_classes_are_refused():
    base = report_data()
    with pytest.raises(ValueError, match="zip"):
        render(replace(base, release=replace(base.release, counts=(1,))))


def test_equal_data_give_equal_pages():
    assert render(report_data()) == render(report_data())


def test_a_page_of_the_usual_size_stays_small():
    # Digits are mostly black: a third of the pixels random is more than any of them needs.
    data = report_data(classes=10, size=28, iterations=7, columns=12)

    def thin(grid: RecordGrid) -> RecordGrid:
        images = grid.records.copy()
        images[:, :, :, ::3] = 0
        images[:, :, ::2] = 0
        return RecordGrid(grid.output, images, grid.filled)

    data = replace(
        data, iterations=tuple(replace(view, grid=thin(view.grid)) for view in data.iterations)
    )
    data = replace(data, release=replace(data.release, grid=thin(data.release.grid)))
    assert len(render(data).encode()) < 1_000_000


def test_text_has_the_contrast_that_accessibility_asks_for():
    # WCAG 2.1, 1.4.3: 4.5 to 1 for text. Fails if a colour of the style sheet is too faint.
    css = (Path(pe_host.report.__file__).parent / "templates" / "report.css").read_text(
        encoding="utf-8"
    )
    schemes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.S)
    ]
    assert len(schemes) == 3
    for scheme in schemes:
        pairs = [
            ("text", "page"),
            ("soft", "page"),
            ("text", "panel"),
            ("soft", "panel"),
            ("accent", "page"),
        ]
        pairs += [
            ("alarm-text", "alarm-page"),
            ("note-text", "note-page"),
            ("line", "page"),
            ("second", "page"),
        ]
        for front, back in pairs:
            assert contrast(scheme[front], scheme[back]) >= 4.5, (front, back)


def contrast(a: str, b: str) -> float:
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
