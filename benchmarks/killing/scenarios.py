"""The runs that are disturbed, each so small that it takes a fraction of a second."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from killing.attempt import Ended, Place
from killing.disturbance import Disturbance
from killing.phases import PHASES

SAMPLES, ROUNDS = 40, 4

_SETTINGS = (
    *("--plugin", "echo", "--embedding", "pixels", "--iterations", str(ROUNDS), "--workers", "1"),
    *("--candidates", "60", "--samples", str(SAMPLES), "--votes", "2"),
)
_PRIVATE = "private.npz"


@dataclass(frozen=True)
class Scenario:
    """One kind of run.

    Args:
        name: of the scenario.
        weight: how often it is drawn.
        words: settings on the command line.
        cap: ε of the cap of the data set, if any.
        counted: whether a budget counts the run.
    """

    name: str
    weight: int
    words: tuple[str, ...]
    cap: str = ""
    counted: bool = True


SCENARIOS = (
    Scenario("private", 4, ("--data", _PRIVATE, "--epsilon", "4")),
    # The cap leaves exactly what the plan needs.
    Scenario("private, under a cap", 4, ("--data", _PRIVATE, "--epsilon", "4"), cap="4"),
    Scenario(
        "private, no class counts",
        2,
        ("--data", _PRIVATE, "--epsilon", "1", "--class-shares", "uniform", "--public-size", "300"),
    ),
    # Public data are measured at the end, and no budget counts them.
    Scenario("public", 3, ("--data", "sklearn:digits", "--epsilon", "4"), counted=False),
    Scenario("not private", 1, ("--data", _PRIVATE, "--epsilon", "inf")),
)


@dataclass(frozen=True)
class Rehearsed:
    """A scenario that has run once undisturbed.

    Args:
        scenario: what ran.
        budget: a budget folder for it, with the cap set.
        operations: number of operations of each phase.
        seconds: time in each phase.
    """

    scenario: Scenario
    budget: Path
    operations: dict[str, int]
    seconds: dict[str, float]


def write_data(folder: Path) -> None:
    """Write the private records: 300 images of two classes, the second brighter."""
    rng = np.random.default_rng(11)
    labels = np.arange(300) % 2
    images = np.clip(rng.normal(60 + 120 * labels[:, None, None], 8, (300, 8, 8)), 0, 255)
    names = np.array(["dark", "light"])
    np.savez(folder / _PRIVATE, images=images.astype(np.uint8), labels=labels, label_names=names)


def generate(
    place: Place,
    scenario: Scenario,
    disturbance: Disturbance | None = None,
    mistake: Callable[[], None] | None = None,
) -> Ended:
    """Begin the run with `pe generate`, or resume it; further arguments are those of `Place.pe`."""
    out = run_folder(place)
    words = ["generate", *_SETTINGS, *scenario.words, "--out", str(out)]
    return place.pe([*words, *(["--resume"] if out.exists() else [])], disturbance, mistake)


def run_folder(place: Place) -> Path:
    return place.disks.run.path / "run"


def rehearse(place: Place, scenario: Scenario) -> Rehearsed:
    """Run a scenario without disturbance, to learn how long its phases are.

    Raises:
        RuntimeError: it fails.
    """
    template = place.folder / "budgets" / scenario.name
    renew(place, None)
    if scenario.cap:
        capped = place.pe(["budget", "cap", _PRIVATE, "--epsilon", scenario.cap])
        _must(capped)
    shutil.copytree(place.disks.budget.path, template)
    for _ in range(2):  # the first one fills the cache
        renew(place, template)
        _must(generate(place, scenario))
    board = place.board
    return Rehearsed(
        scenario,
        template,
        {name: int(board.operations[i]) for i, name in enumerate(PHASES)},
        {name: float(board.seconds[i]) for i, name in enumerate(PHASES)},
    )


def renew(place: Place, budget: Path | None) -> None:
    """Begin with empty disks, nothing drawn, and a copy of this budget folder."""
    place.disks.run.renew()
    place.disks.budget.renew()
    if budget:
        shutil.copytree(budget, place.disks.budget.path, dirs_exist_ok=True)
    place.truth.unlink(missing_ok=True)


def _must(done: Ended) -> None:
    if done.code:
        raise RuntimeError(f"an undisturbed command ended with {done.code}: {done.stderr}")
