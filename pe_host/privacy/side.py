"""The private side of a run: it alone opens the data, and every answer it gives has passed through ledger and noise."""

from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.errors import DataError, PeError, PrivacyRefusal
from pe_host.isolation.confine import protect_memory
from pe_host.privacy.dataset import PrivateDataset
from pe_host.privacy.embed import PrivateVectors
from pe_host.privacy.evaluation import EvaluationRequest, write_evaluation
from pe_host.privacy.files import COUNTS, LEDGER, votes_name
from pe_host.privacy.interrupts import interrupts_held
from pe_host.privacy.ledger import Ledger
from pe_host.privacy.lock import FolderLock
from pe_host.privacy.mechanism import add_noise, prepare
from pe_host.privacy.plan import PrivacyPlan
from pe_host.privacy.released import ClassCounts, NoisyHistogram
from pe_host.privacy.store import FileStore, HistogramStore
from pe_host.privacy.voting import check_candidates, count_votes
from pe_sdk import ReaderSpec


class PrivateSide:
    """Answers the questions of one run within its plan. Made by `open`; a context manager that forgets the data on
    leaving.

    Every answer goes the same way: a stored one is returned as it is, at no cost and without opening the data; else the
    ledger must afford it, its line reaches the disk, noise is drawn, and the noisy answer is on disk before anyone sees
    it.
    """

    def __init__(
        self,
        plan: PrivacyPlan,
        ledger: Ledger,
        store: HistogramStore,
        read: Callable[[], PrivateDataset],
        evaluate: Callable[[PrivateDataset, EvaluationRequest], None] | None = None,
    ) -> None:
        self.plan = plan
        self.ledger = ledger
        self._store = store
        self._read = read
        self._evaluate = evaluate
        self._data: PrivateDataset | None = None
        self._vectors = PrivateVectors()

    @classmethod
    def open(
        cls,
        plan: PrivacyPlan,
        lock: FolderLock,
        reader: ReaderSpec,
        location: str,
        public: bool = False,
    ) -> "PrivateSide":
        """Open the ledger of the run folder, or begin it. Private records are not read before they are needed.

        Args:
            plan: what the run may release.
            lock: of the run folder, held.
            reader: reads the records; part of the trusted base.
            location: what the reader is to read.
            public: its `SourceInfo` says that the data are public or synthetic, so `evaluate` may be asked.

        Raises:
            PrivacyRefusal: the lock is not held, the ledger is of another plan or damaged, or a histogram is stored
                that no line of the ledger pays for.
        """
        if not lock.held:
            raise PrivacyRefusal("the run folder is not locked", where=str(lock.folder))
        ledger = Ledger.open(lock.folder / LEDGER, plan)
        measured = public is True  # a text would be true whatever it says
        evaluate = partial(write_evaluation, lock.folder) if measured else None
        read = partial(PrivateDataset.read, reader, location, plan, parameters=measured)
        side = cls(plan, ledger, FileStore(lock.folder), read, evaluate)
        side._check_paid()
        return side

    def load(self) -> None:
        """Read and check the private records now rather than at the first question, to fail before anything is spent.

        Raises:
            DataError: the records are not what the plan says; names a row or a file, never its content.
        """
        if self._data is None:
            protect_memory()
            self._data = self._read()

    def warnings(self) -> list[str]:
        """For the operator's terminal alone, since they depend on private data: δ not below 1/n. Loads the data."""
        self.load()
        assert self._data is not None
        if not self.plan.private or self.plan.delta < 1 / self._data.units:
            return []
        return [
            f"δ = {self.plan.delta:g} is not below 1/n: one of the {self.plan.unit}s could be published whole at this δ"
        ]

    def class_counts(self) -> ClassCounts:
        """Declared counts, or the noisy ones: stored, or released now as `kind` "class-counts" of the ledger.

        Raises:
            BudgetExhausted: earlier attempts were lost, and the budget does not hold another.
            DataError: see `load`.
        """
        plan = self.plan
        if plan.count_scale is None:
            return plan.shares.declared(plan.class_names)
        stored = self._store.load(COUNTS)
        if stored is None:
            self.load()
            assert self._data is not None
            clean = self._data.class_counts()
            noisy = self._release("class-counts", 0, COUNTS, plan.count_scale, clean, {})
        else:
            noisy = stored[0]
            self._check_stored(COUNTS, stored, len(plan.class_names))
        return ClassCounts(
            plan.class_names, np.maximum(noisy, 0), "noisy" if plan.private else "exact"
        )

    def vote(
        self,
        round: int,
        phi: FittedEmbedding,
        candidates: NDArray[np.int16],
        labels: NDArray[np.int64],
        candidates_digest: str,
    ) -> NoisyHistogram:
        """The noisy votes of the private records on the candidates.

        Args:
            round: t in 1..T.
            phi: maps private records into the space of the candidates; their vectors are kept until
                its digest changes.
            candidates: int16 [N, d], on the grid of `pe_host.embeddings.grid`.
            labels: int64 [N], the candidates' classes; records vote within their class.
            candidates_digest: digest of the candidates themselves; the votes are kept with it and belong to no others.

        Raises:
            BudgetExhausted: earlier attempts were lost, and the budget does not hold another round.
            PrivacyRefusal: a class has candidates, but fewer than k; the embedding mixes records.
            DataError: the stored votes of this round are on other candidates; or see `load`.
        """
        plan = self.plan
        if not 1 <= round <= plan.rounds:
            raise PrivacyRefusal(f"round {round} is not among the {plan.rounds} rounds of the plan")
        check_candidates(candidates, labels, len(plan.class_names), plan.votes)
        stored = self.released(round, len(candidates), candidates_digest)
        if stored is not None:
            return stored
        self.load()
        assert self._data is not None
        self.ledger.check_affordable("votes")
        vectors = self._vectors.of(self._data, phi)
        clean = count_votes(vectors, self._data, candidates, labels, plan.votes)
        noisy = self._release(
            "votes",
            round,
            votes_name(round),
            plan.vote_scale,
            clean,
            {"candidates": candidates_digest},
        )
        return NoisyHistogram(noisy, round, plan.vote_scale)

    def released(
        self, round: int, candidates: int, candidates_digest: str
    ) -> NoisyHistogram | None:
        """The noisy votes of a round that are on disk, at no cost and without opening the data; else None.

        Args:
            round: t in 1..T.
            candidates: how many there are.
            candidates_digest: of the candidates, as of `vote`.

        Raises:
            DataError: the stored votes are on other candidates.
        """
        stored = self._store.load(votes_name(round))
        if stored is None:
            return None
        self._check_stored(votes_name(round), stored, candidates)
        check_candidates_digest(stored[1], round, candidates_digest)
        return NoisyHistogram(stored[0], round, self.plan.vote_scale)

    def evaluate(self, request: EvaluationRequest) -> None:
        """Measure populations against the private records themselves, into `internal/evaluation.json` of the run folder.

        This is not private, and there is no other way to the results than that file. Only data that are public or
        synthetic are measured: on other data operators would choose their settings by numbers that no budget covers.

        Raises:
            PrivacyRefusal: the data are not declared public.
            DataError: there is too little to measure, it cannot be measured, or the file cannot be written.
            PluginFailure: the embedding failed. No error holds a result or a record.
        """
        if self._evaluate is None:
            raise PrivacyRefusal(
                "only data that their reader declares public are measured as they are"
            )
        self.load()
        assert self._data is not None
        self._vectors = PrivateVectors()  # the last votes are cast, and measuring takes memory too
        failure: PeError | None = None
        try:
            self._evaluate(self._data, request)
        except PeError as error:
            failure = type(error)(error.what, where=error.where, fix=error.fix)
        except Exception as error:
            failure = DataError(f"measuring failed with {type(error).__name__}")
        if (
            failure is not None
        ):  # raised out here, so that the error holds no reference to frames with records
            raise failure

    def close(self) -> None:
        """Forget records and vectors."""
        self._data = None
        self._vectors = PrivateVectors()

    def __enter__(self) -> "PrivateSide":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _release(
        self,
        kind: str,
        round: int,
        name: str,
        scale: float,
        clean: NDArray[np.int64],
        about: dict[str, str],
    ) -> NDArray[np.int64]:
        """Ledger line, noise, disk, in this order and with nothing between. A draw that is lost there stays paid for."""
        if self.plan.private:
            prepare(scale)
        self.ledger.check_affordable(kind)
        self._store.check_room(name, clean.nbytes)
        with interrupts_held():
            self.ledger.spend(kind, round)
            noisy = add_noise(clean, scale) if self.plan.private else clean
            self._store.save(name, noisy, {"plan": self.plan.digest, **about})
        return noisy

    def _check_paid(self) -> None:
        for kind, round, name in [
            ("class-counts", 0, COUNTS),
            *[("votes", t, votes_name(t)) for t in range(1, self.plan.rounds + 1)],
        ]:
            if not self.ledger.has_line(kind, round) and self._store.load(name) is not None:
                raise PrivacyRefusal(
                    "a released histogram is stored that no line of the ledger pays for",
                    where=name,
                    fix="start a new run; without its ledger it is not known what this one spent",
                )

    def _check_stored(
        self, name: str, stored: tuple[NDArray[np.int64], dict[str, Any]], length: int
    ) -> None:
        noisy, about = stored
        if noisy.shape != (length,) or about.get("plan") != self.plan.digest:
            raise DataError(
                "what is stored here is no answer to a question of this run", where=name
            )


def check_candidates_digest(about: dict[str, Any], round: int, candidates_digest: str) -> None:
    """Raise DataError unless the votes stored with `about` were cast on the candidates of this candidates_digest."""
    if about.get("candidates") != candidates_digest:
        raise DataError(
            f"the stored votes of round {round} are on other candidates than these",
            where=votes_name(round),
            fix="use the versions, the machine and the files that the run was made with",
        )
