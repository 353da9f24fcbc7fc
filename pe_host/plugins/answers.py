"""Checks of what a process with plugin code answers: a plugin can write anything in its place.

Every answer is bounded JSON with finite numbers. What is only shown becomes one visible line. A
name that means something must be one already, or the answer is refused.
"""

import json
import math
from collections.abc import Callable
from typing import IO, Any, NoReturn, TypeVar

from pe_host.errors import PluginFailure, UsageError
from pe_host.plugins.names import GENERATOR, one_line, wrong_name
from pe_host.plugins.ref import PluginRef

MOST_BYTES = 1 << 22
"""Longest answer."""

_MOST_ITEMS = 10_000  # options, labels, parameters, findings, results
_LONGEST = 2_000  # characters of a text that is shown
_LARGEST_BLOCK = 1_000_000
_LEVELS = ("ok", "warning", "bad")

Answer = dict[str, Any]
T = TypeVar("T")


class InvalidAnswer(ValueError):
    """An answer that no correct plugin gives. The message says what is wrong with it."""


def parse(stream: IO[bytes]) -> Answer:
    """Read an answer.

    Raises:
        InvalidAnswer: it is too long, no JSON object, nested too deeply, or holds a number that is
            not finite.
    """
    content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InvalidAnswer(f"it is longer than {MOST_BYTES >> 20} MiB")
    try:
        answer = json.loads(content, parse_constant=_refuse_constant, parse_float=_finite)
    except InvalidAnswer:
        raise
    except RecursionError:
        raise InvalidAnswer("it is nested too deeply") from None
    except ValueError:
        raise InvalidAnswer("it is not JSON") from None
    if not isinstance(answer, dict):
        raise InvalidAnswer("it is not a JSON object")
    return answer


def result_of(answer: Answer) -> Answer:
    """Return the result in an answer.

    Raises:
        PluginFailure, UsageError: the answer is the report of such an error.
        InvalidAnswer: it is neither.
    """
    if "error" in answer:
        error = _dict(answer["error"], "error")
        kind = UsageError if error.get("kind") == "usage" else PluginFailure
        what, where, fix = (shown(error.get(name), name) for name in ("what", "where", "fix"))
        raise kind(what, where=where, fix=fix)
    return _dict(answer.get("result"), "result")


def check_description(document: Answer, ref: PluginRef) -> Answer:
    """Check the answer to "describe"; see `pe_host.plugins.describe` for its content.

    Returns:
        The document with texts as they may be shown.

    Raises:
        InvalidAnswer: a value is missing, or of another type or size than it may be.
    """
    about = {"kind": ref.kind, "name": ref.name}
    about |= {"distribution": ref.distribution, "version": ref.version}
    checked: Answer = {
        **document,
        **about,  # the host knows these
        "summary": shown(document.get("summary"), "summary"),
        "options": [_option(option) for option in _list(document.get("options"), "options")],
    }
    if ref.kind != GENERATOR:
        return checked
    for label in _list(document.get("labels"), "labels"):
        _name(label, "a label")
    for flag in ("exact", "gpu"):
        if not isinstance(document.get(flag), bool):
            raise InvalidAnswer(f"{flag} is not true or false")
    block = document.get("block")
    if type(block) is not int or not 1 <= block <= _LARGEST_BLOCK:
        raise InvalidAnswer(f"block is not a whole number from 1 to {_LARGEST_BLOCK:,}")
    for name in ("default_data", "embedding"):
        if document.get(name) != "":
            _name(document.get(name), name)
    return {**checked, "makes": _makes(_dict(document.get("makes"), "makes"))}


def check_findings(result: Answer) -> list[dict[str, str]]:
    """The findings in the answer to "diagnose", as they may be shown; else InvalidAnswer."""
    findings = []
    for given in _list(result.get("findings"), "findings"):
        finding = _dict(given, "a finding")
        if finding.get("level") not in _LEVELS:
            raise InvalidAnswer(f"the level of a finding is none of {', '.join(_LEVELS)}")
        keys = ("name", "level", "detail", "fix")
        findings.append({key: shown(finding.get(key), key) for key in keys})
    if not findings:
        raise InvalidAnswer("there is no finding")
    return findings


def check_report(report: Answer) -> Answer:
    """The report of the conformance kit, as it may be shown; else InvalidAnswer."""
    results = []
    for given in _list(report.get("results"), "results"):
        result = _dict(given, "a result")
        keys = ("name", "rule", "status", "detail")
        results.append({key: shown(result.get(key), key) for key in keys})
    about = {key: shown(report.get(key), key) for key in ("subject", "kind", "level")}
    return {**about, "results": results}


def shown(value: Any, what: str) -> str:
    """A text of a plugin as one visible line, cut where it is very long; else InvalidAnswer."""
    if not isinstance(value, str):
        raise InvalidAnswer(f"{what} is not text")
    line = one_line(value[: 4 * _LONGEST])
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _option(given: Any) -> dict[str, str]:
    option = _dict(given, "an option")
    _name(option.get("name"), "the name of an option")
    return {key: shown(option.get(key), key) for key in ("name", "type", "default", "help")}


def _makes(makes: Answer) -> Answer:
    from pe_sdk import OutputSpec, ParameterSpace

    output = _made(lambda: OutputSpec.from_json(makes["output"]), "output").to_json()
    about = {"output": output, "shape": output["shape"]}
    if "cannot" in makes:
        return {**about, "cannot": shown(makes["cannot"], "cannot")}
    if makes.get("space") is None:
        return {**about, "space": None}
    space = _made(lambda: ParameterSpace.from_json(makes["space"]), "space")
    for name, parameter in space.items():
        _name(name, "the name of a parameter")
        for choice in getattr(parameter, "choices", ()):
            _name(choice, "a choice of a parameter")
    return {**about, "space": makes["space"]}


def _made(make: Callable[[], T], what: str) -> T:
    """What `make` reads from JSON, which can be anything."""
    try:
        return make()
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise InvalidAnswer(f"{what} is not what it should be") from None


def _name(value: Any, what: str) -> None:
    if wrong := wrong_name(value):
        raise InvalidAnswer(f"{what} {wrong}")


def _dict(value: Any, what: str) -> Answer:
    if not isinstance(value, dict):
        raise InvalidAnswer(f"{what} is not an object")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidAnswer(f"{what} is not a list")
    if len(value) > _MOST_ITEMS:
        raise InvalidAnswer(f"{what} has {len(value):,} items, more than {_MOST_ITEMS:,}")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise InvalidAnswer(f"it holds {text}, which is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise InvalidAnswer("it holds a number that is too large")
    return value


def failure_of(error: InvalidAnswer, ref: PluginRef) -> PluginFailure:
    """The failure of a plugin whose answer is invalid."""
    fix = f"report this to the authors of {ref.distribution}, or uninstall it"
    return PluginFailure(f"gave an invalid answer: {error}", where=str(ref), fix=fix)
