"""Checks of what a process with plugin code answers: a plugin can write anything in its place.

Every answer is bounded JSON with finite numbers. What is only shown becomes one visible line. A
name that means something must be one already, or the answer is refused.
"""

import json
import math
import sys
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeVar

from pe_host.errors import PluginFailure, UsageError
from pe_host.plugins.names import EXPORTER, GENERATOR, one_line, wrong_name
from pe_host.plugins.ref import PluginRef

if TYPE_CHECKING:  # pe_sdk imports numpy, which commands that only ask do without
    from pe_sdk import ParameterSpace

MOST_BYTES = 1 << 22
"""Longest answer."""

_MOST_ITEMS = 10_000  # options, labels, parameters, findings, results
_LONGEST = 2_000  # characters of a text that is shown
_LARGEST_BLOCK = 1_000_000
_DEEPEST = 50  # levels of lists and objects: comparing and writing them is recursive
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
    if is_deep(answer):
        raise InvalidAnswer("it is nested too deeply")
    return answer


def is_deep(document: Any) -> bool:
    """True if lists and objects are nested deeper than any correct plugin nests them."""
    level = [document]
    for _ in range(_DEEPEST):
        inner = (one.values() if isinstance(one, dict) else one for one in level)
        level = [part for parts in inner for part in parts if isinstance(part, dict | list)]
        if not level:
            return False
    return True


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
        **about,  # the host knows these
        "summary": shown(document.get("summary"), "summary"),
        "options": [_option(option) for option in _list(document.get("options"), "options")],
    }
    if ref.kind == EXPORTER:
        return checked | check_exporter(document)
    if ref.kind != GENERATOR:
        return checked
    for label in _list(document.get("labels"), "labels"):
        _name(label, "a label")
    _flags(document, "exact", "gpu")
    _block(document)
    for name in ("default_data", "embedding"):
        if document.get(name) != "":
            _name(document.get(name), name)
    keys = ("labels", "default_data", "embedding", "exact", "gpu", "block")
    checked |= {key: document[key] for key in keys}
    checked |= {
        name: True for name in ("network", "output_is_example") if document.get(name) is True
    }
    return {**checked, "makes": _makes(_dict(document.get("makes"), "makes"))}


def check_exporter(document: Answer) -> Answer:
    """What an exporter writes: folder, kinds, and what it loses as it may be shown.

    Raises:
        InvalidAnswer: a value is missing, or of another type or size than it may be.
    """
    _flags(document, "folder")
    for kind in _list(document.get("kinds"), "kinds"):
        _name(kind, "a kind")
    loses = shown(document.get("loses"), "loses")
    return {"folder": document["folder"], "kinds": document["kinds"], "loses": loses}


def check_loaded(
    reply: Answer, labels: int
) -> "tuple[ParameterSpace | None, tuple[ParameterSpace, ...]]":
    """Check a worker's reply to "load"; see `pe_host.compute.info` for its content.

    Args:
        reply: the reply.
        labels: number of label names.

    Returns:
        The space of the generator, or None, and that of each label, if they differ from it.

    Raises:
        InvalidAnswer: a value is missing, or of another type or size than it may be.
    """
    _flags(reply, "state_only", "exact", "gpu", "adapts")
    _block(reply)
    for table in ("options", "parts"):
        for name, value in _dict(reply.get(table), table).items():
            _name(name, f"a name in {table}")
            if not isinstance(value, str):
                raise InvalidAnswer(f"a value in {table} is not text")
    spaces = _list(reply.get("label_spaces"), "label_spaces")
    if spaces and (len(spaces) != labels or reply.get("space") is None):
        raise InvalidAnswer("there is not one space for each label")
    space = None if reply.get("space") is None else _space(reply["space"])
    of_labels = tuple(_space(document) for document in spaces)
    if any(space.keys() != other.keys() for other in of_labels if space is not None):
        raise InvalidAnswer("the spaces of the labels have other parameters")
    return space, of_labels


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


def _flags(document: Answer, *names: str) -> None:
    for flag in names:
        if not isinstance(document.get(flag), bool):
            raise InvalidAnswer(f"{flag} is not true or false")


def _block(document: Answer) -> None:
    block = document.get("block")
    if type(block) is not int or not 1 <= block <= _LARGEST_BLOCK:
        raise InvalidAnswer(f"block is not a whole number from 1 to {_LARGEST_BLOCK:,}")


def _option(given: Any) -> dict[str, str]:
    option = _dict(given, "an option")
    _name(option.get("name"), "the name of an option")
    return {key: shown(option.get(key), key) for key in ("name", "type", "default", "help")}


def _makes(makes: Answer) -> Answer:
    from pe_sdk import OutputSpec

    output = _made(lambda: OutputSpec.from_json(makes["output"]), "output").to_json()
    about = {"output": output, "shape": output["shape"]}
    if "cannot" in makes:
        return {**about, "cannot": shown(makes["cannot"], "cannot")}
    space = makes.get("space")
    return {**about, "space": None if space is None else _space(space).to_json()}


def _space(document: Any) -> "ParameterSpace":
    from pe_sdk import Int, ParameterSpace

    space = _made(lambda: ParameterSpace.from_json(document), "space")
    _list([*space], "space")
    for name, parameter in space.items():
        _name(name, "the name of a parameter")
        for choice in _list([*getattr(parameter, "choices", ())], "the choices of a parameter"):
            _name(choice, "a choice of a parameter")
        for end in ("low", "high"):
            _bound(getattr(parameter, end, 0), isinstance(parameter, Int))
        for flag in ("log", "wrap"):
            if not isinstance(getattr(parameter, flag, False), bool):
                raise InvalidAnswer(f"{flag} of a parameter is not true or false")
    return space


def _bound(value: Any, whole: bool) -> None:
    """Refuse a bound that is not a number of 64 bits: arrays are compared with it."""
    kinds, most = ((int,), 2**63 - 1) if whole else ((int, float), sys.float_info.max)
    if type(value) not in kinds or not -most <= value <= most:
        raise InvalidAnswer("a bound of a parameter is not a number that it can be")


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
    what = f"gave an invalid answer: {error}"
    return PluginFailure(what, where=str(ref), fix=report_to_authors(ref))


def report_to_authors(ref: PluginRef) -> str:
    """Return what to do about a plugin that does not behave."""
    return f"report this to the authors of {ref.distribution}, or uninstall it"
