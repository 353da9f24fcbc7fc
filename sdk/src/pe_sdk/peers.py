"""How a composed generator gets the generators that it is made of.

They come from the host, which knows what is installed and what may be used.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from pe_sdk.generator import Generator
from pe_sdk.output import OutputSpec

if TYPE_CHECKING:  # specs name the protocol
    from pe_sdk.specs import GeneratorSpec


class Peers(Protocol):
    """The other generators, by the names that users type: `name` or `distribution/name`."""

    def spec(self, name: str) -> "GeneratorSpec":
        """Return the spec of a generator.

        Raises:
            CannotMake: there is none of that name, it cannot be loaded, or it is the caller itself.
        """

    def make(
        self, name: str, output: OutputSpec, labels: tuple[str, ...], options: Mapping[str, str]
    ) -> Generator:
        """Make a generator, ready to use; a simulator is returned as its `SimulatorGenerator`.

        Args:
            name: name of the generator.
            output: as in `GeneratorSpec.factory`.
            labels: as in `GeneratorSpec.factory`.
            options: strings by name, as `--set` takes them.

        Raises:
            CannotMake: for the reasons of `spec`, for an option that the generator does not have,
                or when the generator itself refuses.
        """
