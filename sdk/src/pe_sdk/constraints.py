"""Labels that ask something of the parameters, as `--set labels.NAME=…` says it: `expression:smile|laugh,age:18..40`."""

from collections.abc import Mapping

from pe_sdk.errors import CannotMake
from pe_sdk.parameters import Categorical, Float, Int, Parameter
from pe_sdk.space import ParameterSpace

_FORM = "write PARAMETER:CHOICE|CHOICE or PARAMETER:LOW..HIGH, several with commas between"


def label_spaces(
    space: ParameterSpace, labels: tuple[str, ...], asked: Mapping[str, str]
) -> dict[str, ParameterSpace]:
    """The space of each label: the whole space where nothing is asked.

    Args:
        space: of the simulator.
        labels: label names.
        asked: constraints by label name.

    Raises:
        CannotMake: an unknown label or parameter, or a constraint that cannot be met; says which and what would do.
    """
    if unknown := sorted(set(asked) - set(labels)):
        raise CannotMake(
            f"constraints are given for {unknown}, which are no labels; labels: {', '.join(labels)}"
        )
    return {
        label: narrowed(space, asked[label], f"labels.{label}") if label in asked else space
        for label in labels
    }


def narrowed(space: ParameterSpace, text: str, where: str) -> ParameterSpace:
    """The part of a space where constraints hold.

    Args:
        space: of the simulator.
        text: `PARAMETER:CHOICE|CHOICE` or `PARAMETER:LOW..HIGH`, several with commas between.
        where: what to call the text in errors.

    Raises:
        CannotMake: a constraint that makes no sense or cannot be met.
    """
    parameters = dict(space)
    seen: set[str] = set()
    for constraint in filter(None, (part.strip() for part in text.split(","))):
        name, colon, wanted = (part.strip() for part in constraint.partition(":"))
        if not (name and colon and wanted):
            raise CannotMake(f"{where}: {constraint!r} is no constraint; {_FORM}")
        if name not in parameters:
            raise CannotMake(f"{where}: no parameter {name!r}; there are {', '.join(space)}")
        if name in seen:
            raise CannotMake(
                f"{where}: {name} is constrained twice; say all of it in one constraint"
            )
        seen.add(name)
        parameters[name] = _narrower(where, name, parameters[name], wanted)
    return ParameterSpace(parameters)


def _narrower(where: str, name: str, parameter: Parameter, wanted: str) -> Parameter:
    if isinstance(parameter, Categorical):
        choices = tuple(choice.strip() for choice in wanted.split("|"))
        if strange := [choice for choice in choices if choice not in parameter.choices]:
            raise CannotMake(
                f"{where}: {name} cannot be {strange[0]!r}; it is one of {', '.join(parameter.choices)}"
            )
        return Categorical(parameter.choices, choices)
    low, high = _range(where, name, wanted)
    whole = not isinstance(parameter, Int) or (low.is_integer() and high.is_integer())
    if not (parameter.low <= low < high <= parameter.high and whole):
        raise CannotMake(
            f"{where}: {name} {wanted} is no range within {parameter.low:g}..{parameter.high:g} (low below high)"
        )
    if isinstance(parameter, Int):
        return Int(int(low), int(high))
    around = parameter.wrap and (low, high) == (parameter.low, parameter.high)
    return Float(low, high, log=parameter.log, wrap=around)


def _range(where: str, name: str, wanted: str) -> tuple[float, float]:
    low, dots, high = wanted.partition("..")
    try:
        if dots:
            return float(low), float(high)
    except ValueError:
        pass
    raise CannotMake(f"{where}: {wanted!r} is no range of {name}; {_FORM}")
