"""`pe continue`: start a new run from the release of a finished one."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from pe_host.cli import generate
from pe_host.cli._settings import AsJson, ConfigFile, DryRun, ShowNames, with_settings
from pe_host.errors import DataError, PrivacyRefusal
from pe_host.job.config import continue_settings, resolve_config

NAME = "continue"


def _continue(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.", metavar="RUN")],
    config: ConfigFile = None,
    dry_run: DryRun = False,
    show_names: ShowNames = False,
    as_json: AsJson = False,
    **given: Any,
) -> None:
    """Start a new run from the release of a finished one.

    It has the settings of that run, except those given here. --epsilon is what it may add; plan,
    card and report state the ε of both runs together. To resume a run that was interrupted, use
    `pe generate --resume`.
    """
    if given.get("epsilon") is None:
        fix = "give --epsilon E, the most that this run may add"
        raise PrivacyRefusal("no privacy budget was given", where="--epsilon", fix=fix)
    file = run / "config.toml"
    if not file.is_file():
        fix = "give the folder of a run, as `pe generate` prints it"
        raise DataError("this folder is not a run: it has no config.toml", where=str(run), fix=fix)
    resolved = resolve_config({**given, "start": str(run)}, config, os.environ, base=file)
    generate.run(resolved, dry_run=dry_run, show_names=show_names, as_json=as_json)


command = with_settings(_continue, continue_settings())
