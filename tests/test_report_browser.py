"""The report in a real browser.

Pictures load, nothing is wider than the page, and nothing breaks its content policy. Needs Chromium
or Chrome on the PATH (`apt-get install chromium`); skipped, with that reason, where there is none.
"""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

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

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
WIDTHS = (360, 800, 1400)

# The page under test is not changed: it is shown in frames of several widths and measured from
# outside.
MEASURE = """
const found = [];
const frames = [...document.querySelectorAll("iframe")];
function measure(frame) {
  const page = frame.contentDocument, root = page.documentElement;
  const images = [...page.images];
  const clipped = [...page.querySelectorAll("body *")].filter(e =>
    !e.closest(".scroll, pre, svg, .skip") &&
    e.getBoundingClientRect().right > root.clientWidth + 1);
  const height = e => e.getBoundingClientRect().height;
  // A turned text has its scale in b.
  const scale = e => Math.hypot(e.getScreenCTM().a, e.getScreenCTM().b);
  const small = [...page.querySelectorAll("svg text")].map(e =>
    parseFloat(getComputedStyle(e).fontSize) * scale(e)).filter(size => size < 9);
  found.push({
    width: root.clientWidth, overflow: root.scrollWidth - root.clientWidth, images: images.length,
    broken: images.filter(i => !i.complete || i.naturalWidth === 0).length,
    zooms: images.map(i => i.getBoundingClientRect().width / i.naturalWidth),
    misplaced: [...page.querySelectorAll(".sheet")].filter(s =>
      Math.abs(height(s.querySelector(".labels")) - height(s.querySelector("img"))) > 1).length,
    clipped: clipped.map(e => e.tagName + "." + e.className).slice(0, 5), small: small.length,
    script: page.defaultView.ran === true,
  });
  if (found.length === frames.length) document.body.dataset.found = JSON.stringify(found);
}
addEventListener("load", () => setTimeout(() => frames.forEach(measure), 0));
"""


def report(names: tuple[str, ...], size: int, columns: int) -> ReportData:
    rng = np.random.default_rng(5)

    def grid() -> RecordGrid:
        images = rng.integers(0, 256, (len(names), columns, size, size, 1), dtype=np.uint8)
        return RecordGrid(
            OutputSpec.image(size, size), images, np.full(len(names), columns, np.int64)
        )

    views = [IterationView(0, None, 2000, grid())]
    views += [
        IterationView(
            t,
            {"rotation": 0.4, "size": 0.2},
            2000,
            grid(),
            vote_statistics(rng.integers(-9, 30, 500), 4.0, 5.0),
        )
        for t in (1, 2, 3)
    ]
    long = "x" * 300
    return ReportData(
        title=f"A title with one {long} long word",
        status="finished",
        generator=GeneratorView("generator", "pe-plugin-generator", "1.0.0", "draws"),
        privacy=PrivacyView(
            True,
            1.0,
            1e-6,
            0.25,
            "record",
            3,
            3,
            3,
            ("One sentence.", long),
            ("embedding pixels",),
            (LedgerRow(1, "votes", 4, 1),),
        ),
        class_names=names,
        iterations=tuple(views),
        release=ReleaseView(tuple(range(len(names))), "grey image", grid(), ("data.npz",)),
        settings={"a": long, "b": {"c": 1}},
        versions={"pe-host": "1.0.0"},
        internal=InternalView(
            source=long,
            logs=(long,),
            settings={"data": long},
            evaluation=evaluation(names),
        ),
    )


def evaluation(names: tuple[str, ...]) -> EvaluationView:
    """45 parameters: numbers, one of them with a long name, and choices named like the classes."""
    choices, rng = Categorical(names), np.random.default_rng(6)
    shares = [tuple(rng.dirichlet(np.ones(20))) for _ in range(3)]
    marginals = [
        MarginalView(f"parameter {i}", Float(-1e4, 1e4), 0.4, 0.1, 0.01, *shares) for i in range(40)
    ]
    marginals += [MarginalView("x" * 300, Float(0.001, 1e4, log=True), 0.4, 0.1, 0.01, *shares)]
    shares = [tuple(rng.dirichlet(np.ones(len(names)))) for _ in range(3)]
    marginals += [MarginalView(f"choice {i}", choices, 0.4, 0.1, 0.01, *shares) for i in range(4)]
    return EvaluationView(
        "embedding 'pixels'", 1000, 9000, (0.3, 0.2, 0.1, 0.05), 0.01, tuple(marginals)
    )


REPORTS = (
    (tuple("0123456789"), 8, 12),
    (
        tuple(f"<script>parent.ran=ran=true</script> pleural effusion {i}" for i in range(3)),
        64,
        12,
    ),
    (("x" * 200, "y"), 28, 1),
)
"""Names of the classes, size of the images, and columns of the sheets, of each report."""


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """What one browser measures of all reports, each in frames of all widths."""
    folder = tmp_path_factory.mktemp("reports")
    pages = [html.escape(render(report(*one))) for one in REPORTS]
    frames = "".join(
        f'<iframe style="border:0;width:{width}px;height:900px" srcdoc="{page}"></iframe>'
        for page in pages
        for width in WIDTHS
    )
    (folder / "frames.html").write_text(
        f"<!DOCTYPE html><meta charset=utf-8><body>{frames}<script>{MEASURE}</script>",
        encoding="utf-8",
    )
    return measured(folder)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on the PATH")
@pytest.mark.parametrize("number", range(len(REPORTS)))
def test_the_report_shows_well_in_a_browser(views: list[dict], number: int) -> None:
    assert len(views) == len(REPORTS) * len(WIDTHS)
    found = views[number * len(WIDTHS) :][: len(WIDTHS)]
    assert [view["width"] for view in found] == list(WIDTHS)
    for view in found:
        assert view["images"] == 5 and view["broken"] == 0
        assert view["overflow"] <= 0, view
        assert view["clipped"] == []
        assert view["misplaced"] == 0 and view["small"] == 0
        assert all(zoom >= 1 and abs(zoom - round(zoom)) < 1e-3 for zoom in view["zooms"])
        assert view["script"] is False


def measured(folder: Path) -> list[dict]:
    assert BROWSER is not None
    command = [
        BROWSER,
        "--headless",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=20000",
        "--window-size=1600,1000",
        "--dump-dom",
        (folder / "frames.html").as_uri(),
    ]
    if os.geteuid() == 0:
        command.insert(1, "--no-sandbox")  # the browser refuses to start as root with it
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    match = re.search(r'data-found="([^"]*)"', done.stdout)
    assert match, "the browser did not finish measuring: " + done.stderr[-500:]
    return json.loads(html.unescape(match[1]))
