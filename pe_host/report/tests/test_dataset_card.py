"""The dataset card: complete, escaped, and only for a release."""

import math
from dataclasses import replace

import pytest

from pe_host.errors import PrivacyRefusal
from pe_host.report import GeneratorView, InternalView, PrivacyView, ReleaseView, ReportData, card


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
        "ε = 1, δ = 1e-6, μ = 0.25", "each single client", "MIT; fonts OFL-1.1",
        "arXiv:2305.15560", "arXiv:2502.05505", "ε adds up", "data.npz", "pe-plugin-gen 1.2.3",
    ):  # fmt: skip
        assert part in " ".join(text.split())
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
