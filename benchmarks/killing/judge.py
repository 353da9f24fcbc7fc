"""A run folder and a budget held against the noise that was really drawn."""

import hashlib
import json
import shutil
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from killing.attempt import Place
from pe_host.errors import PeError
from pe_host.privacy.accountant import NoisyRelease, delta_of, epsilon_of
from pe_host.privacy.budget import BudgetDatabase
from pe_host.privacy.ledger import TORN, Ledger, run_of
from pe_host.privacy.plan import PrivacyPlan
from pe_host.run.folder import COUNTS, votes_name

LOST = "run lost"
UNPAID = "ledger < truth"
UNCOUNTED = "budget < truth"
OVER = "over the target"
ORDER = "used before it was stored"
ENDING = "ended as nothing should"
LITTER = "left something behind"
FAULTS = (LOST, UNPAID, UNCOUNTED, OVER, ORDER, ENDING, LITTER)
"""What must never happen to a run, whatever is done to it."""


@dataclass(frozen=True)
class Fault:
    """Something that must never happen: one of FAULTS, and what was seen."""

    what: str
    seen: str


@dataclass(frozen=True)
class Draw:
    """Noise that was drawn on private values.

    Args:
        kind, round: the question.
        release: how many integers a record moves, and the scale that was drawn with.
        answer: SHA-256 of the noisy values; None if the process was killed meanwhile.
    """

    kind: str
    round: int
    release: NoisyRelease
    answer: str | None

    @property
    def stored_as(self) -> str:
        """Name of the answer in the run folder."""
        return (COUNTS if self.kind == "class-counts" else votes_name(self.round)) + ".npy"


def drawn(place: Place) -> list[Draw]:
    """Everything that was drawn, in order."""
    draws: list[Draw] = []
    for line in place.truth.read_text().splitlines() if place.truth.exists() else ():
        document = json.loads(line)
        if document["event"] == "draw":
            cost = NoisyRelease(max(document["coordinates"], 1), document["scale"])
            draws.append(Draw(document["kind"], document["round"], cost, None))
        else:
            last = draws.pop()
            draws.append(Draw(last.kind, last.round, last.release, document["answer"]))
    return draws


def plan_of(run: Path) -> PrivacyPlan | None:
    """The plan of a run; None before it has a manifest."""
    manifest = read_manifest(run)
    return PrivacyPlan.from_json(manifest["plan"]) if manifest else None


def read_manifest(run: Path) -> dict[str, Any] | None:
    path = run / "manifest.json"
    document: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return document


def judge(run: Path, place: Place, counted: bool) -> list[Fault]:
    """What must hold at any moment, however the last command ended.

    Args:
        run: the run folder; it need not exist.
        place: where it ran.
        counted: whether a budget counts the run.
    """
    draws, plan = drawn(place), plan_of(run)
    if plan is None:
        return [Fault(UNPAID, f"{len(draws)} draws and no manifest")] if draws else []
    try:
        ledger = Ledger.open(run / "ledger.jsonl", plan)
    except PeError as error:
        return [Fault(LOST, str(error))]
    faults = _unpaid(draws, ledger)
    if plan.private and not _within(tuple(ledger.releases), plan.epsilon, plan.delta):
        faults.append(Fault(OVER, f"the ledger says ε = {ledger.spent_epsilon():.3f}"))
    if counted and plan.private:
        faults += _uncounted(run, draws, place)
    return faults + _out_of_order(run, draws, plan)


