"""The public spec of the records of a run: the source's, completed from the generator's."""

from dataclasses import replace

from pe_sdk import Feature, OutputSpec


def complete_output(found: OutputSpec, declared: OutputSpec) -> OutputSpec:
    """Fill in what the source leaves open about features and step from the generator's spec.

    A source without feature names has the features "x1", "x2", …. Nothing that it declares is
    replaced.

    Args:
        found: the spec in the metadata of the source.
        declared: `GeneratorSpec.output`; ignored if its kind or its number of features differs.
    """
    if found.kind != declared.kind or not found.features:
        return found
    if len(found.features) != len(declared.features):
        return found
    pairs = enumerate(zip(found.features, declared.features, strict=True))
    features = tuple(own if _is_open(feature, own, i) else feature for i, (feature, own) in pairs)
    if len({feature.name for feature in features}) != len(features):
        return found
    if (found.step, found.step_unit) == (1.0, ""):
        return replace(found, features=features, step=declared.step, step_unit=declared.step_unit)
    return replace(found, features=features)


def _is_open(feature: Feature, own: Feature, i: int) -> bool:
    return feature in (Feature(f"x{i + 1}"), Feature(own.name))
