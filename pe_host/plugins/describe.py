"""Description of a plugin as JSON: options, flags, and the parameter space of a simulator.

It runs in a child process.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pe_host.errors import UsageError
from pe_host.plugins.load import load
from pe_host.plugins.names import EXPORTER, GENERATOR, WITH_OPTIONS
from pe_host.plugins.peers import InstalledPeers, build_generator
from pe_host.plugins.ref import PluginRef
from pe_sdk import (
    CannotMake,
    ExporterSpec,
    GeneratorSpec,
    OptionError,
    OutputSpec,
    describe_options,
    parse_options,
)


def describe(
    ref: PluginRef, options: Mapping[str, str], output: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Load the plugin and describe it.

    Args:
        ref: a plugin of any kind.
        options: values as `--set` takes them; they may change the parameter space.
        output: the `OutputSpec.to_json` of the records that the generator is to make; None for the
            spec that it declares.

    Returns:
        kind, name, distribution, version, summary; options (name, type, default, help); for a
        generator also labels, default_data, embedding, exact, gpu, block, network (where it is
        true), and "makes": {"output", "shape", "space"}, where the space is None for a black box,
        or {"output", "shape", "cannot"}; for an exporter folder, kinds and loses.

    Raises:
        PluginFailure: the plugin cannot be loaded.
        UsageError: an option is unknown, or its value cannot be read.
    """
    spec = load(ref)
    about = {
        "kind": ref.kind,
        "name": ref.name,
        "distribution": ref.distribution,
        "version": ref.version,
    }
    document: dict[str, Any] = {**about, "summary": spec.summary, "options": []}
    if ref.kind in WITH_OPTIONS:
        document["options"] = [asdict(info) for info in describe_options(spec.options)]
        try:
            values = parse_options(spec.options, options)
        except OptionError as error:
            raise UsageError(
                str(error), where=str(ref), fix=f"`pe describe {ref.name}` shows the options"
            ) from None
    elif options:
        raise UsageError(f"a {ref.kind} has no options", where=str(ref), fix="leave out --set")
    if ref.kind == EXPORTER:
        document |= describe_exporter(spec)
    if ref.kind == GENERATOR:
        flags = {"exact": spec.exact, "gpu": spec.gpu, "block": spec.block}
        if spec.network:
            flags["network"] = True
        if spec.output_is_example:
            flags["output_is_example"] = True
        document |= {
            "labels": list(spec.labels),
            "default_data": spec.default_data,
            "embedding": spec.embedding,
            **flags,
        }
        document["makes"] = _makes(
            ref, spec, values, spec.output if output is None else OutputSpec.from_json(output)
        )
    return document


def describe_exporter(spec: ExporterSpec) -> dict[str, Any]:
    """Describe what an exporter writes: folder, kinds and loses, as `ExporterSpec` has them."""
    return {"folder": bool(spec.folder), "kinds": list(spec.kinds), "loses": spec.loses}


def _makes(ref: PluginRef, spec: GeneratorSpec, values: Any, output: OutputSpec) -> dict[str, Any]:
    about = {"output": output.to_json(), "shape": list(output.shape)}
    try:
        made = build_generator(spec, output, spec.labels, values, InstalledPeers(ref))
    except CannotMake as error:
        return {**about, "cannot": str(error)}
    return {**about, "space": None if made.space is None else made.space.to_json()}
