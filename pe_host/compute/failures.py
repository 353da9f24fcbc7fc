"""Exceptions of plugins: described in the worker, raised again in the host for the user."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pe_host.compute.checks import RuleBrokenError
from pe_host.compute.protocol import ProtocolError
from pe_host.errors import DataError, PeError, PluginFailure, UsageError
from pe_host.plugins.names import DEV
from pe_sdk import OptionError, PluginError

_HERE = str(Path(__file__).parent)
_LENGTH = 2000
_FRAMES = 12


def describe_exception(error: Exception) -> dict[str, Any]:
    """Describe an exception as JSON: its type, message and plugin frames, innermost last."""
    try:
        message = str(error)
    except Exception:  # the plugin's own exception class may be broken
        message = ""
    description: dict[str, Any] = {"type": type(error).__name__, "message": message[:_LENGTH]}
    if isinstance(error, PeError):
        return description | {
            "kind": "host",
            "what": error.what,
            "where": error.where,
            "fix": error.fix,
        }
    if isinstance(error, OptionError):
        return description | {"kind": "option"}
    if isinstance(error, PluginError):
        return description | {"kind": "refusal"}
    if isinstance(error, RuleBrokenError | ProtocolError):
        return description | {"kind": "rule"}
    frames = [
        f"{frame.filename}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__, limit=-200)
        if str(Path(frame.filename).parent) != _HERE and not frame.filename.startswith("<frozen")
    ]
    return description | {"kind": "exception", "frames": frames[-_FRAMES:]}


def failure(description: Any, where: str, plugin: str) -> PeError:
    """The error to raise for a description from a worker.

    Args:
        description: made by `describe_exception`, but in a process that is not trusted.
        where: plugin, operation and block.
        plugin: the name that users type.
    """
    if not isinstance(description, Mapping):
        what = "the worker reported an error without describing it"
        return PluginFailure(what, where=where, fix=authors(where))
    fields = {
        key: printable(description.get(key, "")).strip()
        for key in ("kind", "type", "message", "what", "where", "fix")
    }
    message = fields["message"] or "it gave no reason"
    if fields["kind"] == "host":
        kinds = {kind.__name__: kind for kind in (UsageError, PluginFailure, DataError)}
        return kinds.get(fields["type"], PluginFailure)(
            fields["what"] or message,
            where=fields["where"] or where,
            fix=fields["fix"] or authors(where),
        )
    if fields["kind"] == "option":
        return UsageError(message, where=where, fix=f"`pe describe {plugin}` shows the options")
    if fields["kind"] == "refusal":
        return PluginFailure(message, where=where)
    if fields["kind"] == "rule":
        return broken(message, where)
    frames = description.get("frames", [])
    lines = (
        [f"\n  {printable(frame)}" for frame in frames[-_FRAMES:]]
        if isinstance(frames, list)
        else []
    )
    return PluginFailure(
        f"{fields['type'] or 'an exception'}: {message}{''.join(lines)}",
        where=where,
        fix=authors(where),
    )


def broken(rule: str, where: str) -> PluginFailure:
    """The error for a plugin that broke a rule."""
    return PluginFailure(f"the plugin broke a rule: {rule}", where=where, fix=authors(where))


def printable(text: Any) -> str:
    """Text from a plugin, shortened and without control characters; "" for anything else.

    Control characters could rewrite the terminal.
    """
    shown = text[:_LENGTH] if isinstance(text, str) else ""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in shown)


def authors(where: str) -> str:
    """What to do about a bug in the plugin that `where` names.

    A plugin from PE_DEV_PLUGIN is the operator's own.
    """
    if f" of {DEV} {DEV}" in where:  # as `PluginRef` writes it
        return "fix it in your source tree, from which PE_DEV_PLUGIN loads it"
    return "report it to the plugin's authors, with the command that reproduces it"
