"""What came of sequences, as tables."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from killing.disturbance import WEIGHTS
from killing.judge import FAULTS
from killing.phases import PHASES
from killing.scenarios import ROUNDS
from killing.sequences import Hit, Result

_ENDINGS = ("died", "interrupted", "error", "went on")


def document(results: Sequence[Result], seed: int, left_out: str) -> dict[str, Any]:
    """Everything that the tables show, and the faults, as JSON."""
    cells = Counter(
        (hit.phase, hit.kind, ending(hit), _outcome(one)) for one in results for hit in one.hits
    )
    return {
        "seed": seed,
        "left_out": left_out,
        "sequences": len(results),
        "disturbances": sum(len(one.hits) for one in results),
        "outcomes": dict(Counter(_outcome(one) for one in results)),
        "replayed": sum(one.replayed for one in results),
        "by_phase_and_kind": [
            {
                "phase": phase,
                "kind": kind,
                "command": ended,
                "run": outcome,
                "disturbances": count,
            }
            for (phase, kind, ended, outcome), count in sorted(cells.items())
        ],
        "faults": [
            {
                "sequence": one.number,
                "scenario": one.scenario,
                "what": fault.what,
                "seen": fault.seen,
                "history": list(one.planned),
            }
            for one in results
            for fault in one.faults
        ],
    }


def ending(hit: Hit) -> str:
    """How the disturbed command ended."""
    if hit.code is None or hit.code < 0:
        return "died"
    return {0: "went on", 130: "interrupted"}.get(hit.code, "error")


def lines(results: Sequence[Result]) -> Iterator[str]:
    """The tables for a person."""
    hits = [hit for one in results for hit in one.hits]
    yield from _matrix(hits)
    yield ""
    yield from _endings(results)
    yield ""
    yield from _runs(results)


def _matrix(hits: Iterable[Hit]) -> Iterator[str]:
    yield "Disturbances by phase and kind; in brackets, those that lost an answer already drawn"
    yield _row("", PHASES)
    counts = Counter((hit.phase, hit.kind) for hit in hits)
    lost = Counter((hit.phase, hit.kind) for hit in hits if hit.lost_noise)
    for kind in WEIGHTS:
        yield _row(kind, (_cell(counts[phase, kind], lost[phase, kind]) for phase in PHASES))
    totals = [
        _cell(
            sum(counts[phase, kind] for kind in WEIGHTS),
            sum(lost[phase, kind] for kind in WEIGHTS),
        )
        for phase in PHASES
    ]
    yield _row("all", totals)


def _endings(results: Sequence[Result]) -> Iterator[str]:
    yield "What came of them: how the command ended, and its run after it was resumed"
    runs = ("all iterations", "fewer", "fault")
    yield _row("", ("all", *_ENDINGS, *runs))
    for kind in WEIGHTS:
        mine = [(hit, one) for one in results for hit in one.hits if hit.kind == kind]
        ends = Counter(ending(hit) for hit, _ in mine)
        after = Counter(_outcome(one) for _, one in mine)
        faults = len(mine) - after[runs[0]] - after[runs[1]]
        numbers = (len(mine), *(ends[name] for name in _ENDINGS), after[runs[0]], after[runs[1]])
        yield _row(kind, (str(number or "-") for number in (*numbers, faults)))


def _runs(results: Sequence[Result]) -> Iterator[str]:
    outcomes = Counter(_outcome(one) for one in results)
    yield f"{len(results):,} sequences, {sum(len(one.hits) for one in results):,} disturbances:"
    yield f"  {outcomes['all iterations']:,} runs finished with all iterations"
    yield f"  {outcomes['fewer']:,} runs finished with fewer, because lost noise stays paid for"
    for what in FAULTS:
        yield f"  {sum(any(f.what == what for f in one.faults) for one in results):,} {what}"
    yield f"  {sum(one.replayed for one in results):,} runs replayed, bit for bit the same"


def _outcome(one: Result) -> str:
    if one.faults:
        return one.faults[0].what
    return "all iterations" if one.iterations == ROUNDS else "fewer"


def _cell(count: int, lost: int) -> str:
    return f"{count} ({lost})" if lost else str(count or "-")


def _row(head: str, cells: Iterable[str]) -> str:
    return f"{head:<24}" + "".join(f"{cell:>14}" for cell in cells)
