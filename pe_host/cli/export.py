"""`pe export`: write the released samples in another format."""

from pathlib import Path
from typing import Annotated

import typer

from pe_host.cli._output import show

NAME = "export"


def command(
    run: Annotated[Path, typer.Argument(help="Folder of the run.", metavar="RUN")],
    to: Annotated[
        str,
        typer.Option(
            help="npz, imagefolder, parquet, huggingface, webdataset, csv (for series), or "
            "another exporter that `pe list-plugins` lists.",
            metavar="FORMAT",
        ),
    ],
    out: Annotated[Path, typer.Option(help="File or folder to create.", metavar="PATH")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write the released samples of a run in another format.

    This spends nothing, and keeps every pixel and every value.
    """
    from pe_host.commands.export import export

    show(export(run, to, out), as_json)
