"""`pe doctor`: check that this machine can run pe and its plugins.

Imports nothing of what it checks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pe_host import __version__
from pe_host.errors import DataError, PluginFailure
from pe_host.plugins import PluginEntry, PluginRef, find
from pe_host.plugins.find import CONFLICT, DISABLED, FOUND
from pe_host.plugins.isolated import OK, check_all, diagnose
from pe_host.plugins.names import DOCTOR, HOST, one_line
from pe_host.plugins.startup_files import StartupFile, startup_files

SECONDS = 60.0
"""Time limit of a check, which may compile code or load a driver."""

OWN_CHECKS = ("system", "confinement", "torch", "faiss", "noise")
"""Names of the specs in `pe_host.commands.machine_checks`.

They are not imported from there, because it imports numpy.
"""

_LEVELS = {OK: "ok", DISABLED: "ok", CONFLICT: "warning"}
"""Level by state of a plugin; a plugin in any other state cannot be used."""


@dataclass(frozen=True)
class DoctorFinding:
    """What one check found.

    Args:
        about: "host", "plugin", or "check" for a plugin's own check.
        name: name of what was checked.
        level: ok, warning or bad.
        detail: what was found.
        fix: what to do next if it is not ok.
    """

    about: str
    name: str
    level: str
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All findings, in order."""

    findings: tuple[DoctorFinding, ...]

    @property
    def exit_code(self) -> int:
        """0 if nothing is bad; a failure of the machine has precedence over one of a plugin."""
        bad = {finding.about for finding in self.findings if finding.level == "bad"}
        if "host" in bad:
            return DataError.exit_code
        return PluginFailure.exit_code if bad else 0

    def to_json(self) -> Mapping[str, Any]:
        findings = [asdict(finding) for finding in self.findings]
        return {"ok": self.exit_code == 0, "findings": findings}

    def lines(self) -> Sequence[str]:
        width = max(len(finding.name) for finding in self.findings)
        return [line for finding in self.findings for line in _lines(finding, width)]


def examine(seconds: float = SECONDS) -> Diagnosis:
    """Check the machine and each plugin, and run the plugins' own checks.

    Args:
        seconds: time limit of each plugin and each check.
    """
    plugins = find()
    own = [
        PluginRef(DOCTOR, name, "pe_host.commands.machine_checks", HOST, __version__)
        for name in OWN_CHECKS
    ]
    others = [
        plugin.ref
        for plugin in plugins
        if plugin.kind == DOCTOR and plugin.state in (FOUND, CONFLICT)
    ]
    outcomes = diagnose([*own, *others], seconds)
    host = (
        finding
        for ref, outcome in zip(own, outcomes, strict=False)
        for finding in _host_findings(ref, outcome)
    )
    checks = (
        finding
        for ref, outcome in zip(others, outcomes[len(own) :], strict=True)
        for finding in _check_findings(ref, outcome)
    )
    plugin = _plugin_findings(plugins, seconds)
    return Diagnosis((*host, *_startup_findings(startup_files()), *plugin, *checks))


def _startup_findings(files: Sequence[StartupFile]) -> Iterator[DoctorFinding]:
    """What runs before a plugin is confined; a warning if a plugin's own distribution brings it."""
    detail = f"Python runs when it starts: {', '.join(map(str, files)) or 'nothing'}"
    suspects = sorted({file.distribution for file in files if file.plugins})
    if not suspects:
        yield DoctorFinding("host", "startup files", "ok", detail)
        return
    fix = (
        f"what {' and '.join(suspects)} runs there is not confined: if you do not trust it, "
        "uninstall it, and keep such plugins in an environment of their own"
    )
    yield DoctorFinding("host", "startup files", "warning", detail, fix)


def _plugin_findings(plugins: Sequence[PluginEntry], seconds: float) -> Iterator[DoctorFinding]:
    """A finding for each plugin, except for usable checks: they are run, which loads them."""
    listed = [
        plugin
        for plugin in plugins
        if plugin.kind != DOCTOR or plugin.state not in (FOUND, CONFLICT)
    ]
    for plugin, result in zip(listed, check_all(listed, seconds), strict=True):
        level = _LEVELS.get(result.state, "bad")
        detail = f"{plugin.distribution} {plugin.version}"
        if result.state != OK:
            detail += f", {result.state}: {result.reason}"
        fix = {
            "ok": "",
            "warning": f"use the full name of the one you mean: DISTRIBUTION/{plugin.name}",
            "bad": (
                f"install another version of {plugin.distribution}, or uninstall it; "
                "other plugins work without it"
            ),
        }[level]
        name = f"{plugin.kind} {plugin.name}"
        yield DoctorFinding("plugin", name, level, one_line(detail), fix)


def _host_findings(
    ref: PluginRef, outcome: list[dict[str, str]] | PluginFailure
) -> Iterator[DoctorFinding]:
    if isinstance(outcome, PluginFailure):
        fix = (
            f"install {HOST} again with all its dependencies; "
            "constraints.txt in its source lists tested versions"
        )
        yield DoctorFinding("host", ref.name, "bad", one_line(outcome.what), fix)
    else:
        yield from (DoctorFinding("host", **finding) for finding in outcome)


def _check_findings(
    ref: PluginRef, outcome: list[dict[str, str]] | PluginFailure
) -> Iterator[DoctorFinding]:
    if isinstance(outcome, PluginFailure):
        fix = f"the check itself failed; report this to the authors of {ref.distribution}"
        yield DoctorFinding("check", ref.name, "bad", one_line(outcome.what), fix)
    else:
        yield from (
            DoctorFinding("check", **{**finding, "name": f"{ref.name}: {finding['name']}"})
            for finding in outcome
        )


def _lines(finding: DoctorFinding, width: int) -> Iterator[str]:
    yield f"{finding.level:7}  {finding.name:{width}}  {finding.detail}"
    if finding.level != "ok" and finding.fix:
        yield f"{'':7}  {'':{width}}  next: {finding.fix}"
