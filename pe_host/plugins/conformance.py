"""The conformance kit on one plugin, in a child process: the host never imports the plugin."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

from pe_host.errors import PluginFailure, UsageError
from pe_host.files import NotAFile, open_regular, paths_in
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.launch import launch
from pe_host.plugins.answers import (
    InvalidAnswer,
    check_report,
    failure_of,
    parse,
    report_to_authors,
    shown,
)
from pe_host.plugins.isolated import find_needs
from pe_host.plugins.names import DOCTOR, READER, WITH_OPTIONS
from pe_host.plugins.permissions import Needs, permit
from pe_host.plugins.printed import shown_on_stderr
from pe_host.plugins.ref import PluginRef


def conformance(
    ref: PluginRef, level: str, options: Mapping[str, str], location: str, seconds: float
) -> dict[str, Any]:
    """Run the checks of `pe_sdk.testing` and return its report as JSON.

    The report has subject, kind, level and results (name, rule, status, detail).

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
    needs = find_needs(ref, options, seconds) if ref.kind in WITH_OPTIONS else Needs()
    allowed = permit(ref, needs, options)
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
        read = (*allowed.read, *paths_in(location))
        code = _asked(request, seconds, replace(allowed, read=read, write=(folder,)))
        if code is None:
            fix = "give more with --timeout, or a lower --level"
            raise PluginFailure(f"is not checked within {seconds:g} s", where=str(ref), fix=fix)
        if not answer.exists():
            raise PluginFailure(
                f"its process ended with code {code} without an answer",
                where=str(ref),
                fix=report_to_authors(ref),
            )
        try:
            return _report(answer, ref)
        except InvalidAnswer as error:
            raise failure_of(error, ref) from None


def _report(path: Path, ref: PluginRef) -> dict[str, Any]:
    try:
        with open_regular(path) as file:
            report = parse(file)
    except (OSError, NotAFile):
        raise InvalidAnswer("it is not a file") from None
    if "usage" in report:
        fix = f"`pe describe {ref.name}` shows the options"
        raise UsageError(shown(report["usage"], "usage"), where=str(ref), fix=fix)
    if "error" in report:
        what = f"cannot be checked: {shown(report['error'], 'error')}"
        raise PluginFailure(what, where=str(ref), fix=report_to_authors(ref))
    return check_report(report)


def _asked(request: Mapping[str, Any], seconds: float, allowed: Allowed) -> int | None:
    """Exit code of the child, or None where it took too long."""
    # stdout is for the report: what a plugin prints goes to stderr.
    with tempfile.TemporaryFile() as stdin, shown_on_stderr() as stderr:
        stdin.write(json.dumps(request).encode())
        stdin.seek(0)
        process = launch(
            "pe_sdk.testing", stdin=stdin, stdout=stderr, stderr=stderr, allowed=allowed
        )
        try:
            return process.wait(seconds)
        except TimeoutExpired:
            return None
        finally:
            process.end()
