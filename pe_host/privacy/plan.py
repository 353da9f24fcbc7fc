"""The privacy plan: one frozen object that states the guarantee.

It also holds the noise scales that the code and the ledger use, so the two cannot differ.
"""

import hashlib
import json
import math
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, cast

from pe_host.errors import DataError, PrivacyRefusal
from pe_host.privacy.accountant import (
    NoisyRelease,
    Scales,
    calibrate,
    check_rounds,
    epsilon_of,
    gaussian_mu,
    plan_releases,
)
from pe_host.privacy.shares import COUNT_BUDGET, ClassShares
from pe_sdk import OutputSpec, SourceOptions

Unit = Literal["record", "client"]
BadRecords = Literal["refuse", "drop"]

SCHEMA = 1
DEFAULT_DELTA = 1e-6


@dataclass(frozen=True)
class PrivacyPlan:
    """What a run may release about private data, and at what cost. Made by `make_plan`.

    Args:
        epsilon: ε of the whole run; inf means that there is no noise and NO PRIVACY.
        delta: δ of the whole run.
        unit: what is added or removed: one record, or one client with all its records.
        rounds: T, the number of histograms.
        votes: k, the votes of one unit in each histogram.
        vote_scale: parameter of the discrete Gaussian noise on each count of votes; 0 if not
            private.
        count_scale: the same for the class counts; None if they are declared, 0 if not private.
        mu: the run is μ-GDP; inf if not private.
        shares: where class counts come from.
        class_names: public.
        output: public spec of a record.
        reader: name of the reader, which sees private records.
        embeddings: names of the embeddings, which see private records.
        network: names of the generators that may use the network.
        unconfined: whether the kernel does not confine generators, and the operator runs them all
            the same.
        bad_records: what happens to records that are not well-formed: they are refused, or dropped
            one by one.
        public_ranges: the operator declares that ranges, step and units in the data's own file are
            public.
        reading: how the records are read and prepared. The class names are not repeated in it.
        counted_classes: the class names are numbers up to the largest label in the records.
        before: what earlier runs have paid for the release that this run starts from.
    """

    epsilon: float
    delta: float
    unit: Unit
    rounds: int
    votes: int
    vote_scale: float
    count_scale: float | None
    mu: float
    shares: ClassShares
    class_names: tuple[str, ...]
    output: OutputSpec
    reader: str
    embeddings: tuple[str, ...]
    network: tuple[str, ...] = ()
    unconfined: bool = False
    bad_records: BadRecords = "refuse"
    public_ranges: bool = False
    reading: SourceOptions = SourceOptions()
    counted_classes: bool = False
    before: tuple[NoisyRelease, ...] = ()

    @cached_property
    def total_epsilon(self) -> float:
        """ε of the release: of this run and the earlier ones that it starts from, at `delta`."""
        if not self.before or not self.private:
            return self.epsilon
        return max(self.epsilon, _upwards(epsilon_of([*self.before, *self.releases], self.delta)))

    @cached_property
    def total_mu(self) -> float:
        """μ of the release, as `total_epsilon`."""
        if not self.before or not self.private:
            return self.mu
        return gaussian_mu([*self.before, *self.releases])

    @property
    def unit_in_full(self) -> str:
        """The unit of privacy with the column that defines it, if one was named.

        Costs add up for equal ones only: a household that is a client may be many users that are.
        """
        column = self.reading.client if self.unit == "client" else self.reading.id
        return f"{self.unit} by {column}" if column else self.unit

    @property
    def private(self) -> bool:
        """False for ε = inf."""
        return math.isfinite(self.epsilon)

    @property
    def vote_release(self) -> NoisyRelease:
        """The cost of one round. Defined for private plans only."""
        return NoisyRelease(self.votes, self.vote_scale)

    @property
    def count_release(self) -> NoisyRelease:
        """The cost of the class counts. Defined only if they are released and the plan is private.

        Raises:
            ValueError: the plan releases no class counts.
        """
        if self.count_scale is None:
            raise ValueError("this plan releases no class counts")
        return NoisyRelease(1, self.count_scale)

    @property
    def largest_release(self) -> NoisyRelease:
        """The most expensive single release: an unreadable ledger line counts as this."""
        releases = (
            [self.vote_release]
            if self.count_scale is None
            else [self.vote_release, self.count_release]
        )
        return max(releases, key=lambda release: release.coordinates / release.scale**2)

    @property
    def releases(self) -> list[NoisyRelease]:
        """Everything the run releases if no draw is lost; empty if not private."""
        return (
            plan_releases(Scales(self.vote_scale, self.count_scale), self.rounds, self.votes)
            if self.private
            else []
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal."""
        text = json.dumps(
            self.to_json(),
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=True,
            allow_nan=False,
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def summary(self) -> str:
        """The guarantee in one line."""
        if not self.private:
            return "NOT PRIVATE (ε = inf)"
        own = f" ({self.epsilon:g} by this run)" if self.before else ""
        return (
            f"ε = {self.total_epsilon:g}{own}, δ = {self.delta:g}, "
            f"unit of privacy: adding or removing one {self.unit}"
        )

    def to_json(self) -> dict[str, Any]:
        """Every field as JSON; infinity is written "inf", because JSON has no number for it.

        Fields that came after the first version are left out where they have their defaults, so
        that the digests of older plans stay the same.
        """
        later: dict[str, Any] = {}
        if self.network:
            later["network"] = list(self.network)
        if self.unconfined:
            later["unconfined"] = True
        if self.bad_records != "refuse":
            later["bad_records"] = self.bad_records
        if self.public_ranges:
            later["public_ranges"] = True
        if reading := self.reading.to_json():
            later["reading"] = reading
        if self.counted_classes:
            later["counted_classes"] = True
        if self.before:
            groups = sorted(Counter((r.coordinates, r.scale) for r in self.before).items())
            later["before"] = [[*release, count] for release, count in groups]
        return {
            **later,
            "schema": SCHEMA,
            "private": self.private,
            "epsilon": self.epsilon if self.private else "inf",
            "delta": self.delta,
            "unit": self.unit,
            "rounds": self.rounds,
            "votes": self.votes,
            "vote_scale": self.vote_scale,
            "count_scale": self.count_scale,
            "mu": self.mu if self.private else "inf",
            "shares": self.shares.to_json(),
            "class_names": list(self.class_names),
            "output": self.output.to_json(),
            "reader": self.reader,
            "embeddings": list(self.embeddings),
            **later,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "PrivacyPlan":
        """Inverse of `to_json`.

        Raises:
            DataError: the document is not a plan, or has a schema this version does not know.
        """
        if document.get("schema") != SCHEMA:
            raise DataError(
                f"this privacy plan has schema {document.get('schema')!r}; "
                f"this version reads schema {SCHEMA}"
            )
        try:
            return cls(
                epsilon=float(document["epsilon"]),
                delta=float(document["delta"]),
                unit=cast(Unit, document["unit"]),
                rounds=int(document["rounds"]),
                votes=int(document["votes"]),
                vote_scale=float(document["vote_scale"]),
                count_scale=None
                if document["count_scale"] is None
                else float(document["count_scale"]),
                mu=float(document["mu"]),
                shares=ClassShares.from_json(document["shares"]),
                class_names=tuple(document["class_names"]),
                output=OutputSpec.from_json(document["output"]),
                reader=document["reader"],
                embeddings=tuple(document["embeddings"]),
                network=tuple(document.get("network", ())),
                unconfined=bool(document.get("unconfined", False)),
                bad_records=cast(BadRecords, document.get("bad_records", "refuse")),
                public_ranges=bool(document.get("public_ranges", False)),
                reading=SourceOptions.from_json(document.get("reading", {})),
                counted_classes=bool(document.get("counted_classes", False)),
                before=tuple(
                    NoisyRelease(int(coordinates), float(scale))
                    for coordinates, scale, count in document.get("before", ())
                    for _ in range(int(count))
                ),
            )
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise DataError("this is not a privacy plan") from error

    def check_delta(self, n: int, where: str, fix: str = "") -> None:
        """Refuse a δ that is not below 1/n.

        Args:
            n: number of records or clients, as declared or as released with noise.
            where: where δ or n comes from, for the error.
            fix: what to do next; by default to give another δ.

        Raises:
            PrivacyRefusal: δ >= 1/n.
        """
        if self.is_large_delta(n):
            raise PrivacyRefusal(
                f"δ = {self.delta:g} is not below 1/n for n = {n:,} {self.unit}s: "
                f"at this δ, publishing one whole {self.unit} would be allowed",
                where=where,
                fix=fix or f"give --delta well below {1 / n:.1g}, or add --allow-large-delta",
            )

    def is_large_delta(self, n: int) -> bool:
        """True if δ is not below 1/n."""
        return self.private and n * self.delta >= 1

    def sentences(self, n: int | None = None, confined: bool = True) -> list[str]:
        """The guarantee and every assumption it rests on, in plain sentences.

        Args:
            n: number of records or clients as released, where it is; a declared one is known.
            confined: False for a run of a version that did not confine generators yet.
        """
        from pe_host.privacy.statement import sentences  # it needs this class

        return sentences(self, n, confined)


def make_plan(
    *,
    epsilon: float,
    rounds: int,
    votes: int,
    class_names: tuple[str, ...],
    output: OutputSpec,
    reader: str,
    embeddings: tuple[str, ...],
    delta: float = DEFAULT_DELTA,
    unit: Unit = "record",
    shares: ClassShares | None = None,
    network: tuple[str, ...] = (),
    unconfined: bool = False,
    bad_records: BadRecords = "refuse",
    public_ranges: bool = False,
    reading: SourceOptions = SourceOptions(),
    counted_classes: bool = False,
    before: tuple[NoisyRelease, ...] = (),
) -> PrivacyPlan:
    """Calibrate the noise to the budget and freeze the plan.

    The arguments are those of `PrivacyPlan`; shares are noisy by default.

    Raises:
        PrivacyRefusal: no noise can be calibrated to the arguments, or the unit is unknown.
        UsageError: the shares do not fit the classes.
        DataError: there are no class names, or two are the same.
    """
    shares = shares or ClassShares()
    shares.check(len(class_names))
    if not class_names or len(set(class_names)) != len(class_names):
        raise DataError("class names are needed, and each must be distinct", where="--classes")
    if unit not in ("record", "client"):
        raise PrivacyRefusal(f"the unit of privacy must be record or client, not {unit!r}")
    noisy = shares.origin == "noisy"
    if epsilon == math.inf:
        check_rounds(rounds, votes)
        scales, mu = Scales(0.0, 0.0 if noisy else None), math.inf
    else:
        scales = calibrate(epsilon, delta, rounds, votes, COUNT_BUDGET if noisy else 0.0)
        mu = gaussian_mu(plan_releases(scales, rounds, votes))
    return PrivacyPlan(
        epsilon=float(epsilon),
        delta=float(delta),
        unit=unit,
        rounds=rounds,
        votes=votes,
        vote_scale=scales.votes,
        count_scale=scales.counts,
        mu=mu,
        shares=shares,
        class_names=class_names,
        output=output,
        reader=reader,
        embeddings=embeddings,
        network=network,
        unconfined=unconfined,
        bad_records=bad_records,
        public_ranges=public_ranges,
        reading=replace(reading, classes=()),
        counted_classes=counted_classes,
        before=tuple(sorted(before, key=lambda release: (release.coordinates, release.scale))),
    )


def _upwards(value: float) -> float:
    """The value to six digits, rounded up."""
    step = 10.0 ** (math.floor(math.log10(value)) - 5)
    return float(f"{math.ceil(value / step) * step:.6g}")
