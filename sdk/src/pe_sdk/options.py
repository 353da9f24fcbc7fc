"""Options of a plugin: a frozen dataclass, filled from `name=value` strings.

Every field has a default and a help text, which `option` puts in `field(metadata={"help": ...})`.
Types are bool, int, float, str, tuple[str, ...] (comma-separated) and dict[str, str] (filled key by
key: `name.key=value`). One dict may be marked as the `rest`: it takes every `other.key=value` in
which `other` is not an option, under the key "other.key". Generators use it to pass options on to
other generators.
"""

import difflib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, TypeVar, Union

from pe_sdk.errors import OptionError

T = TypeVar("T")


@dataclass(frozen=True)
class NoOptions:
    """Options of a plugin that has none."""


@dataclass(frozen=True)
class OptionInfo:
    """One option as shown to users: name, type and default as they are typed, and the help text."""

    name: str
    type: str
    default: str
    help: str


def option(default: Any, help: str, rest: bool = False, path: str | None = None) -> Any:
    """Make a dataclass field with a default and a help text.

    Args:
        default: the default; a dict is copied for each instance.
        help: the help text.
        rest: whether the field takes options that no other field takes: `other.key=value`, in which
            `other` is not an option.
        path: "read" where a value can be the path of a file or folder that the plugin reads, with
            or without `scheme:` before it; in a dict, each of its values. The host lets the
            plugin's process read what the user names in such an option, and no other file of the
            user.

    Raises:
        ValueError: another `path`.
    """
    if path not in (None, "read"):
        raise ValueError(f"path is None or 'read', got {path!r}")
    metadata = {"help": help, "rest": rest, "path": path}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def _rest(options: Any) -> str | None:
    """Return the name of the field that takes what no other does, if there is one."""
    return next((f.name for f in fields(options) if f.metadata.get("rest")), None)


def _default(item: "Field[Any]") -> Any:
    if item.default_factory is not MISSING:
        return item.default_factory()
    return item.default


def _hints(options: type) -> dict[str, Any]:
    return typing.get_type_hints(options)


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, dict):
        return " ".join(f"{key}={text}" for key, text in value.items())
    return "" if value is None else str(value)


def _type_name(hint: Any) -> str:
    if typing.get_origin(hint) is dict:
        return "name.KEY=TEXT"
    if typing.get_origin(hint) is tuple:
        return "text,text,…"
    return str(getattr(hint, "__name__", hint))


def describe_options(options: type) -> list[OptionInfo]:
    """Return the options of a dataclass in order of definition."""
    hints = _hints(options)
    return [
        OptionInfo(
            f.name,
            "OTHER.KEY=TEXT" if f.metadata.get("rest") else _type_name(hints[f.name]),
            _typed(_default(f)),
            f.metadata.get("help", ""),
        )
        for f in fields(options)
    ]


def path_options(options: type, given: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names, of those given as for `parse_options`, whose values may be paths."""
    marked = {f.name for f in fields(options) if f.metadata.get("path")}
    known, rest = {f.name for f in fields(options)}, _rest(options)

    def field_of(name: str) -> str | None:
        head = name.partition(".")[0]
        return rest if head not in known else head

    return tuple(sorted(name for name in given if field_of(name) in marked))


def parse_options(options: type[T], given: Mapping[str, str]) -> T:
    """Make the options from strings, as `--set` and files give them.

    Raises:
        OptionError: an unknown name (the message suggests the nearest known one), or a value of the
            wrong type.
    """
    hints = _hints(options)
    known = {f.name: f for f in fields(options)}  # type: ignore[arg-type]  # T is a dataclass
    values: dict[str, Any] = {}
    rest = _rest(options)
    for name, text in given.items():
        head, dot, key = name.partition(".")
        if dot and key and rest and (head not in known or head == rest):
            values.setdefault(rest, dict(_default(known[rest])))[name] = text
            continue
        if head not in known or bool(dot) != (typing.get_origin(hints[head]) is dict):
            raise OptionError(_unknown(name, hints))
        if dot:
            values.setdefault(head, dict(_default(known[head])))[key] = text
        else:
            values[head] = _parse(name, text, hints[head])
    try:
        return options(**values)
    except ValueError as error:  # a check of the plugin's own, in __post_init__
        raise OptionError(str(error)) from error


def option_values(options: Any) -> dict[str, str]:
    """Return all values of an instance as strings, which `parse_options` turns back into it.

    Values that are None are left out.
    """
    values: dict[str, str] = {}
    for f in fields(options):
        value = getattr(options, f.name)
        if isinstance(value, dict):
            prefix = "" if f.metadata.get("rest") else f"{f.name}."
            values |= {f"{prefix}{key}": text for key, text in value.items()}
        elif value is not None:
            values[f.name] = _typed(value)
    return values


def _unknown(name: str, hints: Mapping[str, Any]) -> str:
    shown = [f"{n}.KEY" if typing.get_origin(h) is dict else n for n, h in hints.items()]
    close = difflib.get_close_matches(name, shown, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    return f"unknown option {name!r}{hint} Options: {', '.join(shown) or 'none'}"


def _parse(name: str, text: str, hint: Any) -> Any:
    if typing.get_origin(hint) in (Union, types.UnionType):
        hint = next(arm for arm in typing.get_args(hint) if arm is not type(None))
    if typing.get_origin(hint) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if hint is bool:
        if text.lower() in ("true", "yes", "on", "1", "false", "no", "off", "0"):
            return text.lower() in ("true", "yes", "on", "1")
        raise OptionError(f"option {name!r} must be true or false, got {text!r}")
    try:
        return hint(text)
    except ValueError:
        raise OptionError(
            f"option {name!r} must be of type {_type_name(hint)}, got {text!r}"
        ) from None
