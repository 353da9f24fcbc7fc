"""`pe generate`: the main command. Its options follow from the settings of `RunConfig`."""

import os
from typing import Annotated, Any

import typer

from pe_host.cli._output import show
from pe_host.cli._progress import make_reporter
from pe_host.cli._settings import AsJson, ConfigFile, DryRun, ShowNames, with_settings
from pe_host.errors import PeError, UsageError
from pe_host.job.config import RunConfig, resolve_config, settings

NAME = "generate"


def _generate(
    config: ConfigFile = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")] = False,
    dry_run: DryRun = False,
    show_names: ShowNames = False,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="With --resume: count a run of another budget database here."),
    ] = False,
    as_json: AsJson = False,
    **given: Any,
) -> None:
    """Make differentially private synthetic data."""
    run(
        resolve_config(given, config, os.environ),
        resume=resume,
        dry_run=dry_run,
        show_names=show_names,
        adopt=adopt,
        as_json=as_json,
    )


def run(
    resolved: RunConfig,
    *,
    resume: bool = False,
    dry_run: bool = False,
    show_names: bool = False,
    adopt: bool = False,
    as_json: bool = False,
) -> None:
    """Run Private Evolution in this process, which is confined first, and show the result."""
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


command = with_settings(_generate, settings())
