"""`pe doctor`: whether this machine can run pe and its plugins. Imports none of what it looks at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pe_host import __version__
from pe_host.errors import DataError, PluginFailure
from pe_host.plugins import PluginEntry, PluginRef, find
from pe_host.plugins.find import CONFLICT, DISABLED, FOUND
from pe_host.plugins.isolated import OK, check_all, diagnose
from pe_host.plugins.names import DOCTOR, HOST, one_line

SECONDS = 60.0
"""A check may compile or load a driver."""

OWN_CHECKS = ("system", "confinement", "torch", "faiss", "noise")
"""Names of the specs in `pe_host.commands.machine_checks`, which must not be imported here: it imports numpy."""

_LEVELS = {OK: "ok", DISABLED: "ok", CONFLICT: "warning"}
"""State of a plugin -> level of its line; in any other state it cannot be used."""


@dataclass(frozen=True)
class Line:
    """One thing that was looked at.

    Args:
        about: "host", "plugin", or "check" where a plugin's own check looked.
        name: what it is.
        level: ok, warning or bad.
        detail: what was found.
        fix: what to do next where it is not ok.
    """

    about: str
    name: str
    level: str
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was looked at, in order."""

    findings: tuple[Line, ...]

    @property
    def exit_code(self) -> int:
        """0 where nothing is bad; that of the machine's failure before that of a plugin's."""
        bad = {line.about for line in self.findings if line.level == "bad"}
        if "host" in bad:
            return DataError.exit_code
        return PluginFailure.exit_code if bad else 0

    def to_json(self) -> Mapping[str, Any]:
        return {"ok": self.exit_code == 0, "findings": [asdict(line) for line in self.findings]}

    def lines(self) -> Sequence[str]:
        width = max(len(line.name) for line in self.findings)
        return [text for line in self.findings for text in _shown(line, width)]


def examine(seconds: float = SECONDS) -> Diagnosis:
    """Look at the machine, at each plugin, and let the plugins' own checks look.

    Args:
        seconds: that one plugin or one check may take.
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
        line
        for ref, outcome in zip(own, outcomes, strict=False)
        for line in _host_lines(ref, outcome)
    )
    checks = (
        line
        for ref, outcome in zip(others, outcomes[len(own) :], strict=True)
        for line in _check_lines(ref, outcome)
    )
    return Diagnosis((*host, *_plugin_lines(plugins, seconds), *checks))


def _plugin_lines(plugins: Sequence[PluginEntry], seconds: float) -> Iterator[Line]:
    """A line a plugin; a check that could not be loaded gets its line when it is run."""
    listed = [
        plugin
        for plugin in plugins
        if plugin.kind != DOCTOR or plugin.state not in (FOUND, CONFLICT)
    ]
    for plugin, verdict in zip(listed, check_all(listed, seconds), strict=True):
        level = _LEVELS.get(verdict.state, "bad")
        detail = f"{plugin.distribution} {plugin.version}"
        if verdict.state != OK:
            detail += f", {verdict.state}: {verdict.reason}"
        fix = {
            "ok": "",
            "warning": f"say which one is meant: DISTRIBUTION/{plugin.name}",
            "bad": f"install another version of {plugin.distribution}, or uninstall it; other plugins work without it",
        }[level]
        yield Line("plugin", f"{plugin.kind} {plugin.name}", level, one_line(detail), fix)


def _host_lines(ref: PluginRef, outcome: list[dict[str, str]] | PluginFailure) -> Iterator[Line]:
    if isinstance(outcome, PluginFailure):
        fix = f"install {HOST} again with all it requires; constraints.txt of its source has tested versions"
        yield Line("host", ref.name, "bad", one_line(outcome.what), fix)
    else:
        yield from (Line("host", **finding) for finding in outcome)


def _check_lines(ref: PluginRef, outcome: list[dict[str, str]] | PluginFailure) -> Iterator[Line]:
    if isinstance(outcome, PluginFailure):
        fix = f"the check of {ref.distribution} itself failed: what it tried does not work here; tell its authors"
        yield Line("check", ref.name, "bad", one_line(outcome.what), fix)
    else:
        yield from (
            Line("check", **{**finding, "name": f"{ref.name}: {finding['name']}"})
            for finding in outcome
        )


def _shown(line: Line, width: int) -> Iterator[str]:
    yield f"{line.level:7}  {line.name:{width}}  {line.detail}"
    if line.level != "ok" and line.fix:
        yield f"{'':7}  {'':{width}}  next: {line.fix}"
