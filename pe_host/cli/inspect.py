"""`pe inspect`: what pe takes a source for, before anything is spent."""

import os
from typing import Annotated, Any

import typer

from pe_host.cli._output import show
from pe_host.cli._settings import AsJson, ConfigFile, ShowNames, with_settings
from pe_host.errors import PeError
from pe_host.job.config import environment_of, inspect_settings, resolve_config

NAME = "inspect"


def _inspect(
    source: Annotated[
        str, typer.Argument(help="A data set, as for --data of `pe generate`.", metavar="SOURCE")
    ],
    config: ConfigFile = None,
    private: Annotated[
        bool, typer.Option("--private", help="Read every record and show counts, for you only.")
    ] = False,
    show_names: ShowNames = False,
    as_json: AsJson = False,
    **given: Any,
) -> None:
    """Show how SOURCE is read: layout, classes, records. Nothing is spent.

    Give the same options to `pe generate`.
    """
    # No other: a variable that this command has no use for is not its fault.
    variables = environment_of(inspect_settings(), os.environ)
    resolved = resolve_config(given, config, variables)
    from pe_host.cli._confined import confined_to_reading
    from pe_host.cli._hub import fetch_data_set

    fetch_data_set(source, resolved.split)  # there is no network after this
    try:
        with confined_to_reading():
            from pe_host.commands.inspect import inspect

            done = inspect(
                source,
                resolved.source_options(resolved.classes),
                private=private,
                bad_records="drop" if resolved.bad_records == "drop" else "refuse",
                classes_from=resolved.origin("classes"),
            )
    except PeError as error:
        error.shows_name = show_names
        raise
    show(done, as_json)


command = with_settings(_inspect, inspect_settings())
