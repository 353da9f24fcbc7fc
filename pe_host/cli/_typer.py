"""typer's classes, less the import of pydantic for values that need no conversion.

typer reads each value with pydantic, even none. To import it takes as long as all else that a
command imports before its work.
"""

import inspect
from collections.abc import Callable, Set
from functools import partial
from typing import Any, get_args

from typer.core import TyperCommand, TyperGroup

_TEXT = (str, str | None, list[str] | None)


class Command(TyperCommand):
    """A command of `pe`."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _lightened(super().get_params(ctx), _texts(self.callback))


class Group(TyperGroup):
    """`pe` itself."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _lightened(super().get_params(ctx), _texts(self.callback))


def _texts(callback: Callable[..., Any] | None) -> Set[str]:
    """The names of parameters annotated as text."""
    if callback is None:
        return frozenset()
    parameters = inspect.signature(callback).parameters.values()
    return {p.name for p in parameters if (get_args(p.annotation) or (None,))[0] in _TEXT}


def _lightened(parameters: list[Any], texts: Set[str]) -> list[Any]:
    for parameter in parameters:
        if not isinstance(parameter.process_value, partial):
            is_text = parameter.name in texts
            process = partial(_process, parameter, parameter.process_value, is_text)
            parameter.process_value = process
    return parameters


def _process(
    parameter: Any, process: Callable[[Any, Any], Any], is_text: bool, context: Any, value: Any
) -> Any:
    """Return what `process`, typer's own, would: text and a default are what they should be."""
    if value is None and not parameter.required:
        value = () if parameter.multiple or parameter.nargs == -1 else None
    elif not (is_text and isinstance(value, str | list | tuple)) and not (
        isinstance(value, float) and _is_default(parameter, context)
    ):
        return process(context, value)
    return parameter.callback(context, parameter, value) if parameter.callback else value


def _is_default(parameter: Any, context: Any) -> bool:
    source = context.get_parameter_source(parameter.name)
    return source is not None and source.name == "DEFAULT"
