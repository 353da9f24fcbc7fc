"""`pe list-plugins`: the installed plugins, from metadata; with --check it imports each one."""

import os
from dataclasses import replace
from typing import Annotated, Any

import typer

from pe_host.cli._output import write_json, write_lines, write_table
from pe_host.errors import UsageError
from pe_host.plugins import find
from pe_host.plugins.known import NOT_INSTALLED, not_installed

NAME = "list-plugins"


def command(
    check: Annotated[
        bool, typer.Option("--check", help="Import each plugin in a process of its own.")
    ] = False,
    timeout: Annotated[
        float,
        typer.Option(
            help="Time limit of each import.", envvar="PE_CHECK_SECONDS", metavar="SECONDS"
        ),
    ] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the plugins; with --check, try each of them.

    Without --check, everything comes from metadata and nothing is imported. Known plugins that are
    not installed come last, with the command that installs them.
    """
    if not timeout > 0:
        raise UsageError(
            f"got {timeout}, expected a number of seconds > 0",
            where="--timeout",
            fix="leave it out for 20",
        )
    plugins = find()
    missing = not_installed(plugins, os.environ.get("PE_PLUGINS", ""))
    started = None
    if check:
        from pe_host.plugins.startup_files import startup_files

        started = startup_files()
        from pe_host.plugins.isolated import check_all

        results = zip(plugins, check_all(plugins, timeout), strict=True)
        plugins = [
            replace(p, state=r.state, reason=r.reason, summary=r.summary) for p, r in results
        ]
    if as_json:
        documents: dict[str, Any] = {
            "plugins": [p.to_json() for p in plugins],
            "not_installed": [k.to_json() for k in missing],
        }
        if started is not None:
            documents["startup_files"] = [file.to_json() for file in started]
        write_json(documents)
        return
    rows = [
        (p.kind, p.name, p.state, f"{p.distribution} {p.version}", p.reason or p.summary)
        for p in plugins
    ]
    rows += [
        (k.kind, k.name, NOT_INSTALLED, k.distribution, f"{k.summary}: `{k.install}`")
        for k in missing
    ]
    write_table(("KIND", "NAME", "STATE", "FROM", "WHAT"), rows)
    if started:
        files = ", ".join(map(str, started))
        write_lines(["", f"Python runs when it starts, before plugins are confined: {files}"])
