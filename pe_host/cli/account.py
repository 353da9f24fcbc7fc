"""`pe account`: the noise for a budget, the cost of noise, and what a run has spent.

It opens no data.
"""

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
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Show what the run in this folder spent; of several, also what they cost "
            "together if they read the same data.",
            metavar="RUN",
        ),
    ] = None,
    epsilon: Annotated[
        str | None, typer.Option(help="Show the noise for this privacy budget ε.", metavar="E")
    ] = None,
    vote_scale: Annotated[
        str | None, typer.Option(help="Show the cost of noise of this scale on votes.", metavar="S")
    ] = None,
    count_scale: Annotated[
        str | None,
        typer.Option(help="Scale of the noise on class counts, with --vote-scale.", metavar="S"),
    ] = None,
    delta: Annotated[
        str | None,
        typer.Option(
            help="δ of the guarantee [default: 1e-6, or the smallest of the runs].", metavar="D"
        ),
    ] = None,
    rounds: Annotated[str, typer.Option(help="Number of noisy rounds T.", metavar="T")] = "1",
    votes: Annotated[str, typer.Option(help="Votes per record in each round.", metavar="K")] = "1",
    class_counts: Annotated[
        bool, typer.Option(help="Release class counts too, with --epsilon.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Convert a budget to noise or back; show what a run spent.

    Give one of RUN, --epsilon and --vote-scale.
    """
    if [runs or None, epsilon, vote_scale].count(None) != 2:
        raise UsageError(
            "expected exactly one of RUN, --epsilon and --vote-scale",
            fix="see `pe account --help`",
        )
    if count_scale is not None and vote_scale is None:
        raise UsageError(
            "needs --vote-scale",
            where="--count-scale",
            fix="give both, or only --epsilon",
        )
    if delta is not None and len(runs or ()) == 1:
        raise UsageError("one run has the δ of its plan", where="--delta", fix="leave out --delta")
    given = None if delta is None else read_option("--delta", DELTA, delta)
    d = 1e-6 if given is None else given
    T, k = read_option("--rounds", COUNT, rounds), read_option("--votes", COUNT, votes)
    target = None if epsilon is None else _budget(epsilon)
    on_votes = None if vote_scale is None else read_option("--vote-scale", _SCALE, vote_scale)
    on_counts = None if count_scale is None else read_option("--count-scale", _SCALE, count_scale)
    from pe_host.commands import account, composition

    if runs:
        show(
            account.spent(runs[0]) if len(runs) == 1 else composition.composed(runs, given), as_json
        )
    elif target is not None:
        show(account.budget(target, d, T, k, class_counts), as_json)
    else:
        assert on_votes is not None  # for the type checker: exactly one is given
        show(account.cost(on_votes, on_counts, d, T, k), as_json)


def _budget(text: str) -> float:
    epsilon: float = read_option("--epsilon", EPSILON, text)
    if not math.isfinite(epsilon):
        raise UsageError(
            "an infinite budget needs no noise",
            where="--epsilon",
            fix="give a number > 0 and <= 10000",
        )
    return epsilon
