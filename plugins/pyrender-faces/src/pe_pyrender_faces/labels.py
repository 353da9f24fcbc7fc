"""Labels that ask something of the parameters, and whether it can be seen."""

from collections.abc import Mapping

import pe_sdk
from pe_pyrender_faces.space import BEARDED
from pe_sdk import CannotMake, Categorical, Float, ParameterSpace


def label_spaces(
    space: ParameterSpace, labels: tuple[str, ...], asked: Mapping[str, str]
) -> dict[str, ParameterSpace]:
    """As `pe_sdk.label_spaces`; facial hair that is asked for must show too: it does not on faces below `BEARDED`.

    Raises:
        CannotMake: as there, or it would not show.
    """
    spaces = pe_sdk.label_spaces(space, labels, asked)
    for label, narrower in spaces.items():
        hair, sex = narrower["facial_hair"], narrower["sex"]
        assert isinstance(hair, Categorical) and isinstance(sex, Float)
        if "none" not in hair.among and sex.low < BEARDED:
            raise CannotMake(
                f"labels.{label}: facial hair shows where sex is above {BEARDED}; add sex:{BEARDED}..1 to the constraints"
            )
    return spaces
