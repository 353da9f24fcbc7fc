"""How one setting is declared and read: one reader takes the text of a command line and the value of a TOML file.

A reader is called with a text or a typed value and returns the typed value; it is idempotent, and raises ValueError
with what it expects. None, "not given", never reaches it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, field
from typing import Any

from pe_host.errors import UsageError

Reader = Callable[[Any], Any]


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
    """A dataclass field that is read from files, the environment and the command line.

    Args:
        default: a value, where None means that the host chooses.
        read: its reader.
        help: one line, for `pe generate --help`.
        metavar: what stands for the value there; "" makes it a pair of switches, `--x` and `--no-x`.
        published: whether the public report shows it; False where it can name places or data of the
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


def shown(value: Any) -> str:
    """A value in a message: as it was typed, so what an option that may be repeated was given is one text after the other."""
    texts = (
        isinstance(value, list | tuple) and value and all(isinstance(part, str) for part in value)
    )
    return ", ".join(map(repr, value)) if texts else repr(value)


def read_option(name: str, read: Reader, value: Any) -> Any:
    """The value of an option of the command line.

    Raises:
        UsageError: the reader does not take it.
    """
    try:
        return read(value)
    except ValueError as error:
        raise UsageError(
            f"got {shown(value)}, expected {error}", where=name, fix="`--help` shows what it takes"
        ) from None


def string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
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
    """A whole number in low..high."""
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
    """A number > above, >= low and <= high, never NaN; inf only where `infinite`, whatever `high`. `expected` says so."""

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
    """A tuple, from a comma-separated text or a list."""

    def read(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
            if not value:  # typed, so meant: it is not the same as leaving it out
                raise ValueError("a list of at least one, with commas between")
        if not isinstance(value, Sequence):
            raise ValueError("a list")
        try:
            items = tuple(read_one(part) for part in value)
        except ValueError as error:
            raise ValueError(f"a list, each of it {error}") from None
        if distinct and len(set(items)) != len(items):
            raise ValueError("a list of which no two are alike")
        return items

    return read


def key_values(value: Any) -> dict[str, str]:
    """A mapping of names to texts: a table, a list of `name=value`, or one text with `;` between these."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(";") if part.strip()]
    if isinstance(value, Sequence):
        split = [str(part).partition("=") for part in value]
        if not all(name.strip() and equals for name, equals, _ in split):
            raise ValueError("name=value")
        value = {name.strip(): given for name, _, given in split}
    if not isinstance(value, Mapping):
        raise ValueError("a table of name = value")
    return {str(name): _written(given) for name, given in value.items()}


def _written(value: Any) -> str:
    """A value of a TOML file as one types it after `--set name=`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str | int | float) for part in value):
        return ",".join(_written(part) for part in value)
    raise ValueError("a table of name = value, the values being texts, numbers or true and false")
