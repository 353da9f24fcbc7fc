"""A tiny private data set, its plan, and a run on it."""

import hashlib
import math
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.embeddings.grid import to_grid
from pe_host.privacy import FolderLock, PrivacyPlan, PrivateSide, make_plan
from pe_host.privacy.files import LEDGER
from pe_host.privacy.ledger import Ledger
from pe_sdk import Embedding, OutputSpec, ReaderSpec, SourceInfo, Table

OUTPUT = OutputSpec.image(4, 4)
NAMES = ("a", "b", "c")


class Flat(Embedding):
    """Pixels over 4 * 255: norm at most 1."""

    dim = 16

    def embed(self, data: Any) -> Any:
        return data.reshape(len(data), 16).astype(np.float32) / np.float32(1020)


class Run:
    """A run folder with a reader that counts how often the data is opened."""

    def __init__(self, folder: Path) -> None:
        rng = np.random.default_rng(5)
        self.folder = folder
        self.opened = 0
        self.table = Table(
            rng.integers(0, 256, (120, 4, 4, 1), dtype=np.uint8), np.arange(120, dtype=np.int64) % 2
        )  # class c is empty
        pool = rng.integers(0, 256, (60, 4, 4, 1), dtype=np.uint8)
        self.candidates = to_grid(Flat().embed(pool))
        self.labels = np.repeat(np.arange(3, dtype=np.int64), 20)
        self.reader = ReaderSpec("memory", "", lambda _: SourceInfo(OUTPUT, NAMES), self._read)

    def _read(self, location: str, output: OutputSpec, names: tuple[str, ...]) -> Table:
        self.opened += 1
        return self.table

    def plan(self, **changes: Any) -> PrivacyPlan:
        settings: dict[str, Any] = {
            "epsilon": 2.0,
            "rounds": 3,
            "votes": 4,
            "class_names": NAMES,
            "output": OUTPUT,
            "reader": "memory",
            "embeddings": ("flat",),
        }
        return make_plan(**{**settings, **changes})

    def side(
        self, lock: FolderLock, plan: PrivacyPlan | None = None, public: bool = False
    ) -> PrivateSide:
        plan = plan or self.plan()
        if not (lock.folder / LEDGER).exists():
            Ledger.create(lock.folder / LEDGER, plan, "0" * 32)
        return PrivateSide.open(plan, lock, self.reader, "x", public)

    def vote(self, side: PrivateSide, round: int) -> Any:
        phi = FittedEmbedding(Flat(), "flat-1")
        return side.vote(round, phi, self.candidates, self.labels, self.candidates_digest)

    @property
    def candidates_digest(self) -> str:
        return hashlib.sha256(self.candidates.tobytes()).hexdigest()


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No number of an earlier session hides a change."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def run(tmp_path: Path) -> Run:
    folder = tmp_path / "run"
    folder.mkdir()
    return Run(folder)


Delta = Callable[[list[tuple[int, float]], float], float]


@pytest.fixture(scope="session")
def exact_delta() -> Delta:
    """δ(ε) of discrete Gaussian releases of at most two scales, independent of the accountant.

    The sum of the outputs of m releases of one scale is a sufficient statistic with loss
    (sum + m/2) / scale^2. So the law of the sum, by plain convolution, gives the tails of one
    group, and a finite sum over the other group composes the two.
    """

    @cache
    def law(count: int, scale: float) -> tuple[Any, Any]:
        reach = math.ceil(9 * scale) + 2
        one = np.exp(-(np.arange(-reach, reach + 1.0) ** 2) / (2 * scale**2))
        out, power, left = np.ones(1), one / one.sum(), count
        while left:
            if left & 1:
                out = trimmed(np.convolve(out, power))
            left >>= 1
            if left:
                power = trimmed(np.convolve(power, power))
        half = (len(out) - 1) // 2
        return out, (np.arange(-half, half + 1) + count / 2) / scale**2

    def trimmed(probs: Any) -> Any:
        """Symmetric, without the 1e-19 in the tails."""
        cut = int(np.searchsorted(np.cumsum(probs[: len(probs) // 2]), 1e-19))
        return probs[cut : len(probs) - cut]

    def delta(groups: list[tuple[int, float]], epsilon: float) -> float:
        (probs, losses), *rest = [law(*group) for group in groups]
        # over[i]: probability of a loss of at least losses[i].
        over = np.append(np.cumsum(probs[::-1])[::-1], 0.0)
        without = np.exp(np.log(probs) - losses)  # the law without the record
        under = np.append(np.cumsum(without[::-1])[::-1], 0.0)
        weights, shifts = rest[0] if rest else (np.ones(1), np.zeros(1))
        first = np.searchsorted(losses, epsilon - shifts, side="right")
        low = under[first]
        factor = np.exp(np.where(low > 0, epsilon - shifts, 0.0))
        return float(np.sum(weights * (over[first] - factor * low)))

    return delta
