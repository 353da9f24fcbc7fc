"""Constraints of labels on the parameters, and whether their effect is visible."""

from collections.abc import Mapping

import pe_sdk
from pe_pyrender_faces.space import BEARDED
from pe_sdk import CannotMake, Categorical, Float, ParameterSpace


def label_spaces(
    space: ParameterSpace, labels: tuple[str, ...], asked: Mapping[str, str]
) -> dict[str, ParameterSpace]:
    """The spaces of `pe_sdk.label_spaces`, with a check that required facial hair is visible.

    Facial hair does not show on faces whose sex is below `BEARDED`.

    Raises:
        CannotMake: as there, or facial hair would not show.
    """
    spaces = pe_sdk.label_spaces(space, labels, asked)
    for label, narrower in spaces.items():
        hair, sex = narrower["facial_hair"], narrower["sex"]
        assert isinstance(hair, Categorical) and isinstance(sex, Float)
        if "none" not in hair.among and sex.low < BEARDED:
            raise CannotMake(
                f"labels.{label}: facial hair shows only where sex is above {BEARDED}; "
                f"add sex:{BEARDED}..1 to the constraints"
            )
    return spaces
