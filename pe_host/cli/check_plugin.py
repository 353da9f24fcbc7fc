"""`pe check-plugin`: check in a child process that a plugin keeps the rules of its contract."""

from typing import Annotated, Any

import typer

from pe_host.cli._output import write_json, write_lines, write_table
from pe_host.errors import UsageError
from pe_host.plugins import resolve_any
from pe_host.plugins.names import one_line

NAME = "check-plugin"
LEVELS = ("static", "basic", "full")
_LONGEST = 86_400.0


def command(
    plugin: Annotated[str, typer.Argument(help="Its name, or distribution/name.", metavar="NAME")],
    level: Annotated[
        str,
        typer.Option(
            help="static: makes nothing; basic: calls it too; full: also in other processes.",
            metavar="LEVEL",
        ),
    ] = "full",
    kind: Annotated[
        str,
        typer.Option(help="generator, embedding, reader or exporter, if several share the name."),
    ] = "",
    options: Annotated[
        list[str] | None,
        typer.Option("--set", help="Option of the plugin; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    location: Annotated[
        str, typer.Option(help="Source to read, for a reader.", metavar="LOCATION")
    ] = "",
    timeout: Annotated[float, typer.Option(help="Time limit.", metavar="SECONDS")] = 1800.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check that a plugin keeps the rules of its contract.

    Exit code 0: no check failed; 3: a check failed, or the plugin cannot be loaded.
    """
    if level not in LEVELS:
        raise UsageError(
            f"got {level!r}, expected one of {', '.join(LEVELS)}",
            where="--level",
            fix="leave it out",
        )
    if not 0 < timeout <= _LONGEST:
        what = f"got {timeout}, expected seconds from above 0 to {_LONGEST:,}"
        raise UsageError(what, where="--timeout", fix="leave it out for 1800")
    from pe_host.job.setting import key_values, read_option
    from pe_host.plugins.conformance import conformance

    given = read_option("--set", key_values, options or [])
    report = conformance(resolve_any(plugin, kind), level, given, location, timeout)
    if as_json:
        write_json(report)
    else:
        _show(report)
    if any(result["status"] == "failed" for result in report["results"]):
        raise typer.Exit(3)


def _show(report: dict[str, Any]) -> None:
    results = report["results"]
    rows = [[r["name"], r["status"], one_line(r["detail"])] for r in results]
    write_table(("CHECK", "STATUS", "WHAT"), rows)
    failed = [r for r in results if r["status"] == "failed"]
    if failed:
        write_lines(["", "broken rules"])
        write_lines([f"{r['name']}: {r['rule']}" for r in failed])
        write_lines(
            ["", "next: fix the plugin and run this again; docs/conformance.md lists every rule"]
        )
