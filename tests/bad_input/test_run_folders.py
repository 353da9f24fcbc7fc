"""Runs that someone has tampered with, finished or killed, and the commands that meet them.

Each ends well or in one clear error. Whatever was done to a run, nothing says that it has spent
less than it has, as far as `docs/budget.md` promises it: by its ledger, its histograms and the
budget database together.
"""

from bad_input.bench import Bench
from bad_input.kinds import KINDS
from bad_input.tiers import Tally, for_each, tiers


@tiers(few=8, many=50)
def test_a_run_that_was_tampered_with_ends_well_or_in_one_clear_error(
    bench: Bench, tally: Tally, count: int
) -> None:
    kind = KINDS["run"]
    for_each(kind.cases(), count, tally.counted(kind.check, bench))
    tally.check(*kind.refused)
