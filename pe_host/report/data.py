"""The content of a report.

Everything outside `InternalView` is public or released, and may be published with the data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pe_host.report.grid import RecordGrid
from pe_sdk import Parameter


@dataclass(frozen=True)
class GeneratorView:
    """The generator of the candidates, by the metadata of its distribution, which may be empty."""

    name: str
    distribution: str = ""
    version: str = ""
    summary: str = ""
    licence: str = ""


@dataclass(frozen=True)
class LedgerRow:
    """One line of the ledger: noise that was, or may have been, drawn.

    Args:
        round: iteration t from 1, or None for a release before the first.
        kind: what was released, in words ("votes", "class counts").
        scale: scale of the discrete Gaussian noise.
        coordinates: how many of the released numbers one unit can change by one.
        attempt: number of the attempt, from 1; later ones follow a crash.
        used: whether the release is part of the result; otherwise it was paid for and lost.
    """

    round: int | None
    kind: str
    scale: float
    coordinates: int
    attempt: int = 1
    used: bool = True


@dataclass(frozen=True)
class PrivacyView:
    """The guarantee and how it was spent.

    Args:
        private: False for epsilon = inf and for idealised noise: the page says NOT PRIVATE, and
            there is no card.
        mu: smallest mu whose Gaussian trade-off curve lies below the exact one; None if there is
            none.
        unit: what is protected, "record" or "client".
        rounds_planned, rounds_spent, rounds_used: numbers of histograms that were planned, that
            were paid for, and that went into the result.
        sentences: the guarantee with its assumptions, from the plan.
        trusted: names of the embeddings and readers that see private records.
        ledger: the lines of the ledger, in the order of the file.
        confined: whether the kernel kept the generator from the private data.
    """

    private: bool
    epsilon: float
    delta: float
    mu: float | None
    unit: str
    rounds_planned: int
    rounds_spent: int
    rounds_used: int
    sentences: tuple[str, ...]
    trusted: tuple[str, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    confined: bool = True


@dataclass(frozen=True)
class IterationView:
    """A population of the evolution.

    Args:
        t: 0 for the random samples, then the iteration whose variations these are.
        degree: degree of variation, or a degree for each parameter, or None if nothing was varied.
        candidates: number of samples in the population.
        grid: some of them, or None if there are none to show.
        stats: statistics of the noisy votes that chose its parents, computed from released values
            only (see `report.statistics`). Names unknown there get no chart and are shown as they
            are.
    """

    t: int
    degree: float | Mapping[str, float] | None
    candidates: int
    grid: RecordGrid | None
    stats: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ReleaseView:
    """The released samples.

    Args:
        counts: number of samples of each class, in the order of the class names.
        record: what a record is, in words.
        grid: some of the samples, or None if there are none to show.
        files: names of the files in the release.
    """

    counts: tuple[int, ...]
    record: str
    grid: RecordGrid | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class MarginalView:
    """One parameter of a simulator in populations and in the private records, where it is known.

    Args:
        name, parameter: the parameter in the space of the simulator.
        before, after, perfect: distances to the private records: of iteration 0, of the final
            samples, and of other private records; see `pe_host.metrics.marginal_distance`.
        private, first, last: shares of the private records, of iteration 0 and of the final samples
            in the bins of `pe_host.metrics.bins_of`, all of the same length.
    """

    name: str
    parameter: Parameter
    before: float
    after: float
    perfect: float
    private: tuple[float, ...]
    first: tuple[float, ...]
    last: tuple[float, ...]


@dataclass(frozen=True)
class CurveView:
    """A metric by iteration, the final samples last, and its value for as many private records."""

    values: tuple[float, ...]
    perfect: float


@dataclass(frozen=True)
class EvaluationView:
    """Populations measured without noise against private records that are public or synthetic.

    Args:
        embedding: the embedding in whose space the samples were compared.
        samples, records: numbers of samples of each population, and of private records, that were
            measured.
        frechet: Fréchet distance of the populations by iteration, the final samples last; at least
            one.
        frechet_perfect: Fréchet distance of as many private records to the others.
        coverage, density: see `pe_host.metrics.coverage`; None if there were too few records.
        neighbours: k of these two.
        marginals: the parameters, in the order in which they are shown.
    """

    embedding: str
    samples: int
    records: int
    frechet: tuple[float, ...]
    frechet_perfect: float
    marginals: tuple[MarginalView, ...] = ()
    coverage: CurveView | None = None
    density: CurveView | None = None
    neighbours: int = 0


@dataclass(frozen=True)
class InternalView:
    """The internal part, which must stay with the operator: no privacy guarantee covers it.

    Args:
        source: the private data source.
        logs: lines of the log, oldest first.
        settings: the settings that name places or data of the operator.
        evaluation: the evaluation of the populations against the private records, if there is one.
        damaged: the file of the evaluation, if it cannot be read.
    """

    source: str = ""
    logs: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    evaluation: EvaluationView | None = None
    damaged: str = ""


@dataclass(frozen=True)
class ReportData:
    """A run as its report shows it.

    Args:
        title: the heading, which names neither the data source nor a path.
        status: one or two words ("finished", "ended early").
        class_names: the class names, which are public; the rows of every grid.
        settings: resolved configuration without places or data of the operator; nested ones get
            dotted names.
        versions: versions of the distributions and the interpreter.
        internal: the internal part; None in the report that may be published.
    """

    title: str
    status: str
    generator: GeneratorView
    privacy: PrivacyView
    class_names: tuple[str, ...]
    iterations: tuple[IterationView, ...]
    release: ReleaseView | None
    settings: Mapping[str, object]
    versions: Mapping[str, str]
    internal: InternalView | None = None

    def public(self) -> "ReportData":
        """Return the report without its internal part."""
        return replace(self, internal=None)
