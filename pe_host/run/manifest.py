"""`manifest.json`: what a run is made of.

A run is continued, replayed and reported with the same things, or not at all.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from pe_host.errors import DataError, PluginFailure
from pe_host.evolution.schedule import Schedule
from pe_host.plugins import PluginRef
from pe_host.privacy import PrivacyPlan
from pe_host.run.folder import MANIFEST, RunFolder

SCHEMA = 2


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` holds.

    Args:
        plan: the privacy plan.
        generator, embedding: resolved, with versions.
        options: every option of the generator with its value.
        config: every setting that the result depends on.
        versions: of interpreter and distributions.
        space: parameter space of a simulator, as JSON, else None.
        parts: the generators that a composed one is made of, with their versions.
        finished: the release is written; what follows is None before that.
        schedule, class_counts, iterations: as they came out.
        spent_epsilon: ε of the ledger.
        confined: whether this version started the run, which confines generators unless the plan
            says otherwise. A run of a version before does not say.
        release_digest: of the released samples with their data; see `pe_host.digest`.
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
        """The manifest of a run.

        Raises:
            DataError: there is none, or of another schema.
        """
        document = run.read_json(MANIFEST)
        fix = "name the folder that `pe generate` wrote with --out"
        if document is None:
            raise DataError("this is no run: it has no manifest.json", where=str(run.root), fix=fix)
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise DataError(
                "the manifest is of another schema, or damaged",
                where=str(run.path(MANIFEST)),
                fix=f"this version reads schema {SCHEMA}",
            )
        try:
            return cls._from_json(document)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise DataError(
                "the manifest is damaged", where=str(run.path(MANIFEST)), fix=fix
            ) from None

    @classmethod
    def _from_json(cls, document: dict[str, Any]) -> "Manifest":
        values = {name: value for name, value in document.items() if name != "plan_digest"}
        values["plan"] = PrivacyPlan.from_json(values["plan"])
        values["generator"] = PluginRef.from_json(values["generator"])
        values["embedding"] = PluginRef.from_json(values["embedding"])
        if (schedule := values["schedule"]) is not None:
            lists = {"sizes": tuple(schedule["sizes"]), "degrees": tuple(schedule["degrees"])}
            values["schedule"] = Schedule(**{**schedule, **lists})
        if values["spent_epsilon"] is not None:
            values["spent_epsilon"] = float(values["spent_epsilon"])
        return cls(**values)

    def check_parts(self, parts: Mapping[str, str], where: str) -> None:
        """Raise PluginFailure where the generator is made of other parts, or other versions of them, than in this run."""
        if other := sorted(name for name, _ in set(self.parts.items()) ^ set(parts.items())):
            raise PluginFailure(
                f"the run was made with other versions of {', '.join(dict.fromkeys(other))}",
                where=where,
                fix="install those of its manifest.json",
            )

    def write(self, run: RunFolder) -> "Manifest":
        run.write_json(MANIFEST, self.to_json())
        return self
