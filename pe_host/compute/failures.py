"""Exceptions of plugins: described in the worker, raised again in the host for the person at the terminal."""

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
    """What the host needs to know, as JSON: type, message and the frames of the plugin, innermost last."""
    try:
        message = str(error)
    except Exception:  # of the plugin's own exception class
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
    """The error to raise for a description that came from a worker.

    Args:
        description: as of `describe_exception`, but from a process that is not trusted.
        where: plugin, operation and block.
        plugin: the name users type.
    """
    if not isinstance(description, Mapping):
        return PluginFailure("the worker reports an error it does not describe", where=where)
    said = {
        key: printable(description.get(key, ""))
        for key in ("kind", "type", "message", "what", "where", "fix")
    }
    if said["kind"] == "host":
        kinds = {kind.__name__: kind for kind in (UsageError, PluginFailure, DataError)}
        return kinds.get(said["type"], PluginFailure)(
            said["what"], where=said["where"] or where, fix=said["fix"]
        )
    if said["kind"] == "option":
        return UsageError(
            said["message"], where=where, fix=f"`pe describe {plugin}` shows the options"
        )
    if said["kind"] == "refusal":
        return PluginFailure(said["message"], where=where)
    if said["kind"] == "rule":
        return broken(said["message"], where)
    frames = description.get("frames", [])
    lines = (
        [f"\n  {printable(frame)}" for frame in frames[-_FRAMES:]]
        if isinstance(frames, list)
        else []
    )
    return PluginFailure(
        f"{said['type']}: {said['message']}{''.join(lines)}", where=where, fix=authors(where)
    )


def broken(rule: str, where: str) -> PluginFailure:
    """The error for a rule that a plugin broke."""
    return PluginFailure(f"the plugin broke a rule: {rule}", where=where, fix=authors(where))


def printable(text: Any) -> str:
    """Text of a plugin, cut and without control characters, which could rewrite the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in str(text)[:_LENGTH])


def authors(where: str) -> str:
    """What to do about a mistake of the plugin that `where` names; one of PE_DEV_PLUGIN is the operator's own."""
    if f" of {DEV} {DEV}" in where:  # as `PluginRef` writes it
        return "fix it in your source tree, where PE_DEV_PLUGIN takes it from"
    return "report it to the plugin's authors, with the command that shows it"
