"""The checks of the audit: what each compares, and when it fails."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from auditing import clopper_pearson, mutations, one_run
from auditing.accounting import compare
from auditing.cases import ALONE, CLIENT, Case, World
from auditing.goodness import p_value
from auditing.lattice import sum_law
from auditing.observe import Observed, observe
from auditing.whole_run import Settings, attack
from pe_host.privacy import accountant

FALSE_ALARM = 1e-6
"""Probability of any false alarm in all checks of a run of `audit.py`."""

ERROR = FALSE_ALARM / 100
"""Probability of a false alarm of one comparison. There are fewer than 100."""

DELTAS = (1e-6, 0.01, 0.1)
"""δ at which claim and bound are compared: that of the plan, and two at which draws show more."""


@dataclass(frozen=True)
class Row:
    """Claims and lower bounds of one case.

    Args:
        case: what is audited.
        rounds: T.
        draws: draws of the statistic, with the target and without it.
        scale: of the noise, from the ledger.
        claims: ε of the ledger's releases, at each of DELTAS.
        bounds: lower bounds on ε at each of DELTAS.
        reachable: what the bounds would be, in expectation, if the noise is as the ledger says.
    """

    case: Case
    rounds: int
    draws: int
    scale: float
    claims: tuple[float, ...]
    bounds: tuple[float, ...]
    reachable: tuple[float, ...]

    @property
    def holds(self) -> bool:
        """Whether no bound is above its claim. Fails if votes are heavier, or noise is smaller."""
        return all(b <= c for b, c in zip(self.bounds, self.claims, strict=True))


def row_of(case: Case, rounds: int, observed: Observed) -> Row:
    """Compare claim and bound for observed draws."""
    draws, releases = observed.draws, observed.releases
    coordinates = sum(release.coordinates for release in releases)
    # A ledger that lost all its lines claims ε = 0, and promises no noise.
    scale = releases[0].scale if releases else 0.0
    law = sum_law(coordinates, scale) if releases else None
    return Row(
        case,
        rounds,
        draws.size,
        scale,
        tuple(accountant.epsilon_of(releases, delta) for delta in DELTAS),
        tuple(clopper_pearson.epsilon_bound(draws, delta, ERROR) for delta in DELTAS),
        tuple(
            clopper_pearson.reachable(*law, coordinates, draws, delta, ERROR) if law else 0.0
            for delta in DELTAS
        ),
    )


@dataclass(frozen=True)
class Findings:
    """What the checks found in the code as it is at the moment: shipped, or with a mistake.

    Args:
        row: the audit by draws.
        goodness: p-value of the noise drawn, under the scale of the ledger.
        sound: whether the accountant's claims are above the lattice's lower bounds.
    """

    row: Row
    goodness: float
    sound: bool

    @property
    def alarms(self) -> tuple[str, ...]:
        """The checks that fail."""
        failed = {
            "draws": not self.row.holds,
            "fit": self.goodness < ERROR,
            "lattice": not self.sound,
        }
        return tuple(name for name, fails in failed.items() if fails)


@dataclass(frozen=True)
class Mistake:
    """A mistake, the run that shows it, and the checks that must fail.

    Args:
        name: for the table.
        made: makes the mistake.
        case, rounds, epsilon: of the run. One round of two is a share of the budget that draws can
            see, and at a large ε the noise is small, so its law shows after few draws.
        caught_by: names of the checks that must fail, and no other may.
    """

    name: str
    made: Callable[[], AbstractContextManager[None]]
    case: Case
    caught_by: tuple[str, ...]
    rounds: int = 2
    epsilon: float = 8.0


SHIPPED = (
    Mistake("none, record", nullcontext, ALONE, ()),
    Mistake("none, client", nullcontext, CLIENT, ()),
)
MISTAKES = (
    Mistake("noise halved", mutations.noise_halved, ALONE, ("draws", "fit")),
    Mistake("a record votes twice", mutations.record_votes_twice, ALONE, ("draws",)),
    Mistake("a client votes by record", mutations.client_votes_by_record, CLIENT, ("draws",)),
    Mistake(
        "noise rounded from a normal",
        mutations.noise_rounded_from_continuous,
        ALONE,
        ("fit",),
        rounds=1,
        epsilon=16.0,
    ),
    Mistake("a ledger line lost", mutations.ledger_line_lost, ALONE, ("draws",)),
    Mistake(
        "accountant off by one round",
        mutations.accountant_off_by_one_round,
        ALONE,
        ("draws", "lattice"),
    ),
)


@contextmanager
def own_cache() -> Iterator[None]:
    """Use an empty cache, so that no number of other code hides a mistake, or is left behind."""
    with tempfile.TemporaryDirectory() as folder:
        places = {"XDG_CACHE_HOME": folder, "PE_BUDGET": str(Path(folder, "budget"))}
        with patch.dict(os.environ, places):
            yield


def find_mistake(mistake: Mistake, slots: int, runs: int) -> Findings:
    """Run all three checks with the mistake in the code."""
    case, rounds = mistake.case, mistake.rounds
    with own_cache(), mistake.made():
        observed = observe(World(case, slots), rounds, runs, mistake.epsilon)
        return Findings(
            row_of(case, rounds, observed),
            p_value(observed.noise, observed.plan.vote_scale),
            compare(4.0, 1e-6, 4, 1, 0.0).sound,
        )


@dataclass(frozen=True)
class RunRow:
    """One whole run, audited by its canaries.

    Args:
        settings: of the run.
        guesses, right: of the adversary.
        claim: ε of the ledger's releases at `one_run.DELTA`.
        bound: lower bound on ε there.
        reachable: the bound expected if each canary decided candidates of its own.
    """

    settings: Settings
    guesses: int
    right: int
    claim: float
    bound: float
    reachable: float

    @property
    def holds(self) -> bool:
        """Whether the bound is not above the claim."""
        return self.bound <= self.claim


def audit_run(settings: Settings) -> RunRow:
    """Make a run with `pe generate`, attack it, and compare claim and bound."""
    with tempfile.TemporaryDirectory() as folder:
        attacked = attack(settings, Path(folder))
    # μ of the releases is what one canary shows; it is public, as is the number of guesses.
    mu = sum(release.coordinates / release.scale**2 for release in attacked.releases) ** 0.5
    best = one_run.reach(settings.canaries, mu, one_run.DELTA, ERROR)
    right = one_run.right_guesses(attacked.scores, attacked.included, best.guesses)
    return RunRow(
        settings,
        best.guesses,
        right,
        accountant.epsilon_of(attacked.releases, one_run.DELTA),
        one_run.epsilon_bound(settings.canaries, best.guesses, right, one_run.DELTA, ERROR),
        best.bound,
    )


WHOLE_RUNS = (
    Settings(canaries=2000, candidates=8000, rounds=1, votes=1, epsilon=8.0),
    Settings(canaries=2000, candidates=8000, rounds=4, votes=1, epsilon=8.0),
    Settings(canaries=2000, candidates=8000, rounds=4, votes=4, epsilon=8.0),
    Settings(canaries=2000, candidates=8000, rounds=16, votes=2, epsilon=16.0),
)
BROKEN_RUN = Settings(canaries=2000, candidates=8000, rounds=4, votes=1, epsilon=1.0)
"""A run for `mutations.noise_of_a_tenth`. One run shows gross mistakes only."""
