"""`manifest.json`: everything that a run depends on.

A run is continued, replayed and reported with exactly this, or not at all.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pe_host.errors import DataError, PluginFailure, PrivacyRefusal
from pe_host.evolution.schedule import Schedule
from pe_host.plugins import PluginRef
from pe_host.privacy import PrivacyPlan
from pe_host.privacy.ledger import run_of
from pe_host.run.folder import MANIFEST, RunFolder

SCHEMA = 2


@dataclass(frozen=True)
class EarlierId:
    """A run that another one starts from, in the state in which it did.

    Args:
        run: its id.
        ledger: SHA-256 of its ledger, in hexadecimal digits.
    """

    run: str
    ledger: str

    @classmethod
    def of(cls, ledger: Path) -> "EarlierId | None":
        """Name the run with the ledger in this file; None if it has no id (an older version's).

        Raises:
            PrivacyRefusal: the ledger is missing, or its header is damaged.
        """
        id, _ = run_of(ledger)
        return cls(id, hashlib.sha256(ledger.read_bytes()).hexdigest()) if id else None


@dataclass(frozen=True)
class Manifest:
    """The content of `manifest.json`.

    Args:
        plan: the privacy plan.
        generator, embedding: the plugins, resolved, with versions.
        options: every option of the generator with its value.
        config: every setting that the result depends on.
        versions: versions of the interpreter and the distributions.
        space: parameter space of a simulator, as JSON, else None.
        run_id: 32 hexadecimal digits that the ledger repeats; None for a run of an older version.
        parts: the generators that a composed one consists of, with their versions.
        finished: whether the release is written.
        schedule, class_counts: what was resolved from the class counts, None before that.
        iterations: number of iterations that the release rests on, None until finished.
        spent_epsilon: ε of the ledger, None until finished.
        confined: whether a version that confines generators, unless the plan says otherwise,
            started the run. Manifests of older versions do not have the key.
        release_digest: digest of the released samples with their data, None until finished; see
            `pe_host.digest`.
        earlier_run: the run that this one starts from; None if it starts from none, and for a run
            of an older version or one that starts from such a run.
    """

    plan: PrivacyPlan
    generator: PluginRef
    embedding: PluginRef
    options: dict[str, str]
    config: dict[str, Any]
    versions: dict[str, str]
    space: dict[str, Any] | None
    parts: dict[str, str]
    finished: bool = False
    schedule: Schedule | None = None
    class_counts: dict[str, Any] | None = None
    iterations: int | None = None
    spent_epsilon: float | None = None
    release_digest: str | None = None
    confined: bool = False
    run_id: str | None = None
    earlier_run: EarlierId | None = None
    schema: int = field(default=SCHEMA)

    def to_json(self) -> dict[str, Any]:
        spent = self.spent_epsilon
        return {
            **asdict(self),
            "plan": self.plan.to_json(),
            "plan_digest": self.plan.digest,
            "generator": self.generator.to_json(),
            "embedding": self.embedding.to_json(),
            "spent_epsilon": "inf" if spent is not None and not np.isfinite(spent) else spent,
        }

    @classmethod
    def read(cls, run: RunFolder) -> "Manifest":
        """Read the manifest of a run.

        Raises:
            DataError: there is none, or it is damaged or has another schema.
        """
        document = run.read_json(MANIFEST)
        fix = "give the folder of a run, as `pe generate` prints it"
        if document is None:
            what = "this folder is not a run: it has no manifest.json"
            raise DataError(what, where=str(run.root), fix=fix)
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise DataError(
                "the manifest has another schema, or is damaged",
                where=str(run.path(MANIFEST)),
                fix=f"this version reads schema {SCHEMA}",
            )
        where, what = str(run.path(MANIFEST)), "the manifest is damaged"
        fix = "restore the file from a backup, or use the version of pe that wrote it"
        try:
            return cls._from_json(document)
        except DataError as error:  # the plan is another version's, or none
            what = error.what
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            pass
        raise DataError(what, where=where, fix=fix)

    @classmethod
    def _from_json(cls, document: dict[str, Any]) -> "Manifest":
        values = {name: value for name, value in document.items() if name != "plan_digest"}
        values["plan"] = PrivacyPlan.from_json(values["plan"])
        values["generator"] = PluginRef.from_json(values["generator"])
        values["embedding"] = PluginRef.from_json(values["embedding"])
        if (schedule := values["schedule"]) is not None:
            lists = {"sizes": tuple(schedule["sizes"]), "degrees": tuple(schedule["degrees"])}
            values["schedule"] = Schedule(**{**schedule, **lists})
        if (earlier := values.get("earlier_run")) is not None:
            values["earlier_run"] = EarlierId(**earlier)
        if values["spent_epsilon"] is not None:
            values["spent_epsilon"] = float(values["spent_epsilon"])
        manifest = cls(**values)
        if manifest.plan.digest != document["plan_digest"]:
            raise ValueError("another plan")
        manifest._check_types()
        return manifest

    def _check_types(self) -> None:
        """Raise ValueError unless every value is of its type, whoever has edited the file."""
        plan, counts, schedule = self.plan, self.class_counts, self.schedule
        tables = [self.options, self.versions, self.parts, self.config.get("set", {})]
        valid = [
            all(_is_table(table) for table in tables),
            self.space is None or isinstance(self.space, dict),
            type(self.config.get("seed", 0)) is int,
            not self.finished or {"set", "seed"} <= self.config.keys(),
            all(_is_setting(value) for value in self.config.values()),
            all(isinstance(flag, bool) for flag in (self.finished, self.confined)),
            all(isinstance(text, str | None) for text in (self.run_id, self.release_digest)),
            self.earlier_run is None or _is_table(vars(self.earlier_run)),
            self.iterations is None or _is_count(self.iterations, plan.rounds),
            schedule is None or (schedule.iterations == plan.rounds and schedule.is_valid()),
            counts is None or len(counts["counts"]) == len(plan.class_names),
            counts is None or all(_is_count(count) for count in counts["counts"]),
        ]
        if not all(valid):
            raise ValueError("a value of another type")

    def check_ledger(self, path: Path) -> None:
        """Raise PrivacyRefusal unless the ledger in this file is that of the run."""
        if self.run_id is not None and self.run_id != run_of(path)[0]:
            what = "the ledger belongs to another run"
            fix = "restore the ledger of this run from a backup, or start a new run"
            raise PrivacyRefusal(what, where=str(path), fix=fix)

    def check_parts(self, parts: Mapping[str, str], where: str) -> None:
        """Raise PluginFailure unless the generator consists of the parts and versions of this run.

        Args:
            parts: the parts of the generator as it is installed.
            where: the place for the error.
        """
        if other := sorted(name for name, _ in set(self.parts.items()) ^ set(parts.items())):
            raise PluginFailure(
                f"the run was made with other versions of {', '.join(dict.fromkeys(other))}",
                where=where,
                fix="install the versions in its manifest.json",
            )

    def write(self, run: RunFolder) -> "Manifest":
        run.write_json(MANIFEST, self.to_json())
        return self


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(part, str) for part in value.values())


def _is_setting(value: Any) -> bool:
    """True for what a setting can be: a text, a number, a list of these, or a table of such."""
    parts = list(value.values()) if isinstance(value, dict) else [value]
    return all(map(_is_plain, parts))


def _is_plain(value: Any) -> bool:
    parts = value if isinstance(value, list) else [value]
    return all(part is None or isinstance(part, str | int | float) for part in parts)


def _is_count(value: Any, most: int = 2**63 - 1) -> bool:
    return type(value) is int and 0 <= value <= most
