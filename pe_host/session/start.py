"""Start a run in a folder, or continue the run that is in it."""

import json
import platform
import secrets
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from pe_host.compute.info import GeneratorInfo
from pe_host.errors import DataError, PluginFailure, PrivacyRefusal
from pe_host.job.config import RunConfig, reproducible_settings
from pe_host.job.job import Job
from pe_host.privacy import resumed_plan
from pe_host.privacy.budget import RunAccount
from pe_host.privacy.ledger import Ledger
from pe_host.run.folder import CONFIG, FIRST_CANDIDATES, LEDGER, RunFolder
from pe_host.run.manifest import Manifest

_IN_PLAN = {"bad_records", "public_ranges"}
"""Settings that came after the first manifests, and whose whole effect the plan states."""


def start_run(
    run: RunFolder, job: Job, info: GeneratorInfo, account: RunAccount | None
) -> Manifest:
    """Write the ledger, the manifest and the configuration of a new run.

    The ledger comes first, so that one which is missing beside a manifest was lost.
    """
    id = account.id if account else secrets.token_hex(16)
    budget = account.database.id if account else ""
    Ledger.create(run.path(LEDGER), job.plan, id, budget)
    if job.earlier is not None:
        run.keep_first_candidates(job.earlier.samples)
    else:  # of a start that was killed, in the same folder
        run.path(FIRST_CANDIDATES).unlink(missing_ok=True)
    manifest = replace(_manifest(job, info), run_id=id).write(run)
    run.write_text(CONFIG, job.config.to_toml())
    return manifest


def continue_run(run: RunFolder, job: Job, info: GeneratorInfo) -> Manifest | None:
    """Read the manifest of the run in the folder, which must be a run of this job.

    None if it was killed before its manifest was there: then nothing can have been spent. The run
    goes on with the plan of the manifest, which an older version may have made; see
    `pe_host.privacy.resumed`.

    Raises:
        PrivacyRefusal: another privacy plan, or the ledger of another run.
        PluginFailure: another generator, or another version of it.
        DataError: other settings, or not a run.
    """
    if run.is_bare():
        return None
    kept, now = Manifest.read(run), _manifest(job, info)
    where = str(run.root)
    fix = "use the settings of its config.toml, or start a new run in another folder"
    plan = resumed_plan(kept.plan, now.plan, kept.confined)
    if kept.plan.digest != plan.digest:
        before, after = kept.plan.to_json(), plan.to_json()
        every = sorted({*before, *after})
        changed = ", ".join(name for name in every if before.get(name) != after.get(name))
        what = (
            f"the privacy plan differs from the run's ({changed}); "
            "resuming would change its guarantee"
        )
        if changed == "unconfined":
            fix = "continue it where the kernel confines plugins, as when it began; see `pe doctor`"
        raise PrivacyRefusal(what, where=where, fix=fix)
    kept.check_ledger(run.path(LEDGER))
    if kept.generator != now.generator or kept.options != now.options:
        what = f"the run was started with {kept.generator}, not {now.generator}"
        if kept.generator == now.generator:
            differ = {*kept.options.items()} ^ {*now.options.items()}
            names = ", ".join(sorted({name for name, _ in differ}))
            what = f"the run was started with other options of the generator: {names}"
        raise PluginFailure(what, where=where, fix=fix)
    kept.check_parts(info.parts, where)
    # A run of an older version has its default for each setting that came later.
    before = {**_settings(RunConfig(), job), **kept.config}
    compared = now.config.keys() - _IN_PLAN
    if other := sorted(name for name in compared if now.config[name] != before[name]):
        what = f"the run was started with other settings: {', '.join(other)}"
        raise DataError(what, where=where, fix=fix)
    if not run.path(CONFIG).exists():  # killed between the two
        run.write_text(CONFIG, job.config.to_toml())
    return kept


def _settings(config: RunConfig, job: Job) -> dict[str, Any]:
    """The settings that the result depends on, as JSON reads them back."""
    values = {name: getattr(config, name) for name in reproducible_settings()}
    values["epsilon"] = job.plan.to_json()["epsilon"]
    found: dict[str, Any] = json.loads(json.dumps(values))
    return found


def _manifest(job: Job, info: GeneratorInfo) -> Manifest:
    distributions = ("pe-host", "pe-sdk", "numpy", "torch", "faiss-cpu", "opendp", "dp-accounting")
    return Manifest(
        plan=job.plan,
        generator=job.generator,
        embedding=job.embedding,
        options=dict(info.options),
        config=_settings(job.config, job),
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in distributions},
            job.generator.distribution: job.generator.version,
        },
        space=dict(info.space) if info.space else None,
        parts=dict(info.parts),
        confined=True,
        earlier_run=job.earlier.id if job.earlier else None,
    )
