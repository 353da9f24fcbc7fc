"""How a generator that is composed of others gets them: from the host, which knows what is installed and may be used."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from pe_sdk.generator import Generator
from pe_sdk.output import OutputSpec

if TYPE_CHECKING:  # specs name the protocol
    from pe_sdk.specs import GeneratorSpec


class Peers(Protocol):
    """The other generators, by the names that users type: `name` or `distribution/name`."""

    def spec(self, name: str) -> "GeneratorSpec":
        """The spec of a generator.

        Raises:
            CannotMake: there is none of that name, it cannot be loaded, or it is the one that asks.
        """

    def make(
        self, name: str, output: OutputSpec, labels: tuple[str, ...], options: Mapping[str, str]
    ) -> Generator:
        """A generator, ready to use; a simulator comes as its `SimulatorGenerator`.

        Args:
            name: which.
            output: as of `GeneratorSpec.factory`.
            labels: as of `GeneratorSpec.factory`.
            options: texts by name, as `--set` takes them.

        Raises:
            CannotMake: as `spec`; an option it does not take; or whatever it says itself.
        """
