"""`pe samples`: draw more samples from a finished run, at no cost."""

from pathlib import Path
from typing import Annotated

import typer

from pe_host.cli._output import show
from pe_host.job.setting import integer, read_option

NAME = "samples"

_MOST = 100_000_000


def command(
    run: Annotated[Path, typer.Argument(help="Folder of the run.", metavar="RUN")],
    n: Annotated[
        str, typer.Option("--n", help="Number of samples, over all classes.", metavar="N")
    ],
    out: Annotated[Path, typer.Option(help="File or folder to create.", metavar="PATH")],
    to: Annotated[str, typer.Option(help="Format, as for `pe export`.", metavar="FORMAT")] = "npz",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Draw more samples from a finished run. This spends nothing.

    They are what the run would have released with --samples N: for the same N, always the same.
    """
    count = read_option("--n", integer(1, _MOST), n)
    from pe_host.commands.samples import draw

    show(draw(run, count, to, out), as_json)
