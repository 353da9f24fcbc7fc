"""`pe report`: write the pages of a run anew."""

from pathlib import Path
from typing import Annotated

import typer

from pe_host.cli._output import show

NAME = "report"


def command(
    run: Annotated[Path, typer.Argument(help="The folder of a run.", metavar="RUN")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write the reports of a run anew."""
    from pe_host.commands.report import build_reports

    show(build_reports(run), as_json)
