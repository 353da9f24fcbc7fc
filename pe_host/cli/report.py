"""`pe report`: write the reports of a run again."""

from pathlib import Path
from typing import Annotated

import typer

from pe_host.cli._output import show

NAME = "report"


def command(
    run: Annotated[Path, typer.Argument(help="Folder of the run.", metavar="RUN")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write the reports of a run again."""
    from pe_host.commands.report import build_reports

    show(build_reports(run), as_json)
