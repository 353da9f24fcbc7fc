"""The private side of a run: only this code opens the data, and all it returns has been paid for.

The order of a release is the guarantee: check that the ledger can afford the draw, write its line
to the disk, draw the noise, write the noisy answer to the disk, and only then return it. If a crash
loses an answer, its line stays spent. If an answer is on the disk, it is returned again and never
drawn twice, so no two noisy answers to one question can be averaged.
"""

from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.errors import DataError, PeError, PrivacyRefusal
from pe_host.isolation.confine import protect_memory
from pe_host.privacy.budget import RunAccount, content_of
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
from pe_host.privacy.store import FileStore, HistogramStore, check_paid
from pe_host.privacy.voting import check_candidates, count_votes
from pe_sdk import ReaderSpec


class PrivateSide:
    """Answers the questions of one run within its plan. Made by `open`.

    A context manager that forgets the data on leaving. A stored answer is returned as it is, at no
    cost and without opening the data. Every other answer is released in the order that the module
    describes.
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
        account: RunAccount | None = None,
    ) -> "PrivateSide":
        """Open the ledger of the run folder. Private records are read when needed.

        Args:
            plan: what the run may release.
            lock: the lock of the run folder, held.
            reader: reads the records; part of the trusted base.
            location: what the reader reads.
            public: the reader's `SourceInfo` says that the data are public or synthetic, which
                allows `evaluate`.
            account: counts the run in the budget of its data set; None if nobody counts them.

        Raises:
            PrivacyRefusal: the lock is not held, the ledger is missing, damaged, not that of this
                plan or not as far as the account, or a stored histogram has no line in the ledger.
        """
        if not lock.held:
            raise PrivacyRefusal("the run folder is not locked", where=str(lock.folder))
        ledger = Ledger.open(lock.folder / LEDGER, plan, account)
        measured = public is True  # any non-empty string would be truthy
        evaluate = partial(write_evaluation, lock.folder) if measured else None
        read = partial(PrivateDataset.read, reader, location, plan, parameters=measured)
        if account is not None:
            read = partial(_identified, account, location, read)
        side = cls(plan, ledger, FileStore(lock.folder), read, evaluate)
        check_paid(side._store, ledger, plan.rounds)
        return side

    def load(self) -> None:
        """Read and check the private records now, so that errors come before anything is spent.

        Raises:
            DataError: the records do not fit the plan; names a row or a file, never its content.
        """
        if self._data is None:
            protect_memory()
            self._data = self._read()

    def warnings(self) -> list[str]:
        """Warnings for the operator's terminal only, because they depend on private data.

        There is one, for a δ that is not below 1/n. Loads the data.
        """
        self.load()
        assert self._data is not None
        if not self.plan.private or self.plan.delta < 1 / self._data.units:
            return []
        return [
            f"δ = {self.plan.delta:g} is not below 1/n: "
            f"at this δ, publishing one whole {self.plan.unit} would be allowed"
        ]

    def class_counts(self) -> ClassCounts:
        """The class counts: declared, stored, or released now as "class-counts" in the ledger.

        Raises:
            BudgetExhausted: earlier attempts were lost, and the budget does not cover another.
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
            labels: int64 [N], the classes of the candidates; records vote within their class.
            candidates_digest: digest of the candidates themselves; it is stored with the votes,
                which are valid for these candidates only.

        Raises:
            BudgetExhausted: earlier attempts were lost, and the budget does not cover another
                round.
            PrivacyRefusal: a class has candidates, but fewer than k; or the embedding mixes
                records.
            DataError: the stored votes of this round are for other candidates; or see `load`.
        """
        plan = self.plan
        if not 1 <= round <= plan.rounds:
            raise PrivacyRefusal(f"round {round} is not one of the plan's {plan.rounds} rounds")
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
        """The stored noisy votes of a round, or None; at no cost and without opening the data.

        Args:
            round: t in 1..T.
            candidates: number of candidates.
            candidates_digest: digest of the candidates; see `vote`.

        Raises:
            DataError: the stored votes are for other candidates.
        """
        stored = self._store.load(votes_name(round))
        if stored is None:
            return None
        self._check_stored(votes_name(round), stored, candidates)
        check_candidates_digest(stored[1], round, candidates_digest)
        return NoisyHistogram(stored[0], round, self.plan.vote_scale)

    def evaluate(self, request: EvaluationRequest) -> None:
        """Measure populations against the private records, into `internal/evaluation.json`.

        The results are not private, and that file is the only place they go to. Only public or
        synthetic data are measured: on other data, operators would choose their settings by numbers
        that no budget covers.

        Raises:
            PrivacyRefusal: the data are not declared public.
            DataError: there are too few records or samples, measuring failed, or the file cannot be
                written.
            PluginFailure: the embedding failed. No error holds a result or a record.
        """
        if self._evaluate is None:
            raise PrivacyRefusal(
                "evaluation measures without noise, so it needs data that their reader declares "
                "public"
            )
        self.load()
        assert self._data is not None
        self._vectors = PrivateVectors()  # frees memory: all votes are cast
        failure: PeError | None = None
        try:
            self._evaluate(self._data, request)
        except PeError as error:
            failure = type(error)(error.what, where=error.where, fix=error.fix)
        except Exception as error:
            failure = DataError(f"the evaluation failed with {type(error).__name__}")
        # Raised outside the handler: the original error must not be attached, because its frames
        # hold records.
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Forget the records and their vectors."""
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
        """Write the ledger line, draw the noise and store the answer, with nothing in between.

        A draw that is lost there stays paid for. Everything that can fail for a foreseeable reason
        (calibration of the sampler, budget, disk space) is checked first. A second mechanism would
        stand here, beside the discrete Gaussian one.
        """
        if self.plan.private:
            prepare(scale)
        self.ledger.check_affordable(kind)
        self._store.check_room(name, clean.nbytes)
        with interrupts_held():
            self.ledger.spend(kind, round)
            noisy = add_noise(clean, scale) if self.plan.private else clean
            self._store.save(name, noisy, {"plan": self.plan.digest, **about})
        return noisy

    def _check_stored(
        self, name: str, stored: tuple[NDArray[np.int64], dict[str, Any]], length: int
    ) -> None:
        noisy, about = stored
        if noisy.shape != (length,) or about.get("plan") != self.plan.digest:
            raise DataError(
                "the stored values are not an answer to a question of this run",
                where=name,
                fix="restore the file from a backup",
            )


def _identified(
    account: RunAccount, location: str, read: Callable[[], PrivateDataset]
) -> PrivateDataset:
    """The records, after the account knows what they are; it may then refuse them."""
    account.identify(content_of(location))
    return read()


def check_candidates_digest(about: dict[str, Any], round: int, candidates_digest: str) -> None:
    """Raise DataError unless the votes stored with `about` are for candidates of this digest."""
    if about.get("candidates") != candidates_digest:
        raise DataError(
            f"the stored votes of round {round} are for other candidates than these",
            where=votes_name(round),
            fix="use the versions, the machine and the files that the run was made with",
        )
