"""The parameters of an avatar: nine parts and six colours, all categorical."""

from pe_avatars.parts import CHOICES, COLOURS
from pe_sdk import Categorical, ParameterSpace

SPACE = ParameterSpace(
    {part: Categorical(choices) for part, choices in CHOICES.items()}
    | {name: Categorical(tuple(colours)) for name, colours in COLOURS.items()}
)
