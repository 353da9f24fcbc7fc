"""`pe generate`: the main command. Its options follow from the settings of `RunConfig`."""

import inspect
import os
from collections.abc import Callable
from dataclasses import Field
from pathlib import Path
from typing import Annotated, Any

import typer

from pe_host.cli._output import show
from pe_host.cli._progress import make_reporter
from pe_host.errors import PeError, UsageError
from pe_host.job.config import resolve_config, settings
from pe_host.job.setting import key_values, option_name

NAME = "generate"


def _generate(
    config: Annotated[
        Path | None, typer.Option(help="TOML file of settings.", metavar="FILE")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan and touch no private data.")
    ] = False,
    show_names: Annotated[
        bool,
        typer.Option("--show-names", help="Show names of private files in errors."),
    ] = False,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="With --resume: count a run of another budget database here."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    **given: Any,
) -> None:
    """Make differentially private synthetic data."""
    resolved = resolve_config(given, config, os.environ)
    if not resolved.plugin:
        fix = "give --plugin NAME; `pe list-plugins` lists the generators"
        raise UsageError("no generator was given", where="--plugin", fix=fix)
    if resume and not resolved.out:
        raise UsageError("--resume needs --out RUN", fix="give the folder of the run to continue")
    if adopt and not resume:
        raise UsageError("--adopt needs --resume", fix="a new run is counted in any case")
    from pe_host.cli._confined import confined
    from pe_host.plugins import find

    installed = find()  # once: metadata of all distributions
    try:
        with confined(resolved, installed, resume=resume, dry_run=dry_run) as place:
            from pe_host.commands.generate import generate

            done = generate(
                resolved,
                out=place.out,
                exposed=place.exposed,
                resume=resume,
                dry_run=dry_run,
                reporter=make_reporter(),
                installed=installed,
                adopt=adopt,
            )
    except PeError as error:
        error.shows_name = show_names
        raise
    show(done, as_json)


def _parameter(item: "Field[Any]") -> inspect.Parameter:
    """The option of a setting.

    The setting's reader parses its text, so that all sources give the same errors.
    """
    name, metadata = option_name(item), item.metadata
    hint: Any
    if metadata["metavar"] == "":
        hint, declared = bool | None, f"{name}/--no-{name[2:]}"
    else:
        hint, declared = list[str] | None if metadata["read"] is key_values else str | None, name
    default = (
        ""
        if item.default in (None, "", ()) or metadata["read"] is key_values
        else f" [default: {item.default}]"
    )
    option = typer.Option(
        declared, help=metadata["help"] + default, metavar=metadata["metavar"] or None
    )
    return inspect.Parameter(
        item.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[hint, option]
    )


def _with_settings(function: Callable[..., None]) -> Callable[..., None]:
    """Give the function a keyword for each setting in place of `**given`, for typer to read."""
    own = [
        p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD
    ]
    added = [_parameter(item) for item in settings()]
    parameters = [*added, *(p.replace(kind=p.KEYWORD_ONLY) for p in own)]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {p.name: p.annotation for p in parameters}
    return function


command = _with_settings(_generate)
