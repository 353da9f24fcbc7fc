"""Questions about plugins, answered in child processes with a time limit.

An import that hangs, crashes or exits affects nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pe_host.errors import PluginFailure
from pe_host.plugins.answers import (
    InvalidAnswer,
    check_description,
    check_findings,
    failure_of,
    shown,
)
from pe_host.plugins.find import CONFLICT, FOUND, PluginEntry
from pe_host.plugins.question import ask, ask_each
from pe_host.plugins.ref import PluginRef

OK, BROKEN = "ok", "broken"

CHECK_SECONDS = 20.0
DESCRIBE_SECONDS = 120.0  # a factory may load weights


@dataclass(frozen=True)
class CheckResult:
    """The result of importing one plugin.

    Args:
        state: ok or broken if the import was tried, else the state of the entry.
        reason: why the state is not "ok".
        summary: of the spec if the plugin could be loaded, else of the distribution.
    """

    state: str
    reason: str
    summary: str


def check_all(plugins: Sequence[PluginEntry], seconds: float = CHECK_SECONDS) -> list[CheckResult]:
    """Import each usable plugin in a child process; the other plugins keep their state."""
    usable = [plugin for plugin in plugins if plugin.state in (FOUND, CONFLICT)]
    answers = dict(
        zip(
            usable,
            ask_each([plugin.ref for plugin in usable], {"do": "check"}, seconds),
            strict=True,
        )
    )
    return [_result(plugin, answers.get(plugin)) for plugin in plugins]


def describe(
    ref: PluginRef,
    options: Mapping[str, str],
    output: Mapping[str, Any] | None = None,
    seconds: float = DESCRIBE_SECONDS,
) -> dict[str, Any]:
    """The result of `pe_host.plugins.describe.describe`, from a child process.

    Raises:
        PluginFailure: the plugin cannot be loaded, or hangs.
        UsageError: an option is unknown, or its value cannot be read.
    """
    request = {
        "do": "describe",
        "options": dict(options),
        "output": None if output is None else dict(output),
    }
    answer = ask(ref, request, seconds)
    try:
        return check_description(answer, ref)
    except InvalidAnswer as error:
        raise failure_of(error, ref) from None


def diagnose(
    refs: Sequence[PluginRef], seconds: float
) -> list[list[dict[str, str]] | PluginFailure]:
    """The findings of each check of the machine, or its failure.

    A finding has name, level, detail and fix.
    """
    answers = ask_each(refs, {"do": "diagnose"}, seconds)
    return [_findings(ref, answer) for ref, answer in zip(refs, answers, strict=True)]


def _findings(
    ref: PluginRef, answer: dict[str, Any] | PluginFailure
) -> list[dict[str, str]] | PluginFailure:
    if isinstance(answer, PluginFailure):
        return answer
    try:
        return check_findings(answer)
    except InvalidAnswer as error:
        return failure_of(error, ref)


def _result(plugin: PluginEntry, answer: dict[str, Any] | PluginFailure | None) -> CheckResult:
    if isinstance(answer, PluginFailure):
        return CheckResult(BROKEN, answer.what, plugin.summary)
    if answer is None:
        return CheckResult(plugin.state, plugin.reason, plugin.summary)
    try:
        summary = shown(answer.get("summary"), "summary")
    except InvalidAnswer as error:
        return CheckResult(BROKEN, failure_of(error, plugin.ref).what, plugin.summary)
    return CheckResult(OK if plugin.state == FOUND else plugin.state, plugin.reason, summary)
