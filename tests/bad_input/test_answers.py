"""Plugins that answer what no correct plugin answers: descriptions, messages, samples, vectors."""

import pytest

from bad_input.bench import Bench
from bad_input.kinds import KINDS
from bad_input.tiers import Tally, for_each, tiers


@pytest.mark.parametrize("kind", ["child", "worker", "reader and embedding", "exporter"])
@tiers(few=3, many=25)
def test_an_answer_is_taken_or_one_clear_error(
    bench: Bench, tally: Tally, kind: str, count: int
) -> None:
    for_each(KINDS[kind].cases(), count, tally.counted(KINDS[kind].check, bench))
    tally.check(*KINDS[kind].refused)
