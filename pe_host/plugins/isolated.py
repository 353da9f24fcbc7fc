"""Questions about plugins, answered in child processes with a time limit.

An import that hangs, crashes or exits affects nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pe_host.cache import cache_folder
from pe_host.errors import PluginFailure
from pe_host.isolation.allowed import Allowed
from pe_host.plugins.answers import (
    Answer,
    InvalidAnswer,
    check_description,
    check_findings,
    failure_of,
    report_to_authors,
    shown,
)
from pe_host.plugins.find import CONFLICT, FOUND, PluginEntry
from pe_host.plugins.names import HOST
from pe_host.plugins.permissions import Needs, permit
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
    """Import each usable plugin in a child process; the other plugins keep their state.

    Those of the host share one, unless something is wrong with it.
    """
    usable = [plugin for plugin in plugins if plugin.state in (FOUND, CONFLICT)]
    answers: dict[PluginRef, Answer | PluginFailure] = {}
    answers.update(_check_together([p.ref for p in usable if p.ref.distribution == HOST], seconds))
    rest = [plugin.ref for plugin in usable if plugin.ref not in answers]
    answers.update(zip(rest, ask_each(rest, {"do": "check"}, seconds, _alone), strict=True))
    return [
        _result(plugin, answers[plugin.ref] if plugin in usable else None) for plugin in plugins
    ]


def _check_together(refs: Sequence[PluginRef], seconds: float) -> dict[PluginRef, Answer]:
    """Import several plugins of one distribution in one child process.

    Returns nothing if one of them fails: processes of their own show which one it is.
    """
    if not refs:
        return {}
    request = {"do": "check", "also": [ref.to_json() for ref in refs]}
    try:
        each = ask(refs[0], request, seconds, _alone(refs[0])).get("each")
    except PluginFailure:
        return {}
    return dict(zip(refs, each, strict=True)) if isinstance(each, list) else {}


def describe(
    ref: PluginRef,
    options: Mapping[str, str],
    output: Mapping[str, Any] | None = None,
    seconds: float = DESCRIBE_SECONDS,
    network: bool = False,
) -> dict[str, Any]:
    """The result of `pe_host.plugins.describe.describe`, from a child process, and its "needs".

    The process first reports what the plugin needs. If that is more than nothing, another process
    is started, which may do it.

    Args:
        ref: the plugin.
        options, output: those of `pe_host.plugins.describe.describe`.
        seconds: time limit of each process.
        network: whether the plugin may use the network, if it can.

    Raises:
        PluginFailure: the plugin cannot be loaded, or hangs.
        UsageError: an option is unknown, or its value cannot be read.
    """
    request = {
        "do": "describe",
        "options": dict(options),
        "output": None if output is None else dict(output),
    }
    needs = Needs()
    for _ in range(2):
        asked = {**request, "granted": needs.to_json()}
        answer = ask(ref, asked, seconds, permit(ref, needs, options, network))
        if "makes" in answer or "summary" in answer:
            try:
                return {**check_description(answer, ref), "needs": needs.to_json()}
            except InvalidAnswer as error:
                raise failure_of(error, ref) from None
        needs = _needs(ref, answer)
    what = "reports different needs each time"
    raise PluginFailure(what, where=str(ref), fix=report_to_authors(ref))


def find_needs(ref: PluginRef, options: Mapping[str, str], seconds: float) -> Needs:
    """What a plugin with options needs. Raises as `describe`."""
    request = {"do": "needs", "options": dict(options)}
    return _needs(ref, ask(ref, request, seconds, permit(ref, Needs(), options)))


def _needs(ref: PluginRef, answer: Mapping[str, Any]) -> Needs:
    try:
        return Needs.from_json(answer.get("needs"))
    except ValueError as error:
        raise PluginFailure(str(error), where=str(ref), fix=report_to_authors(ref)) from None


def _alone(ref: PluginRef) -> Allowed:
    return permit(ref, Needs(), {})


def diagnose(
    refs: Sequence[PluginRef], seconds: float
) -> list[list[dict[str, str]] | PluginFailure]:
    """The findings of each check of the machine, or its failure.

    A finding has name, level, detail and fix.

    Args:
        refs: the checks. They may use GPUs; those of the host look at the user's cache.
        seconds: time limit of each.
    """

    def allowed(ref: PluginRef) -> Allowed:
        own = permit(ref, Needs(gpu=True), {})
        return replace(own, cache=str(cache_folder().parent)) if ref.distribution == HOST else own

    answers = ask_each(refs, {"do": "diagnose"}, seconds, allowed)
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
