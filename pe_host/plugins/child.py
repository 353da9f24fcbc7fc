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
from dataclasses import asdict
from typing import Any

from pe_host.errors import PeError, PluginFailure, UsageError
from pe_host.plugins.cause import describe_cause
from pe_host.plugins.load import load, load_doctor
from pe_host.plugins.names import WITH_OPTIONS, one_line
from pe_host.plugins.ref import PluginRef


def check(ref: PluginRef) -> dict[str, Any]:
    """Load the plugin and read its options, without calling its factory."""
    from pe_sdk import describe_options

    spec = load(ref)
    if ref.kind in WITH_OPTIONS:
        describe_options(spec.options)
    return {"summary": one_line(str(spec.summary))}


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
    """Answer a request: {"do": "check", "diagnose" or "describe", "ref", ...}."""
    ref = PluginRef.from_json(request["ref"])
    try:
        if request["do"] == "check":
            return {"result": check(ref)}
        if request["do"] == "diagnose":
            return {"result": diagnose(ref)}
        from pe_host.plugins.describe import describe

        return {"result": describe(ref, request["options"], request["output"])}
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


def main() -> None:
    """Answer one request.

    Descriptor 1 is reserved for the answer; what a plugin prints goes to stderr.
    """
    gc.set_threshold(20_000)  # imports make many objects that stay
    request = json.load(sys.stdin)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        json.dump(answer(request), out)
    sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(0)  # the answer is written: no thread or exit handler of the plugin may delay the end


if __name__ == "__main__":
    main()
