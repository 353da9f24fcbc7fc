"""The public form of the records of a run: what their source declares, completed by what the generator declares."""

from dataclasses import replace

from pe_sdk import Feature, OutputSpec


def completed(found: OutputSpec, declared: OutputSpec) -> OutputSpec:
    """The form of the source. What it leaves open about a feature or the step, the generator's own form says.

    A source that gives no names has the features "x1", "x2", …. Nothing that it does declare is replaced.

    Args:
        found: from the metadata of the source.
        declared: `GeneratorSpec.output`; of no effect where it is of another kind or has another number of features.
    """
    if (
        found.kind != declared.kind
        or not found.features
        or len(found.features) != len(declared.features)
    ):
        return found
    pairs = enumerate(zip(found.features, declared.features, strict=True))
    features = tuple(own if _open(feature, own, i) else feature for i, (feature, own) in pairs)
    if len({feature.name for feature in features}) != len(features):
        return found
    if (found.step, found.step_unit) == (1.0, ""):
        return replace(found, features=features, step=declared.step, step_unit=declared.step_unit)
    return replace(found, features=features)


def _open(feature: Feature, own: Feature, i: int) -> bool:
    return feature in (Feature(f"x{i + 1}"), Feature(own.name))
