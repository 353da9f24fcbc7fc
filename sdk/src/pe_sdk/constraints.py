"""Constraints of labels on parameters: `--set labels.NAME=expression:smile|laugh,age:18..40`."""

from collections.abc import Mapping

from pe_sdk.errors import CannotMake
from pe_sdk.parameters import Categorical, Float, Int, Parameter
from pe_sdk.space import ParameterSpace

_SYNTAX = "write PARAMETER:CHOICE|CHOICE or PARAMETER:LOW..HIGH, separated by commas"


def label_spaces(
    space: ParameterSpace, labels: tuple[str, ...], asked: Mapping[str, str]
) -> dict[str, ParameterSpace]:
    """Return the space of each label: the whole space where a label has no constraints.

    Args:
        space: space of the simulator.
        labels: label names.
        asked: constraints by label name.

    Raises:
        CannotMake: an unknown label or parameter, or a constraint that cannot be met; the message
            says which, and what is allowed.
    """
    if unknown := sorted(set(asked) - set(labels)):
        raise CannotMake(
            f"constraints for unknown labels {unknown}; the labels are {', '.join(labels)}"
        )
    return {
        label: narrowed(space, asked[label], f"labels.{label}") if label in asked else space
        for label in labels
    }


def narrowed(space: ParameterSpace, text: str, where: str) -> ParameterSpace:
    """Return the part of a space in which constraints hold.

    Args:
        space: space of the simulator.
        text: `PARAMETER:CHOICE|CHOICE` or `PARAMETER:LOW..HIGH`, separated by commas.
        where: name of the text in error messages.

    Raises:
        CannotMake: a constraint that cannot be parsed or met.
    """
    parameters = dict(space)
    seen: set[str] = set()
    for constraint in filter(None, (part.strip() for part in text.split(","))):
        name, colon, wanted = (part.strip() for part in constraint.partition(":"))
        if not (name and colon and wanted):
            raise CannotMake(f"{where}: invalid constraint {constraint!r}; {_SYNTAX}")
        if name not in parameters:
            raise CannotMake(f"{where}: no parameter {name!r}; choose from {', '.join(space)}")
        if name in seen:
            raise CannotMake(
                f"{where}: {name} is constrained twice; combine both in one constraint"
            )
        seen.add(name)
        parameters[name] = _narrower(where, name, parameters[name], wanted)
    return ParameterSpace(parameters)


def _narrower(where: str, name: str, parameter: Parameter, wanted: str) -> Parameter:
    if isinstance(parameter, Categorical):
        choices = tuple(choice.strip() for choice in wanted.split("|"))
        if unknown := [choice for choice in choices if choice not in parameter.choices]:
            raise CannotMake(
                f"{where}: {name} cannot be {unknown[0]!r}; "
                f"choose from {', '.join(parameter.choices)}"
            )
        return Categorical(parameter.choices, choices)
    low, high = _range(where, name, wanted)
    whole = not isinstance(parameter, Int) or (low.is_integer() and high.is_integer())
    numbers = "a range of integers" if isinstance(parameter, Int) else "a range"
    if not (parameter.low <= low < high <= parameter.high and whole):
        raise CannotMake(
            f"{where}: {name} needs {numbers} within {parameter.low:g}..{parameter.high:g}, "
            f"low below high, got {wanted}"
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
    raise CannotMake(f"{where}: {name} needs a range, got {wanted!r}; {_SYNTAX}")
