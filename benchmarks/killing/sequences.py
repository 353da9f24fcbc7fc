"""Sequences: a run is disturbed, resumed, perhaps disturbed again, and at last left in peace."""

import contextlib
import ctypes
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from killing import scenarios
from killing.attempt import Ended, Place
from killing.disk import Disk
from killing.disturbance import (
    BUDGET_FULL,
    FULL,
    KILL,
    KILL_LATER,
    ON_BUDGETS,
    ON_DISKS,
    WEIGHTS,
    WORKER,
    Disks,
    Disturbance,
)
from killing.inside import Trigger
from killing.judge import (
    ENDING,
    LITTER,
    LOST,
    Fault,
    judge,
    judge_finished,
    lost_answers,
    read_manifest,
)
from killing.phases import PHASES, Board
from killing.scenarios import ROUNDS, SAMPLES, SCENARIOS, Rehearsed, Scenario, run_folder

MOST = 6
"""Disturbances of one sequence at most."""

_AGAIN = 0.55
"""Probability of one more disturbance."""

_COLD = 0.1
"""Share of the sequences that begin with an empty cache."""

_REPLAYED = 10
"""One sequence in so many is replayed."""

_NOISE = 3
"""Weight of the phase `noise`; the others have 1. It is short, and the one that matters."""

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_DIE = 20.0
"""Seconds that processes of a run may take to end after it."""

RUN_DISK, BUDGET_DISK = 8 << 20, 1 << 20


@dataclass(frozen=True)
class Hit:
    """A disturbance that took place.

    Args:
        kind, phase: what and where.
        code: exit status of the command; None if it hung.
        lost_noise: whether it lost the answer to a draw.
    """

    kind: str
    phase: str
    code: int | None
    lost_noise: bool


@dataclass(frozen=True)
class Result:
    """One sequence.

    Args:
        number: reproduces it, together with the seed.
        scenario: name of the run.
        hits: the disturbances that took place.
        planned: all that were drawn, as text, with what came of them.
        iterations: that the release rests on; None if the run was lost.
        replayed: whether `pe replay` made the same samples.
        faults: what must never happen, and did.
    """

    number: int
    scenario: str
    hits: tuple[Hit, ...]
    planned: tuple[str, ...]
    iterations: int | None
    replayed: bool
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Chosen:
    """What sequences are drawn from; everything by default.

    Args:
        scenarios, kinds, phases: names.
        mistake: makes one in the code of every disturbed run.
    """

    scenarios: Collection[str] = tuple(scenario.name for scenario in SCENARIOS)
    kinds: Collection[str] = tuple(WEIGHTS)
    phases: Collection[str] = PHASES
    mistake: Callable[[], None] | None = None


