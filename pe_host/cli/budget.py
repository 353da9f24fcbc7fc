"""`pe budget`: what all runs on a data set have spent together, and the cap on it."""

import re
from collections.abc import Callable
from typing import Annotated, Any

import typer

from pe_host.cli._output import Result
from pe_host.cli._output import show as show_result
from pe_host.errors import UsageError
from pe_host.job.config import DELTA, EPSILON
from pe_host.job.setting import read_option

NAME = "budget"

_Source = Annotated[str, typer.Argument(help="A data set, as for --data.", metavar="SOURCE")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

commands = typer.Typer(
    no_args_is_help=True, help="Show and cap what all runs on a data set spend together."
)


def _confined(ask: Callable[[Any], Result]) -> Result:
    """Ask `pe_host.commands.budget`, which reads private data, in a confined process."""
    from pe_host.cli._confined import confined_to_reading

    with confined_to_reading(budget=True):
        from pe_host.commands import budget

        return ask(budget)


@commands.command("show")
def show(source: _Source, as_json: _Json = False) -> None:
    """Show the cap, and the ε of all runs on SOURCE together."""
    show_result(_confined(lambda budget: budget.show(source)), as_json)


@commands.command("cap")
def cap(
    source: _Source,
    epsilon: Annotated[
        str | None, typer.Option(help="The most that all runs together may spend.", metavar="E")
    ] = None,
    delta: Annotated[str, typer.Option(help="δ of the cap.", metavar="D")] = "1e-6",
    unit: Annotated[
        str,
        typer.Option(
            help="Unit of privacy: record or client, or `client by COLUMN` as `pe budget show` "
            "names it.",
            metavar="UNIT",
        ),
    ] = "record",
    none: Annotated[bool, typer.Option("--none", help="Lift the cap.")] = False,
    as_json: _Json = False,
) -> None:
    """Refuse runs with which SOURCE would spend more than this.

    Give --epsilon or --none.
    """
    if none == (epsilon is not None):
        raise UsageError("expected either --epsilon or --none", fix="see `pe budget cap --help`")
    if not re.fullmatch("(record|client)( by .+)?", unit):
        fix = "say record or client, or `client by COLUMN`"
        raise UsageError(f"{unit!r} is not a unit", where="--unit", fix=fix)
    target = None if epsilon is None else read_option("--epsilon", EPSILON, epsilon)
    at = read_option("--delta", DELTA, delta)
    show_result(
        _confined(
            lambda budget: budget.set_cap(
                source, None if target is None else budget.Cap(target, at, unit)
            )
        ),
        as_json,
    )


@commands.command("history")
def history(source: _Source, as_json: _Json = False) -> None:
    """List the runs on SOURCE, with what each has spent."""
    show_result(_confined(lambda budget: budget.history(source)), as_json)


@commands.command("close")
def close(
    run: Annotated[str, typer.Argument(help="Id of the run, or its first digits.", metavar="RUN")],
    as_json: _Json = False,
) -> None:
    """End a run that will not go on, which frees what it has not spent."""
    from pe_host.commands import budget

    show_result(budget.close(run), as_json)
