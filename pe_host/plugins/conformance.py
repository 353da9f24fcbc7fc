"""The conformance kit over one plugin, in a child process: the host never imports what it checks."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pe_host.errors import PluginFailure, UsageError
from pe_host.plugins.environment import plugin_environment
from pe_host.plugins.names import DOCTOR, READER
from pe_host.plugins.ref import PluginRef


def conformance(
    ref: PluginRef, level: str, options: Mapping[str, str], location: str, seconds: float
) -> dict[str, Any]:
    """The report of `pe_sdk.testing` as JSON: subject, kind, level, results (name, rule, status, detail).

    Raises:
        UsageError: the plugin is of a kind that has no checks, or does not know an option.
        PluginFailure: it cannot be loaded, its process died, or took too long.
    """
    if options and ref.kind == READER:
        raise UsageError("a reader has no options", where=str(ref), fix="leave out --set")
    if ref.kind == DOCTOR:
        raise UsageError(
            "a doctor has no rules to check", where=str(ref), fix="`pe doctor` runs it"
        )
    address = ref.dev or ref.module
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "report.json"
        request: dict[str, Any] = {
            "kind": ref.kind,
            "address": address if ":" in address else f"{address}:",
            "name": ref.name,
            "level": level,
            "output": None,
            "labels": [],
            "options": dict(options),
            "location": location,
            "answer": str(answer),
        }
        code = _asked(request, seconds)
        if code is None:
            fix = "give more with --timeout, or a lower --level"
            raise PluginFailure(f"is not checked within {seconds:g} s", where=str(ref), fix=fix)
        if not answer.exists():
            raise PluginFailure(
                f"its process ended with code {code} without an answer", where=str(ref)
            )
        report: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    if "usage" in report:
        raise UsageError(
            report["usage"], where=str(ref), fix=f"`pe describe {ref.name}` shows the options"
        )
    if "error" in report:
        raise PluginFailure(f"cannot be checked: {report['error']}", where=str(ref))
    return report


def _asked(request: Mapping[str, Any], seconds: float) -> int | None:
    """Exit code of the child, or None where it took too long. Nothing that it started outlives it: it has a session of its own."""
    # stdout is for the report: what a plugin prints goes to stderr. -P: nothing from the working directory.
    words = [sys.executable, "-P", "-m", "pe_sdk.testing"]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=2, env=plugin_environment(), start_new_session=True
    ) as process:
        try:
            process.communicate(json.dumps(request).encode(), timeout=seconds)
            return process.returncode
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
