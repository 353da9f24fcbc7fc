"""Labels that ask something of the parameters: `accessory:round|wayfarers,top:hijab`."""

from collections.abc import Mapping

from pe_sdk import CannotMake, Categorical, ParameterSpace


def label_spaces(space: ParameterSpace, labels: tuple[str, ...], asked: Mapping[str, str]) -> dict[str, ParameterSpace]:
    """The space of each label: the whole space where nothing is asked.

    Args:
        space: of the simulator; all parameters are categorical.
        labels: label names.
        asked: constraints by label name.

    Raises:
        CannotMake: an unknown label, parameter or choice; says which and what would do.
    """
    if unknown := sorted(set(asked) - set(labels)):
        raise CannotMake(f"constraints are given for {unknown}, which are no labels; labels: {', '.join(labels)}")
    return {label: _narrowed(space, label, asked.get(label, "")) for label in labels}


def _narrowed(space: ParameterSpace, label: str, text: str) -> ParameterSpace:
    where = f"labels.{label}"
    narrowed: dict[str, Categorical] = {}
    for constraint in filter(None, (part.strip() for part in text.split(","))):
        name, _, wanted = (part.strip() for part in constraint.partition(":"))
        if not (name and wanted):
            raise CannotMake(
                f"{where}: {constraint!r} is no constraint; write PARAMETER:CHOICE|CHOICE, several with commas between"
            )
        parameter = space.get(name)
        if not isinstance(parameter, Categorical):
            raise CannotMake(f"{where}: no parameter {name!r}; there are {', '.join(space)}")
        if name in narrowed:
            raise CannotMake(f"{where}: {name} is constrained twice; say all of it in one constraint")
        choices = tuple(choice.strip() for choice in wanted.split("|"))
        if strange := [choice for choice in choices if choice not in parameter.choices]:
            raise CannotMake(f"{where}: {name} cannot be {strange[0]!r}; it is one of {', '.join(parameter.choices)}")
        narrowed[name] = Categorical(parameter.choices, choices)
    return ParameterSpace({**space, **narrowed})
