"""The parts of a generator that is composed of others.

They are resolved and loaded as the host does it, but in the process of the composed generator.
"""

from collections.abc import Mapping
from typing import Any, cast

from pe_host.errors import PeError
from pe_host.plugins.load import load_generator
from pe_host.plugins.names import GENERATOR
from pe_host.plugins.ref import PluginRef
from pe_host.plugins.resolve import resolve
from pe_sdk import (
    CannotMake,
    Generator,
    GeneratorSpec,
    OptionError,
    OutputSpec,
    Simulator,
    SimulatorGenerator,
    parse_options,
)
from pe_sdk.specs import ComposingFactory, Factory


def build_generator(
    spec: GeneratorSpec,
    output: OutputSpec,
    labels: tuple[str, ...],
    options: Any,
    peers: "InstalledPeers",
) -> Generator | Simulator:
    """Call the factory of a spec; only a composing one gets the peers."""
    if spec.composes:
        return cast(ComposingFactory, spec.factory)(output, labels, options, peers)
    return cast(Factory, spec.factory)(output, labels, options)


class InstalledPeers:
    """`pe_sdk.Peers` over installed plugins and the one in development.

    Args:
        chain: the generator that asks, after those it is a part of; none can be a part of itself.
    """

    def __init__(self, *chain: PluginRef) -> None:
        self._chain = chain
        self._loaded: dict[str, tuple[PluginRef, GeneratorSpec]] = {}
        self._inner: list[InstalledPeers] = []

    def spec(self, name: str) -> GeneratorSpec:
        return self._find(name)[1]

    def make(
        self, name: str, output: OutputSpec, labels: tuple[str, ...], options: Mapping[str, str]
    ) -> Generator:
        ref, spec = self._find(name)
        try:
            values: Any = parse_options(spec.options, options)
        except OptionError as error:
            raise CannotMake(f"{name}: {error}") from None
        inner = InstalledPeers(*self._chain, ref)
        self._inner.append(inner)
        made = build_generator(spec, output, labels, values, inner)
        return SimulatorGenerator(made, output, labels) if isinstance(made, Simulator) else made

    def parts(self) -> dict[str, str]:
        """Version of every generator that was used, directly or as a part, by distribution/name."""
        own = {f"{ref.distribution}/{ref.name}": ref.version for ref, _ in self._loaded.values()}
        return own | {
            name: version for inner in self._inner for name, version in inner.parts().items()
        }

    def _find(self, name: str) -> tuple[PluginRef, GeneratorSpec]:
        if name not in self._loaded:
            try:
                ref = resolve(GENERATOR, name)
                if ref in self._chain:
                    raise CannotMake(
                        f"{ref.name} cannot be a part of itself; choose another generator"
                    )
                self._loaded[name] = ref, load_generator(ref)
            except PeError as error:
                raise CannotMake(
                    f"{error.what}; {error.fix}" if error.fix else error.what
                ) from None
        return self._loaded[name]
