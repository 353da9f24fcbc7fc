"""Numbers and settings as text for people."""

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, Context


def number(value: float) -> str:
    """Format with at most four significant digits, and no decimals from 100 on.

    Thousands are grouped, and exponents short: 1e-6 rather than 1e-06.
    """
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "not a number")
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    if 100 <= abs(value) < 1e15:
        return f"{value:,.0f}"
    return _short_exponent(f"{value:.4g}")


def exact(value: float) -> str:
    """Format every digit, for ε and δ: rounding would change the promise."""
    if not math.isfinite(value) or float(value).is_integer():
        return number(value)
    return _short_exponent(repr(float(value)))


def rounded_up(value: float) -> str:
    """Format four significant digits, never below the value: for an upper bound."""
    if not math.isfinite(value) or value <= 0:
        return number(value)
    return _short_exponent(
        str(Context(prec=4, rounding=ROUND_CEILING).create_decimal(repr(float(value)))).lower()
    )


def percent(share: float) -> str:
    """Format a share as a percentage with one decimal."""
    return f"{share * 100:.1f} %"


def degree(value: float | Mapping[str, float] | None) -> str:
    """Format a degree of variation, or one for each parameter; a dash for none."""
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number(part)}" for name, part in value.items())
    return number(value)


def settings_rows(settings: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted name and the text of every setting, in the order given."""
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from settings_rows({str(k): v for k, v in value.items()}, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _text(value)


def _short_exponent(text: str) -> str:
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def _text(value: object) -> str:
    if value is None or value in ("", {}):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return ", ".join(_text(part) for part in value) or "–"
    return repr(value) if isinstance(value, float) else str(value)
