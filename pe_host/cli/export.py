"""`pe export`: write the released data in another form."""

from pathlib import Path
from typing import Annotated

import typer

from pe_host.cli._output import show

NAME = "export"


def command(
    run: Annotated[Path, typer.Argument(help="The folder of a run.", metavar="RUN")],
    to: Annotated[str, typer.Option(help="npz, parquet or imagefolder.", metavar="FORMAT")],
    out: Annotated[Path, typer.Option(help="Where to write; must not exist.", metavar="PATH")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write the release of a run in another form."""
    from pe_host.commands.export import export

    show(export(run, to, out), as_json)
