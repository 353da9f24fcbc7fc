"""A loaded generator as its worker describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pe_host.compute.checks import StateSchema
from pe_host.plugins.ref import PluginRef
from pe_sdk import OutputSpec, ParameterSpace


@dataclass(frozen=True)
class GeneratorInfo:
    """Properties of a loaded generator.

    Args:
        plugin: where it comes from, with its version.
        output: the output spec it was made for.
        labels: the label names it was made for.
        options: every option with its value, as `--set` takes them.
        state_only: samples carry no data; `Workers.data` makes it.
        exact: bit-identical for any batch.
        gpu: uses a GPU if there is one.
        adapts: implements `adapt`, so it uses what an iteration released.
        block: rows per call.
        space: `ParameterSpace.to_json()` of a simulator, else None.
        label_spaces: the spaces of the labels, in order, if they differ from `space`; else ().
        parts: for a generator composed of others, the version of each by distribution/name.
    """

    plugin: PluginRef
    output: OutputSpec
    labels: tuple[str, ...]
    options: Mapping[str, str]
    state_only: bool
    exact: bool
    gpu: bool
    adapts: bool
    block: int
    space: Mapping[str, Any] | None
    label_spaces: tuple[Mapping[str, Any], ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Loaded:
    """The loaded generator, and what its samples are checked against.

    `schema` is that of the state columns of the first samples.
    """

    info: GeneratorInfo
    space: ParameterSpace | None
    label_spaces: tuple[ParameterSpace, ...]
    schema: StateSchema | None = None


def read_info(
    reply: Mapping[str, Any], plugin: PluginRef, output: OutputSpec, labels: tuple[str, ...]
) -> Loaded:
    """Parse a worker's reply to "load".

    Raises:
        KeyError, TypeError, ValueError, AttributeError: the reply is invalid.
    """
    space = None if reply["space"] is None else ParameterSpace.from_json(reply["space"])
    spaces = tuple(ParameterSpace.from_json(document) for document in reply["label_spaces"])
    block, options, parts = reply["block"], reply["options"], reply["parts"]
    if type(block) is not int or block < 1 or (spaces and len(spaces) != len(labels)):
        raise ValueError("the block has no rows, or there is not one space per label")
    if not all(isinstance(value, str) for value in (*options.values(), *parts.values())):
        raise ValueError("an option or a version is not a string")
    info = GeneratorInfo(
        plugin=plugin,
        output=output,
        labels=labels,
        options=options,
        state_only=bool(reply["state_only"]),
        exact=bool(reply["exact"]),
        gpu=bool(reply["gpu"]),
        adapts=bool(reply["adapts"]),
        block=block,
        space=reply["space"],
        label_spaces=tuple(reply["label_spaces"]),
        parts=parts,
    )
    return Loaded(info, space, spaces)
