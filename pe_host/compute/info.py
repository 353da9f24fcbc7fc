"""A loaded generator as its worker describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pe_host.compute.checks import StateSchema
from pe_host.plugins.answers import check_loaded
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
    reply: dict[str, Any], plugin: PluginRef, output: OutputSpec, labels: tuple[str, ...]
) -> Loaded:
    """Parse a worker's reply to "load".

    Raises:
        InvalidAnswer: the reply is invalid; see `pe_host.plugins.answers`.
    """
    space, spaces = check_loaded(reply, len(labels))
    info = GeneratorInfo(
        plugin=plugin,
        output=output,
        labels=labels,
        options=reply["options"],
        state_only=reply["state_only"],
        exact=reply["exact"],
        gpu=reply["gpu"],
        adapts=reply["adapts"],
        block=reply["block"],
        space=None if space is None else space.to_json(),
        label_spaces=tuple(s.to_json() for s in spaces),
        parts=reply["parts"],
    )
    return Loaded(info, space, spaces)
