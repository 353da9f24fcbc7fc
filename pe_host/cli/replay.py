"""`pe replay`: make a run's samples again from what it kept, and compare."""

from pathlib import Path
from typing import Annotated

import typer

from pe_host.cli._output import show

NAME = "replay"


def command(
    run: Annotated[Path, typer.Argument(help="The folder of a run.", metavar="RUN")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a run's samples again and compare.

    From its noisy histograms, without private data; on the same machine and versions they are the same bit for bit.
    """
    from pe_host.commands.replay import replay

    show(replay(run), as_json)
