"""Command lines, variables and configuration files with values that nobody expects."""

import pytest

from bad_input.bench import DATA, Bench
from bad_input.commands import SMALL, check_paid, judge
from bad_input.kinds import KINDS
from bad_input.tiers import Tally, for_each, tiers


@pytest.mark.parametrize("kind", ["words", "file"])
@tiers(few=6, many=30)
def test_a_value_is_taken_or_one_clear_error(
    bench: Bench, tally: Tally, kind: str, count: int
) -> None:
    for_each(KINDS[kind].cases(), count, tally.counted(KINDS[kind].check, bench))
    tally.check(*KINDS[kind].refused)


@pytest.mark.parametrize("option", ["--samples", "--candidates"])
def test_more_than_a_machine_holds_is_refused_before_anything_is_spent(
    bench: Bench, option: str
) -> None:
    place = bench.copy(bench.base)
    for count in ("99999999999999", str(2**63 - 1)):
        words = (*SMALL, "--epsilon", "4", "--data", DATA, "--out", "other", option, count)
        done = bench.run("generate", *words, cwd=place)
        judge(done)
        assert done.code == 2 and "more than half of this machine's memory" in done.stderr, done
        check_paid(done, place / "other")
