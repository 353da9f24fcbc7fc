"""`pe new-plugin`: create the folder of a new plugin."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pe_host.cli._output import show
from pe_host.plugins import find

NAME = "new-plugin"


def command(
    name: Annotated[
        str, typer.Argument(help="What users will type, such as my-scene.", metavar="NAME")
    ],
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="simulator (default), generator (a black box), embedding, reader or exporter; "
            "repeatable."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to create; pe-plugin-NAME by default.", metavar="FOLDER"),
    ] = None,
    summary: Annotated[str, typer.Option(help="What it makes, on one line.", metavar="TEXT")] = "",
    author: Annotated[str, typer.Option(help="Your name.", metavar="TEXT")] = "",
    licence: Annotated[str, typer.Option(help="MIT, Apache-2.0 or BSD-3-Clause.")] = "MIT",
    ci: Annotated[bool, typer.Option("--ci/--no-ci", help="Add a workflow for GitHub.")] = True,
    template: Annotated[
        str, typer.Option(help="Another template: a folder or a git repository.", metavar="SOURCE")
    ] = "",
    template_version: Annotated[
        str, typer.Option(help="Tag in that git repository.", metavar="TAG")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Create a new plugin: a working package for you to adapt.

    It comes with tests, types, a documentation page, a licence and a workflow that publishes it.
    """
    from pe_host.commands.new_plugin import answers, write

    data = answers(name, kind or (), summary, author, licence, ci)
    made = write(data, out or Path(f"pe-plugin-{name}"), template, template_version)
    if others := sorted({f"{p.distribution} ({p.kind})" for p in find() if p.name == name}):
        taken = f"warning: the name {name!r} is taken by {', '.join(others)}"
        text = f"{taken}: with both installed, users must type distribution/name"
        print(text, file=sys.stderr)  # noqa: T201  a warning, not a result
    show(made, as_json)
