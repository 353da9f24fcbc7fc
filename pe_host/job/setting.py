"""The declaration of one setting, and the readers that parse its value.

One reader takes both the text of a command line and the value of a TOML file. It returns the typed
value, is idempotent, and raises ValueError with what it expects. None, "not given", never reaches
it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, field
from typing import Any

from pe_host.errors import UsageError

Reader = Callable[[Any], Any]

_LONGEST = 200  # characters of a value in a message


def setting(
    default: Any,
    read: Reader,
    help: str,
    *,
    metavar: str = "TEXT",
    published: bool,
    saved: bool = True,
    reproducible: bool = True,
) -> Any:
    """Declare a dataclass field that is read from files, the environment and the command line.

    Args:
        default: the default value; None means that the host chooses.
        read: its reader.
        help: one line, for `pe generate --help`.
        metavar: placeholder of the value there; "" makes it a pair of switches, `--x` and `--no-x`.
        published: whether the public report shows it; False if it can name places or data of the
            operator. It has no default: whoever adds a setting has to decide.
        saved: whether it belongs in the configuration that is stored with a run.
        reproducible: whether the result depends on it, so that a resumed run needs the same value.
    """
    metadata = {
        "read": read,
        "help": help,
        "metavar": metavar,
        "saved": saved,
        "published": published,
        "reproducible": reproducible,
    }
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def environment_name(item: "Field[Any]") -> str:
    return f"PE_{item.name.upper()}"


def option_name(item: "Field[Any]") -> str:
    return f"--{item.name.replace('_', '-')}"


def quoted(value: Any) -> str:
    """A value in a message, as it was typed: the texts of a repeated option one after the other."""
    texts = (
        isinstance(value, list | tuple) and value and all(isinstance(part, str) for part in value)
    )
    try:
        text = ", ".join(map(repr, value)) if texts else repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits
        return f"a value of type {type(value).__name__} that is too long to show"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def read_option(name: str, read: Reader, value: Any) -> Any:
    """Parse the value of a command-line option.

    Raises:
        UsageError: the reader rejects it.
    """
    try:
        return read(value)
    except ValueError as error:
        raise UsageError(
            f"got {quoted(value)}, expected {error}", where=name, fix="see `--help`"
        ) from None


def string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a string")
    return value


def choice(*choices: str) -> Reader:
    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return str(value)

    return read


def boolean(value: Any) -> bool:
    words = {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    }
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def integer(low: int, high: int = 2**63 - 1) -> Reader:
    """Make a reader of whole numbers from `low` to `high`."""
    expected = f"a whole number from {low}" + (f" to {high}" if high < 2**63 - 1 else "")

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError(expected)
        try:
            number = int(value)
        except ValueError:
            raise ValueError(expected) from None
        if not low <= number <= high:
            raise ValueError(expected)
        return number

    return read


def number(
    expected: str,
    *,
    above: float = -math.inf,
    low: float = -math.inf,
    high: float = math.inf,
    infinite: bool = False,
) -> Reader:
    """Make a reader of numbers > above, >= low and <= high, never NaN.

    Args:
        expected: these bounds in words, for the error.
        above, low, high: the bounds.
        infinite: whether inf is allowed too, whatever `high` is.
    """

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(expected)
        try:
            result = float(value)
        except (ValueError, OverflowError):
            raise ValueError(expected) from None
        # Written so that NaN, for which every comparison is false, does not pass.
        fits = above < result and low <= result <= high and math.isfinite(result)
        if not (fits or (infinite and result == math.inf)):
            raise ValueError(expected)
        return result

    return read


def list_of(read_one: Reader, *, distinct: bool = False) -> Reader:
    """Make a reader of tuples, from a comma-separated text or a list."""

    def read(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
            if not value:  # typed on purpose, which is not the same as leaving it out
                raise ValueError("a comma-separated list of at least one item")
        if not isinstance(value, Sequence):
            raise ValueError("a list")
        try:
            items = tuple(read_one(part) for part in value)
        except ValueError as error:
            raise ValueError(f"a list, each item {error}") from None
        if distinct and len(set(items)) != len(items):
            raise ValueError("a list without duplicates")
        return items

    return read


def key_values(value: Any) -> dict[str, str]:
    """Read a mapping of names to texts.

    It is given as a table, as a list of `name=value`, or as one text with `;` between these.
    """
    if isinstance(value, str):
        value = [part.strip() for part in value.split(";") if part.strip()]
    if isinstance(value, Sequence):
        split = [str(part).partition("=") for part in value]
        if not all(name.strip() and equals for name, equals, _ in split):
            raise ValueError("name=value")
        value = {name.strip(): given for name, _, given in split}
    if not isinstance(value, Mapping):
        raise ValueError("a table of name = value")
    return {str(name): _as_typed(given) for name, given in value.items()}


def _as_typed(value: Any) -> str:
    """A value of a TOML file as it is typed after `--set name=`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str | int | float) for part in value):
        return ",".join(_as_typed(part) for part in value)
    raise ValueError("a table of name = value, where values are strings, numbers, true or false")
