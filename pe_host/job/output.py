"""The public spec of the records of a run: the source's, completed from the generator's."""

from dataclasses import replace

from pe_host.errors import PrivacyRefusal
from pe_sdk import Feature, OutputSpec, SourceInfo


def public_output(info: SourceInfo, public_ranges: bool | None, where: str) -> OutputSpec:
    """Return the spec that the source declares, as far as it may count as public.

    Ranges and step in the data's own file may have been computed from its records: the smallest and
    the largest value would then be published exactly. So they count as public only where the reader
    declares the data or the ranges public, or the operator says so.

    Args:
        info: what the reader reports.
        public_ranges: whether the operator declares them public; False leaves them out.
        where: the source, for the error.

    Raises:
        PrivacyRefusal: the source declares some, and nobody says that they are public.
    """
    output, declared = info.output, declared_by_source(info)
    if not declared or public_ranges:
        return output
    if public_ranges is False:
        features = tuple(Feature(feature.name, feature.unit) for feature in output.features)
        return replace(output, features=features, step=1.0, step_unit="")
    raise PrivacyRefusal(
        f"the source declares {declared}, which would be published exactly",
        where=where,
        fix="if this was known without looking at the records, add --public-ranges; "
        "--no-public-ranges ignores it",
    )


def declared_by_source(info: SourceInfo) -> str:
    """What a source of private data declares that may come from its records, in words, or ""."""
    if info.public is True or info.public_ranges is True:
        return ""
    ranges = any(feature.low is not None for feature in info.output.features)
    facts = {"ranges of its features": ranges, "a step": info.output.step != 1.0}
    return " and ".join(name for name, there in facts.items() if there)


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