def judge_finished(run: Path, place: Place, samples: int) -> list[Fault]:
    """What must hold at the end, besides."""
    draws, plan, manifest = drawn(place), plan_of(run), read_manifest(run)
    if plan is None or manifest is None or not manifest["finished"]:
        return [Fault(LOST, "the manifest does not say finished")]
    faults = []
    lines = len(Ledger.open(run / "ledger.jsonl", plan).entries)
    answers = len([*run.glob("iterations/*/votes.npy"), *run.glob("iterations/*/class_counts.npy")])
    if manifest["iterations"] < plan.rounds - (lines - answers):
        seen = f"{manifest['iterations']} iterations, but only {lines - answers} lines lost"
        faults.append(Fault(LOST, seen))
    if plan.private:
        true = _epsilon(tuple(draw.release for draw in draws), plan.delta)
        said = manifest["spent_epsilon"]
        if not true <= said <= plan.epsilon:
            seen = f"truth ε = {true}, reported {said}, target {plan.epsilon}"
            faults.append(Fault(OVER, seen))
    path = run / ("release" if plan.private else "internal") / "samples.npz"
    if not path.exists():
        return [*faults, Fault(LOST, "there are no samples")]
    with np.load(path, allow_pickle=False) as stored:
        if len(stored["images"]) != samples:
            faults.append(Fault(LOST, f"{len(stored['images'])} samples of {samples}"))
    if halves := [str(path) for path in run.rglob(".*.part*")]:
        faults.append(Fault(LITTER, f"half-written: {halves}"))
    return faults


def lost_answers(run: Path, place: Place) -> int:
    """How many draws of noise have been lost: paid for, and not in the run folder."""
    return sum(_stored(run, draw) != draw.answer for draw in drawn(place))


def _unpaid(draws: list[Draw], ledger: Ledger) -> list[Fault]:
    paid = Counter(
        (entry.kind, entry.round, entry.cost) for entry in ledger.entries if entry.kind != TORN
    )
    true: Counter[tuple[str, int, NoisyRelease | None]] = Counter(
        (draw.kind, draw.round, draw.release) for draw in draws
    )
    missing = true - paid
    return [Fault(UNPAID, f"no line for {list(missing.elements())}")] if missing else []


def _uncounted(run: Path, draws: list[Draw], place: Place) -> list[Fault]:
    # A copy, because opening a database repairs what a crash has left.
    copy = place.folder / "copy"
    shutil.copytree(place.disks.budget.path, copy)
    try:
        database = BudgetDatabase.open(copy)
        known = database.run(run_of(run / "ledger.jsonl")[0])
        database.close()
    except PeError as error:
        return [Fault(LOST, f"the budget: {error}")]
    finally:
        shutil.rmtree(copy)
    spent = Counter(known.spent if known else ())
    missing = Counter(draw.release for draw in draws) - spent
    faults = [Fault(UNCOUNTED, f"not in the budget: {missing}")] if missing else []
    finished = (read_manifest(run) or {})["finished"]
    if finished and not (known and known.state == "finished"):
        faults.append(Fault(UNCOUNTED, "the budget still waits for a run that has finished"))
    return faults


def _out_of_order(run: Path, draws: list[Draw], plan: PrivacyPlan) -> list[Fault]:
    """Answers are stored as they were drawn, before anything that follows from them."""
    faults = []
    for t in range(1, plan.rounds + 1):
        follows = run / f"iterations/{t:03d}/population.npz"
        if follows.exists() and not (run / f"{votes_name(t)}.npy").exists():
            faults.append(Fault(ORDER, f"population {t} without the votes it comes from"))
    last: dict[str, Draw] = {draw.stored_as: draw for draw in draws}
    for name, draw in last.items() if plan.private else ():
        found = _stored(run, draw)
        if found == "":
            faults.append(Fault(LOST, f"{name} is damaged"))
        elif found not in (None, draw.answer):
            faults.append(Fault(ORDER, f"{name} is not the last answer that was drawn"))
    return faults


def _stored(run: Path, draw: Draw) -> str | None:
    """SHA-256 of what is stored where this draw belongs; None for nothing, "" if it is damaged."""
    path = run / draw.stored_as
    if not path.exists():
        return None
    try:
        return hashlib.sha256(np.load(path, allow_pickle=False).tobytes()).hexdigest()
    except (ValueError, EOFError):
        return ""


@cache
def _within(releases: tuple[NoisyRelease, ...], epsilon: float, delta: float) -> bool:
    return delta_of(list(releases), epsilon) <= delta


@cache
def _epsilon(releases: tuple[NoisyRelease, ...], delta: float) -> float:
    return epsilon_of(list(releases), delta)
