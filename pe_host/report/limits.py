"""The limits of the guarantee, in every report and card: readers take ε for more than it is."""


def limits(unit: str) -> tuple[str, ...]:
    """Return the limits, a sentence or two each. unit: "record" or "client"."""
    return (
        f"The guarantee is for each single {unit}. For a group of {unit}s that belong together "
        f"(a family, say, or one person with several {unit}s) it weakens with the size of the "
        "group.",
        "Facts that hold whether or not any one of them took part, such as what is typical of a "
        "class, are meant to be learnt from these samples and are not hidden.",
        "Class names, the form of a record and the settings of the run are taken to be public and "
        "are published.",
        "ε adds up: further releases from the same data, by this program or any other, weaken the "
        "guarantee of all together.",
        "The generator and what it was made from (fonts, drawings, images, trained weights) are "
        "not private data here. Nothing is promised to the people or owners behind them.",
        f"A {unit} unlike all others is likely to be missing: rare classes and rare features can "
        "be under-represented. Check fitness for the purpose before use.",
    )
