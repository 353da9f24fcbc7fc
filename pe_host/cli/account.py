"""`pe account`: what noise a budget asks for, what noise costs, and what a run has spent. Opens no data."""

import math
from pathlib import Path
from typing import Annotated

import typer

from pe_host.cli._output import show
from pe_host.errors import UsageError
from pe_host.job.config import COUNT, DELTA, EPSILON
from pe_host.job.setting import number, read_option

NAME = "account"

_SCALE = number("a number from 0.001 to 1e6", low=1e-3, high=1e6)


def command(
    run: Annotated[
        Path | None, typer.Argument(help="The folder of a run: what has it spent?", metavar="RUN")
    ] = None,
    epsilon: Annotated[
        str | None, typer.Option(help="A budget: what noise does it ask for?", metavar="E")
    ] = None,
    vote_scale: Annotated[
        str | None, typer.Option(help="Noise on votes: what does it cost?", metavar="S")
    ] = None,
    count_scale: Annotated[
        str | None, typer.Option(help="With --vote-scale, noise on counts.", metavar="S")
    ] = None,
    delta: Annotated[str, typer.Option(help="The δ of the guarantee.", metavar="D")] = "1e-6",
    rounds: Annotated[str, typer.Option(help="Noisy rounds T.", metavar="T")] = "1",
    votes: Annotated[str, typer.Option(help="Votes of a record in each round.", metavar="K")] = "1",
    class_counts: Annotated[
        bool, typer.Option(help="With --epsilon: release class counts too.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Price noise, budgets and runs.

    What noise does a budget ask for, what does given noise cost, or what has a run spent.
    """
    if [run, epsilon, vote_scale].count(None) != 2:
        raise UsageError(
            "one of RUN, --epsilon and --vote-scale is needed",
            fix="`pe account --help` tells them apart",
        )
    if count_scale is not None and vote_scale is None:
        raise UsageError(
            "goes with --vote-scale only",
            where="--count-scale",
            fix="give both, or --epsilon alone",
        )
    d = read_option("--delta", DELTA, delta)
    T, k = read_option("--rounds", COUNT, rounds), read_option("--votes", COUNT, votes)
    target = None if epsilon is None else _budget(epsilon)
    on_votes = None if vote_scale is None else read_option("--vote-scale", _SCALE, vote_scale)
    on_counts = None if count_scale is None else read_option("--count-scale", _SCALE, count_scale)
    from pe_host.commands import account

    if run is not None:
        show(account.spent(run), as_json)
    elif target is not None:
        show(account.budget(target, d, T, k, class_counts), as_json)
    else:
        assert on_votes is not None  # for the type checker: exactly one is given
        show(account.cost(on_votes, on_counts, d, T, k), as_json)


def _budget(text: str) -> float:
    epsilon: float = read_option("--epsilon", EPSILON, text)
    if not math.isfinite(epsilon):
        raise UsageError(
            "an infinite budget asks for no noise",
            where="--epsilon",
            fix="give a number > 0 and <= 10000",
        )
    return epsilon
