"""Labels that ask something of the parameters: `expression:smile|laugh,age:18..40`."""

from collections.abc import Mapping, Set

from pe_pyrender_faces.space import BEARDED
from pe_sdk import CannotMake, Categorical, Float, Parameter, ParameterSpace

_FORM = "write PARAMETER:CHOICE|CHOICE or PARAMETER:LOW..HIGH, several with commas between"


def label_spaces(space: ParameterSpace, labels: tuple[str, ...], asked: Mapping[str, str]) -> dict[str, ParameterSpace]:
    """The space of each label: the whole space where nothing is asked.

    Args:
        space: of the simulator.
        labels: label names.
        asked: constraints by label name.

    Raises:
        CannotMake: an unknown label or parameter, or a constraint that cannot be met; says which and what would do.
    """
    if unknown := sorted(set(asked) - set(labels)):
        raise CannotMake(f"constraints are given for {unknown}, which are no labels; labels: {', '.join(labels)}")
    return {label: _narrowed(space, label, asked[label]) if label in asked else space for label in labels}


def _narrowed(space: ParameterSpace, label: str, text: str) -> ParameterSpace:
    where = f"labels.{label}"
    parameters = dict(space)
    seen: set[str] = set()
    for constraint in filter(None, (part.strip() for part in text.split(","))):
        name, colon, wanted = (part.strip() for part in constraint.partition(":"))
        if not (name and colon and wanted):
            raise CannotMake(f"{where}: {constraint!r} is no constraint; {_FORM}")
        if name not in parameters:
            raise CannotMake(f"{where}: no parameter {name!r}; there are {', '.join(space)}")
        if name in seen:
            raise CannotMake(f"{where}: {name} is constrained twice; say all of it in one constraint")
        seen.add(name)
        parameter = parameters[name]
        if isinstance(parameter, Categorical):
            choices = tuple(choice.strip() for choice in wanted.split("|"))
            if strange := [choice for choice in choices if choice not in parameter.choices]:
                raise CannotMake(
                    f"{where}: {name} cannot be {strange[0]!r}; it is one of {', '.join(parameter.choices)}"
                )
            parameters[name] = Categorical(parameter.choices, choices)
            continue
        assert isinstance(parameter, Float)
        low, high = _range(where, name, wanted)
        if not parameter.low <= low < high <= parameter.high:
            raise CannotMake(
                f"{where}: {name} {wanted} is no range within {parameter.low:g}..{parameter.high:g} (low below high)"
            )
        parameters[name] = Float(low, high, log=parameter.log)
    _check_seen(where, parameters, seen)
    return ParameterSpace(parameters)


def _check_seen(where: str, parameters: Mapping[str, Parameter], asked: Set[str]) -> None:
    """Facial hair that is asked for must show: it does not on faces below `BEARDED`."""
    hair, sex = parameters["facial_hair"], parameters["sex"]
    assert isinstance(hair, Categorical) and isinstance(sex, Float)
    if "facial_hair" in asked and "none" not in hair.among and sex.low < BEARDED:
        raise CannotMake(
            f"{where}: facial hair shows where sex is above {BEARDED}; add sex:{BEARDED}..1 to the constraints"
        )


def _range(where: str, name: str, wanted: str) -> tuple[float, float]:
    low, dots, high = wanted.partition("..")
    try:
        if dots:
            return float(low), float(high)
    except ValueError:
        pass
    raise CannotMake(f"{where}: {wanted!r} is no range of {name}; {_FORM}")
