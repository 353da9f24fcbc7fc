"""Options of the command line for settings: each setting is one option."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import Field
from pathlib import Path
from typing import Annotated, Any

import typer

from pe_host.job.setting import is_table, option_name

ConfigFile = Annotated[Path | None, typer.Option(help="TOML file of settings.", metavar="FILE")]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Print how the data are read and the plan; spend nothing."),
]
ShowNames = Annotated[
    bool, typer.Option("--show-names", help="Show names of private files in errors.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def with_settings(
    function: Callable[..., None], items: "Iterable[Field[Any]]"
) -> Callable[..., None]:
    """Give the function a keyword for each setting in place of `**given`, for typer to read."""
    own = [
        p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD
    ]
    parameters = [*map(_parameter, items), *(p.replace(kind=p.KEYWORD_ONLY) for p in own)]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {p.name: p.annotation for p in parameters}
    return function


def _parameter(item: "Field[Any]") -> inspect.Parameter:
    """The option of a setting.

    The setting's reader parses its text, so that all sources give the same errors.
    """
    name, metadata = option_name(item), item.metadata
    hint: Any
    if metadata["metavar"] == "":
        hint, declared = bool | None, f"{name}/--no-{name[2:]}"
    else:
        hint, declared = list[str] | None if is_table(item) else str | None, name
    default = (
        "" if is_table(item) or item.default in (None, "", ()) else f" [default: {item.default}]"
    )
    option = typer.Option(
        declared, help=metadata["help"] + default, metavar=metadata["metavar"] or None
    )
    return inspect.Parameter(
        item.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[hint, option]
    )
