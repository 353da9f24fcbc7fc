"""`pe doctor`: check that this machine can run pe and its plugins."""

from typing import Annotated

import typer

from pe_host.cli._output import show
from pe_host.errors import UsageError

NAME = "doctor"


def command(
    timeout: Annotated[
        float, typer.Option(help="Time limit of each check.", metavar="SECONDS")
    ] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check this machine and every plugin.

    Each check runs in a process of its own. Exit code 0: everything needed works, perhaps with
    warnings; 3: a plugin is broken, or does not work on this machine; 5: pe itself does not work.
    """
    if not timeout > 0:
        raise UsageError(
            f"got {timeout}, expected a number of seconds > 0",
            where="--timeout",
            fix="leave it out for 60",
        )
    from pe_host.commands.doctor import examine

    diagnosis = examine(timeout)
    show(diagnosis, as_json)
    raise typer.Exit(diagnosis.exit_code)
