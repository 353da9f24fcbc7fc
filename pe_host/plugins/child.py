"""The child process of `pe list-plugins --check`, `pe describe` and `pe doctor`.

It imports one plugin and reports on it. `python -P -m pe_host.plugins.child` reads one request as
JSON from stdin and writes one JSON object to stdout: {"result": ...} or
{"error": {"kind", "what", "where", "fix"}}. It never sees private data.
"""

import contextlib
import gc
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pe_host.errors import PeError, PluginFailure, UsageError
from pe_host.plugins.cause import describe_cause
from pe_host.plugins.load import load, load_doctor
from pe_host.plugins.names import WITH_OPTIONS, one_line
from pe_host.plugins.permissions import Needs, needs_of
from pe_host.plugins.ref import PluginRef


def check(ref: PluginRef) -> dict[str, Any]:
    """Load the plugin and read its options, without calling its factory."""
    from pe_sdk import describe_options

    spec = load(ref)
    if ref.kind in WITH_OPTIONS:
        describe_options(spec.options)
    return {"summary": one_line(str(spec.summary))}


def find_needs(ref: PluginRef, options: dict[str, str]) -> Needs:
    """Load the plugin and ask what it needs."""
    return needs_of(load(ref), options) if ref.kind in WITH_OPTIONS else Needs()


def diagnose(ref: PluginRef) -> dict[str, Any]:
    """Run a check of the machine."""
    from pe_sdk import Finding

    findings = list(load_doctor(ref).check())
    if strange := [
        type(finding).__name__ for finding in findings if not isinstance(finding, Finding)
    ]:
        raise PluginFailure(f"its check returned {strange[0]}, not Finding", where=str(ref))
    if not findings:
        raise PluginFailure("its check returned no finding", where=str(ref))
    return {
        "findings": [
            {name: one_line(str(text)) for name, text in asdict(f).items()} for f in findings
        ]
    }


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request: {"do": "check", "diagnose", "needs" or "describe", "ref", ...}."""
    return reported(PluginRef.from_json(request["ref"]), lambda ref: _result(ref, request))


def _result(ref: PluginRef, request: dict[str, Any]) -> dict[str, Any]:
    if request["do"] == "check" and "also" in request:
        return {"each": [check(PluginRef.from_json(each)) for each in request["also"]]}
    if request["do"] == "check":
        return check(ref)
    if request["do"] == "diagnose":
        return diagnose(ref)
    if request["do"] == "needs":
        return {"needs": find_needs(ref, request["options"]).to_json()}
    from pe_host.plugins.describe import describe

    needs = find_needs(ref, request["options"])
    if needs != Needs.from_json(request["granted"]):  # before anything of it is made
        return {"needs": needs.to_json()}
    return describe(ref, request["options"], request["output"])


def reported(ref: PluginRef, ask: Callable[[PluginRef], dict[str, Any]]) -> dict[str, Any]:
    """Return the answer about a plugin, or what is wrong with it."""
    try:
        return {"result": ask(ref)}
    except PeError as error:
        kind = "usage" if isinstance(error, UsageError) else "plugin"
        return {"error": {"kind": kind, "what": error.what, "where": error.where, "fix": error.fix}}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a plugin raises is reported, SystemExit too
        failure = PluginFailure(f"failed: {describe_cause(error)}", where=str(ref))
        return {
            "error": {
                "kind": "plugin",
                "what": failure.what,
                "where": failure.where,
                "fix": failure.fix,
            }
        }


def main(reply: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer one request.

    Descriptor 1 is reserved for the answer; what a plugin prints goes to stderr.
    """
    gc.set_threshold(20_000)  # imports make many objects that stay
    request = json.load(sys.stdin)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        json.dump(reply(request), out)
    sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(0)  # the answer is written: no thread or exit handler of the plugin may delay the end


if __name__ == "__main__":
    main(answer)
