"""The spec of series, with what the user declares about their features and steps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pe_sdk import Feature, OutputSpec, SourceError, SourceOptions

TAKES = ("length", "fit", "missing", "step", "step_unit", "feature_units", "feature_ranges")
"""Options of every reader of series."""


@dataclass(frozen=True)
class Declared:
    """The spec of series.

    Args:
        output: the spec.
        public_ranges: whether every range and the step in it are the user's.
    """

    output: OutputSpec
    public_ranges: bool


def declare(output: OutputSpec, options: SourceOptions, where: str) -> Declared:
    """Fill in what the user declares; this replaces what the file says.

    Args:
        output: the spec that the file gives, of the length that records are brought to.
        options: what the user declares.
        where: the file, for errors.

    Raises:
        SourceError: there is no such feature, or a range or unit cannot be one.
    """
    given: Mapping[str, Any] = {**options.feature_units, **options.feature_ranges}
    names = [feature.name for feature in output.features]
    for name in given:
        if name not in names:
            option = "feature-ranges" if name in options.feature_ranges else "feature-units"
            raise SourceError(
                f"there is no feature {name!r} for --{option}",
                where=where,
                fix=f"the features are {', '.join(names[:20])}",
            )
    from_file = any(
        f.low is not None and f.name not in options.feature_ranges for f in output.features
    ) or (options.step is None and output.step != 1.0)
    try:
        features = tuple(_feature(feature, options) for feature in output.features)
        found = replace(
            output,
            features=features,
            step=output.step if options.step is None else options.step,
            step_unit=options.step_unit or output.step_unit,
        )
    except ValueError as error:
        raise SourceError(
            f"the declared series are invalid: {error}",
            where=where,
            fix="fix --feature-ranges, --feature-units or --step-unit",
        ) from None
    return Declared(found, bool(options.feature_ranges or options.step) and not from_file)


def make_output(
    length: int, features: tuple[str, ...], options: SourceOptions, where: str
) -> Declared:
    """Return the spec of series whose file gives only names of features.

    Raises:
        SourceError: see `declare`; or a name cannot be that of a feature.
    """
    try:
        output = OutputSpec.series(length, list(features))
    except ValueError as error:
        raise SourceError(
            f"the columns cannot be features: {error}", where=where, fix="rename the columns"
        ) from None
    return declare(output, options, where)


def _feature(feature: Feature, options: SourceOptions) -> Feature:
    low, high = options.feature_ranges.get(feature.name, (feature.low, feature.high))
    unit = options.feature_units.get(feature.name, feature.unit)
    return Feature(feature.name, unit, low, high)
