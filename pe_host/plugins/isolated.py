"""Ask child processes about plugins, with a time limit: an import that hangs, crashes or exits harms nobody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pe_host.errors import PluginFailure
from pe_host.plugins.find import CONFLICT, FOUND, PluginEntry
from pe_host.plugins.question import ask, ask_each
from pe_host.plugins.ref import PluginRef

OK, BROKEN = "ok", "broken"

CHECK_SECONDS = 20.0
DESCRIBE_SECONDS = 120.0  # a factory may load weights


@dataclass(frozen=True)
class CheckResult:
    """What became of importing one plugin: its state, which is ok or broken where it was tried, and the reason.

    `summary` is that of its spec where it could be loaded, else of its distribution.
    """

    state: str
    reason: str
    summary: str


def check_all(plugins: Sequence[PluginEntry], seconds: float = CHECK_SECONDS) -> list[CheckResult]:
    """Import each plugin that could be used in a child process, and keep the state of the others."""
    usable = [plugin for plugin in plugins if plugin.state in (FOUND, CONFLICT)]
    answers = dict(
        zip(
            usable,
            ask_each([plugin.ref for plugin in usable], {"do": "check"}, seconds),
            strict=True,
        )
    )
    return [_verdict(plugin, answers.get(plugin)) for plugin in plugins]


def describe(
    ref: PluginRef,
    options: Mapping[str, str],
    form: Mapping[str, Any] | None = None,
    seconds: float = DESCRIBE_SECONDS,
) -> dict[str, Any]:
    """What `pe_host.plugins.describe.describe` says of a plugin.

    Raises:
        PluginFailure: the plugin cannot be loaded, or hangs.
        UsageError: an option it does not know or cannot read.
    """
    return ask(
        ref,
        {"do": "describe", "options": dict(options), "form": None if form is None else dict(form)},
        seconds,
    )


def diagnose(
    refs: Sequence[PluginRef], seconds: float
) -> list[list[dict[str, str]] | PluginFailure]:
    """The findings of checks of the machine (name, level, detail and fix of each), or why one gave none."""
    answers = ask_each(refs, {"do": "diagnose"}, seconds)
    return [
        answer if isinstance(answer, PluginFailure) else answer["findings"] for answer in answers
    ]


def _verdict(plugin: PluginEntry, answer: dict[str, Any] | PluginFailure | None) -> CheckResult:
    if isinstance(answer, PluginFailure):
        return CheckResult(BROKEN, answer.what, plugin.summary)
    if answer is None:
        return CheckResult(plugin.state, plugin.reason, plugin.summary)
    return CheckResult(
        OK if plugin.state == FOUND else plugin.state, plugin.reason, str(answer["summary"])
    )
