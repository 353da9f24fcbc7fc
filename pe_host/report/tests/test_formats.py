"""Numbers and settings as text."""

import math

from pe_host.report import formats


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
