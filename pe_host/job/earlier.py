"""An earlier run whose release a new run starts from."""

from dataclasses import dataclass
from pathlib import Path

from pe_host.errors import DataError, PluginFailure, PrivacyRefusal
from pe_host.plugins import PluginRef
from pe_host.privacy import BadRecords, PrivacyPlan
from pe_host.privacy.accountant import NoisyRelease
from pe_host.run.folder import LEDGER, RunFolder
from pe_host.run.manifest import EarlierId, Manifest
from pe_host.run.samples import load_release, refuse_unfinished
from pe_host.run.spent import open_ledger, refuse_set_back
from pe_sdk import OutputSpec, Samples, SourceOptions


@dataclass(frozen=True)
class EarlierRun:
    """A finished run.

    Args:
        root: its folder.
        id: what the manifest of a run that starts from it calls it; None if it has no id.
        plan: its privacy plan.
        generator: its generator.
        paid: what its release has cost: all draws of its ledger, and those of the runs that it
            started from itself.
        samples: its released samples.
    """

    root: Path
    id: EarlierId | None
    plan: PrivacyPlan
    generator: PluginRef
    paid: tuple[NoisyRelease, ...]
    samples: Samples

    @classmethod
    def read(cls, folder: str, where: str) -> "EarlierRun":
        """Read a run.

        Args:
            folder: its folder.
            where: the option that names it, for errors.

        Raises:
            DataError: it is not a run, not finished, or its samples are not those that it released.
            PrivacyRefusal: it is NOT PRIVATE, or its ledger is damaged or was set back.
        """
        root = Path(folder).expanduser()
        run = RunFolder(root)
        if not root.is_dir():
            fix = "give the folder of a finished run"
            raise DataError(f"there is no folder {folder}", where=where, fix=fix)
        manifest = Manifest.read(run)
        refuse_unfinished(manifest, root)
        plan = manifest.plan
        if not plan.private:
            what = "this run is NOT PRIVATE, so nothing that starts from it can be private"
            raise PrivacyRefusal(what, where=str(root), fix="start from a private run")
        paid = (*plan.before, *open_ledger(root, manifest).releases)
        refuse_set_back([root])
        samples = load_release(run, manifest)[0]
        return cls(root, EarlierId.of(root / LEDGER), plan, manifest.generator, paid, samples)

    def check(
        self,
        generator: PluginRef,
        output: OutputSpec,
        class_names: tuple[str, ...],
        unit: str,
        reading: SourceOptions,
    ) -> None:
        """Check that its samples can be candidates of a new run, and its cost be added.

        Args:
            generator, output, class_names, unit, reading: of the new run.

        Raises:
            PluginFailure: another generator, or another version.
            DataError: other records, classes or unit of privacy.
        """
        where, fix = str(self.root), "use the settings of its config.toml"
        if generator != self.generator:
            what = f"this run was made by {self.generator}; {generator} cannot vary its samples"
            raise PluginFailure(what, where=where, fix=fix)
        plan = self.plan
        differ = {
            "records": plan.output != output,
            "classes": plan.class_names != class_names,
            "unit of privacy": (plan.unit, plan.reading.client, plan.reading.id)
            != (unit, reading.client, reading.id),
        }
        if other := [name for name, differs in differ.items() if differs]:
            what = f"this run has other {', '.join(other)} than the new one"
            raise DataError(what, where=where, fix=fix)

    def check_records(self, bad_records: BadRecords, public_ranges: bool) -> None:
        """Check that a new run treats records as this one did: its guarantee covers both.

        Args:
            bad_records, public_ranges: of the plan of the new run.

        Raises:
            DataError: it does not.
        """
        where = str(self.root)
        if self.plan.bad_records != bad_records:
            used = self.plan.bad_records
            what = f"this run was made with --bad-records {used}, and the new one is not"
            fix = f"give --bad-records {used} again: one guarantee covers both runs"
            raise DataError(what, where=where, fix=fix)
        if self.plan.public_ranges != public_ranges:
            declares = self.plan.public_ranges
            what = (
                f"this run {'declares' if declares else 'does not declare'} the ranges in its data "
                f"public, and the new one {'does not' if declares else 'does'}"
            )
            fix = f"{'give' if declares else 'leave out'} --public-ranges here as well"
            raise DataError(what, where=where, fix=fix)