class Sequences:
    """Runs sequences. Made by `open`."""

    def __init__(self, place: Place, chosen: Chosen) -> None:
        self._place, self._chosen = place, chosen
        self._scenarios = [one for one in SCENARIOS if one.name in chosen.scenarios]
        self._rehearsed: dict[str, Rehearsed] = {}

    @classmethod
    @contextlib.contextmanager
    def open(cls, folder: Path, chosen: Chosen, real_disks: bool) -> Iterator["Sequences"]:
        """Prepare disks and data in an empty folder.

        Args:
            folder: for everything.
            chosen: what sequences are drawn from.
            real_disks: whether disks can be mounted.
        """
        ctypes.CDLL(None).prctl(_SUBREAPER, 1)  # orphans of killed runs come here
        disks = Disks(
            Disk(folder / "run-disk", RUN_DISK, real_disks),
            Disk(folder / "budget-disk", BUDGET_DISK, real_disks),
        )
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PE_")}
        environment = {
            **kept,
            "PE_BUDGET": str(disks.budget.path),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "TMPDIR": str(folder / "tmp"),
        }
        place = Place(folder, disks, Board(), environment)
        (folder / "tmp").mkdir()
        scenarios.write_data(folder)
        try:
            yield cls(place, chosen)
        finally:
            disks.run.close()
            disks.budget.close()

    def run(self, seed: int, number: int) -> Result:
        """Run one sequence, which depends on both numbers, on the noise and on the machine."""
        rng = random.Random(f"{seed}/{number}")
        one = self._rehearse(rng.choices(self._scenarios, [s.weight for s in self._scenarios])[0])
        scenarios.renew(self._place, one.budget)
        if rng.random() < _COLD:
            shutil.rmtree(self._place.folder / "cache", ignore_errors=True)
        hits: list[Hit] = []
        planned: list[str] = []
        faults: list[Fault] = []
        done: Ended | None = None
        while len(planned) < MOST and not (planned and rng.random() > _AGAIN):
            disturbance = self._draw(rng, one)
            before = lost_answers(self._run, self._place)
            done = self._attempt(one, disturbance)
            faults += self._faults(one, done, disturbance)
            lost = lost_answers(self._run, self._place) > before
            planned.append(f"{disturbance}: {_ending(done)}")
            if done.phase is not None:
                hits.append(Hit(disturbance.kind, done.phase, done.code, lost))
            if done.code == 0 or faults:
                break
        if not faults and (done is None or done.code != 0):
            done = self._attempt(one, None)
            planned.append(f"left in peace: {_ending(done)}")
            if done.code != 0:
                faults.append(Fault(LOST, f"code {done.code}: {done.stderr[-2000:]}"))
            else:
                faults += self._faults(one, done, None)
        replay = not faults and number % _REPLAYED == 0
        if not faults:
            faults += self._finished(replay)
        # Until the janitor runs, nobody removes the temporary folder of a host that dies; and a
        # worker that is killed may be a warden.
        excused = any(hit.kind == WORKER or hit.phase == "start" for hit in hits)
        faults += self._left_behind(excused)
        manifest = None if any(fault.what == LOST for fault in faults) else read_manifest(self._run)
        return Result(
            number,
            one.scenario.name,
            tuple(hits),
            tuple(planned),
            manifest["iterations"] if manifest else None,
            replay,
            tuple(faults),
        )

    def _rehearse(self, scenario: Scenario) -> Rehearsed:
        if scenario.name not in self._rehearsed:
            self._rehearsed[scenario.name] = scenarios.rehearse(self._place, scenario)
        return self._rehearsed[scenario.name]

    @property
    def _run(self) -> Path:
        return run_folder(self._place)

    def keep(self, folder: Path) -> None:
        """Copy run, budget and the file of draws of the last sequence."""
        for source in (self._place.disks.run.path, self._place.disks.budget.path):
            shutil.copytree(source, folder / source.name, dirs_exist_ok=True)
        if self._place.truth.exists():
            shutil.copy(self._place.truth, folder)

    def _attempt(self, one: Rehearsed, disturbance: Disturbance | None) -> Ended:
        return scenarios.generate(self._place, one.scenario, disturbance, self._chosen.mistake)

    def _draw(self, rng: random.Random, one: Rehearsed) -> Disturbance:
        """A disturbance in a phase that the run still has before it."""
        kinds = {
            kind: weight
            for kind, weight in WEIGHTS.items()
            if kind in self._chosen.kinds
            and (self._place.disks.run.real or kind not in ON_DISKS)
            and (one.scenario.counted or kind not in ON_BUDGETS)
        }
        kind = rng.choices(list(kinds), list(kinds.values()))[0]
        stored = len(list(self._run.glob("iterations/*/votes.npy")))
        left = 1 - stored / ROUNDS
        counts = {
            phase: max(1, round(count * left)) if phase in ("candidates", "votes") else count
            for phase, count in one.operations.items()
        }
        noise = ROUNDS + int("no class counts" not in one.scenario.name)
        drawn = stored + len(list(self._run.glob("iterations/*/class_counts.npy")))
        counts["noise"] = round(counts["noise"] * (noise - drawn) / noise)
        counts["votes"] *= stored < ROUNDS
        phases = [phase for phase in PHASES if counts[phase] and phase in self._chosen.phases]
        phases = phases or ["admission"]
        phase = rng.choices(phases, [_NOISE if name == "noise" else 1 for name in phases])[0]
        trigger = Trigger(phase, rng.randint(1, counts[phase]))
        later = kind in (KILL_LATER, WORKER) or (kind != KILL and rng.random() < 0.5)
        step = one.seconds[phase] / one.operations[phase]
        return Disturbance(
            kind,
            trigger,
            rng.uniform(0, 2 * step) if later else None,
            rng.choice((0, 0, 1, 2, 3, 5, 10)) if kind in (FULL, BUDGET_FULL) else 0,
            rng.uniform(0, 20 * step) if kind in ON_DISKS and rng.random() < 0.3 else None,
        )

    def _faults(
        self, one: Rehearsed, done: Ended, disturbance: Disturbance | None
    ) -> Iterator[Fault]:
        allowed = done.code is not None and (
            done.code == 0 if disturbance is None else disturbance.may_end_with(done.code)
        )
        if not allowed or "Traceback" in done.stderr or "this is a bug" in done.stderr:
            yield Fault(ENDING, f"code {done.code} after {disturbance}: {done.stderr[-3000:]}")
        yield from judge(self._run, self._place, one.scenario.counted)

    def _finished(self, replay: bool) -> Iterator[Fault]:
        yield from judge_finished(self._run, self._place, SAMPLES)
        if replay:
            done = self._place.pe(["replay", str(self._run), "--json"])
            manifest = read_manifest(self._run) or {}
            if done.code or json.loads(done.stdout)["digest"] != manifest["release_digest"]:
                yield Fault(LOST, f"replay differs: {done.code} {done.stdout} {done.stderr}")

    def _left_behind(self, excused: bool) -> Iterator[Fault]:
        """Processes and temporary files that outlive their run."""
        if left := reap():
            yield Fault(LITTER, f"processes after {_DIE:.0f} s: {left}")
        temporary = self._place.folder / "tmp"
        if (names := os.listdir(temporary)) and not excused:  # noqa: PTH208  names only
            yield Fault(LITTER, f"temporary files: {names}")
        shutil.rmtree(temporary)
        temporary.mkdir()


def reap() -> list[str]:
    """Wait for all processes below this one; kill those that do not end, and return their names."""
    end = time.monotonic() + _DIE
    late: list[str] = []
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return late
        if pid:
            continue
        if time.monotonic() > end:
            for pid in _below():
                late.append(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
                os.kill(pid, signal.SIGKILL)  # a child that nobody has reaped
                os.waitpid(pid, 0)
        time.sleep(0.002)


def _below() -> list[int]:
    return [int(word) for word in Path("/proc/thread-self/children").read_text().split()]


def _ending(done: Ended) -> str:
    reached = "" if done.phase is None else f" (disturbed in {done.phase})"
    said = done.stderr.strip().splitlines()
    error = next((line for line in said if line.startswith("error:")), "")
    return f"code {done.code}{reached} {error}".strip()
