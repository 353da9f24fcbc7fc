"""`pe replay`: rebuild the samples of a run from what it kept, and compare."""

from pathlib import Path
from typing import Annotated

import typer

from pe_host.cli._output import show

NAME = "replay"


def command(
    run: Annotated[Path, typer.Argument(help="Folder of the run.", metavar="RUN")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rebuild the samples of a run and compare them.

    Uses its noisy histograms and no private data. On the same machine, with the same versions, the
    samples are the same bit for bit.
    """
    from pe_host.commands.replay import replay

    show(replay(run), as_json)
