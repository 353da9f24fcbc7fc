"""What a run is, settled before private data is opened: plugins, form of a record, class names, budget, plan."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pe_host.config import RunConfig, blame
from pe_host.embeddings.simulator_features import takes
from pe_host.errors import DataError, PluginFailure, PrivacyRefusal, UsageError
from pe_host.evolution import defaults
from pe_host.forms import completed
from pe_host.plugins import PluginRef, resolve
from pe_host.plugins.cause import describe_cause
from pe_host.plugins.find import Found, find
from pe_host.plugins.isolated import describe
from pe_host.plugins.load import load_embedding, load_reader
from pe_host.plugins.names import DEV, EMBEDDING, GENERATOR, READER
from pe_host.privacy import ClassShares, PrivacyPlan, make_plan
from pe_host.privacy.readers import guess_scheme
from pe_sdk import (
    CannotMake,
    Embedding,
    EmbeddingSpec,
    OptionError,
    OutputSpec,
    ReaderSpec,
    SourceError,
    SourceInfo,
    parse_options,
)

PATHS = ("npz", "parquet", "idx", "folder")
"""Built-in readers whose location is a path, and is made absolute so that the configuration runs from anywhere."""

DEMO_EPSILON = 1.0
"""ε where none was given and the data set is declared public or synthetic by its reader."""


@dataclass(frozen=True)
class Source:
    """The private data, as far as it may be known before it is opened.

    Args:
        reader: its spec, loaded.
        ref: the plugin it comes from.
        location: what the reader is to read; an absolute path where it is a path.
        info: from metadata.
    """

    reader: ReaderSpec
    ref: PluginRef
    location: str
    info: SourceInfo

    def __str__(self) -> str:
        return f"{self.ref.name}:{self.location}"


@dataclass(frozen=True)
class Job:
    """A run that can start. `config` has a value for everything that the plan depends on.

    `chosen`: the embedding was not asked for but chosen by default. `notes`: for the operator, before it starts.
    """

    config: RunConfig
    generator: PluginRef
    about: Mapping[str, Any]
    source: Source
    embedding: PluginRef
    embedding_spec: EmbeddingSpec
    embedding_options: Any
    plan: PrivacyPlan
    chosen: bool = False
    notes: tuple[str, ...] = ()

    @property
    def output(self) -> OutputSpec:
        return self.plan.output

    @property
    def labels(self) -> tuple[str, ...]:
        return self.plan.class_names

    def make_embedding(self) -> Embedding:
        """The embedding, untrained.

        Raises:
            PluginFailure: it cannot be made for these records.
        """
        fix = "give --embedding simulator-features, pixels or values" if self.chosen else ""
        try:
            return self.embedding_spec.factory(self.output, self.embedding_options)
        except CannotMake as error:
            where = str(self.embedding) if self.chosen else f"--embedding {self.embedding.name}"
            raise PluginFailure(str(error), where=where, fix=fix) from None
        except Exception as error:
            what = f"cannot be made: {describe_cause(error)}"
            raise PluginFailure(what, where=str(self.embedding), fix=fix) from None


def settle(config: RunConfig) -> Job:
    """Resolve names, ask the generator about itself in a child process, read the metadata of the source, calibrate the noise.

    Raises:
        PeError: of the kind that fits; nothing was written and no record was read.
    """
    installed = find()
    generator = resolve(GENERATOR, config.plugin, installed)
    about = _about(generator, config)
    source = _source(config.data or about["default_data"], generator, installed)
    form = completed(source.info.output, OutputSpec.from_json(about["makes"]["output"]))
    source = replace(source, info=replace(source.info, output=form))
    if about["makes"]["output"] != form.to_json():
        about = _about(generator, config, form.to_json())
    _check_classes(config, source)
    labels = config.classes or source.info.label_names or tuple(about["labels"])
    if not labels:
        raise DataError(
            "neither the data set nor the generator names the classes",
            where=str(source),
            fix="name them, in the order of the labels, with --classes A,B,…",
        )
    name, notes = (
        (config.embedding, ()) if config.embedding else _default_embedding(generator, about, source)
    )
    chosen = not config.embedding
    config = replace(
        config,
        data=str(source),
        epsilon=_epsilon(config, source),
        votes=config.votes or defaults.votes(_epsilon(config, source)),
        iterations=config.iterations
        or (len(config.degrees) if config.degrees else defaults.iterations()),
        embedding=name,
    )
    embedding = resolve(EMBEDDING, config.embedding, installed)
    spec = load_embedding(embedding)
    try:
        options: Any = parse_options(spec.options, config.embedding_options)
    except OptionError as error:
        where = config.origin("embedding_options")
        raise blame(where)(
            str(error), where=where, fix=f"`pe describe {embedding.name}` shows the options"
        ) from None
    shares = ClassShares.parse(config.class_shares, config.public_size)
    shares.check(len(labels))
    _check_candidates(config, shares, labels)
    assert config.epsilon is not None and config.iterations is not None and config.votes is not None
    plan = make_plan(
        epsilon=config.epsilon,
        delta=config.delta,
        rounds=config.iterations,
        votes=config.votes,
        class_names=labels,
        output=source.info.output,
        reader=str(source.ref),
        embeddings=(str(embedding),),
        unit="client" if source.info.clients else "record",
        shares=shares,
    )
    return Job(config, generator, about, source, embedding, spec, options, plan, chosen, notes)


def _about(
    generator: PluginRef, config: RunConfig, form: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the generator says of itself; an option it does not take is an error of where that was given."""
    try:
        return describe(generator, config.set, form)
    except UsageError as error:
        where = config.origin("set")
        raise blame(where)(error.what, where=where, fix=error.fix) from None


def _check_classes(config: RunConfig, source: Source) -> None:
    """The label names of a data set are public: one that is left out is said before any record is read."""
    missing = [
        name for name in source.info.label_names if config.classes and name not in config.classes
    ]
    if missing:
        raise DataError(
            f"label names of the data are left out: {', '.join(missing)}",
            where=config.origin("classes"),
            fix=f"name every class, as in --classes {','.join(source.info.label_names)}, or leave it to the data",
        )


def _source(text: str, generator: PluginRef, installed: Sequence[Found]) -> Source:
    if not text:
        raise UsageError(
            "which data?", where="--data", fix=f"{generator.name} brings no default data set"
        )
    scheme, colon, rest = text.partition(":")
    if not colon or Path(text).exists():
        path = Path(text).expanduser()
        scheme, rest = guess_scheme(path), text
    if not rest:
        raise UsageError(
            f"{text!r} names no location", where="--data", fix=f"give one: {scheme}:LOCATION"
        )
    if (not colon or scheme in PATHS) and Path(rest).expanduser().exists():
        rest = os.path.abspath(Path(rest).expanduser())  # noqa: PTH100  a link must stay a link
    ref = resolve(READER, scheme, installed)
    reader = load_reader(ref)
    return Source(reader, ref, rest, _info(reader, ref, rest))


def _info(reader: ReaderSpec, ref: PluginRef, location: str) -> SourceInfo:
    """What the reader tells of the source.

    Raises:
        DataError: the reader cannot use it.
        PluginFailure: the reader failed, or gave something else.
    """
    info: Any = None
    fix = (
        f"check that {location!r} is a source for it; if so, tell the authors of {ref.distribution}"
    )
    try:
        info = reader.describe(location)
    except SourceError as error:
        raise DataError(
            error.what, where=error.where or f"{ref.name}:{location}", fix=error.fix
        ) from None
    except Exception as error:
        raise PluginFailure(
            f"cannot describe its source: {describe_cause(error)}", where=str(ref), fix=fix
        ) from None
    if not isinstance(info, SourceInfo):
        what = f"describes its source by {type(info).__name__}, not SourceInfo"
        raise PluginFailure(what, where=str(ref), fix=fix)
    for name in (
        "public",
        "clients",
    ):  # a text is true whatever it says, and much hangs on these two
        if not isinstance(value := getattr(info, name), bool):
            what = f"describes its source with {name} = {type(value).__name__}, not True or False"
            raise PluginFailure(what, where=str(ref), fix=fix)
    return info


def _epsilon(config: RunConfig, source: Source) -> float:
    if config.epsilon is not None:
        return config.epsilon
    if source.info.public:
        return DEMO_EPSILON
    raise PrivacyRefusal(
        "no privacy budget was given, and this data is not known to be public",
        where=str(source),
        fix="say how much may be spent with --epsilon E; 1 is strict, 10 is lax",
    )


def _check_candidates(config: RunConfig, shares: ClassShares, labels: tuple[str, ...]) -> None:
    """Every class may have a share, and then needs k candidates. Said before anything is spent."""
    classes = sum(weight > 0 for weight in shares.weights) or len(labels)
    least = (config.votes or 0) * classes
    if config.candidates is not None and config.candidates < least:
        raise DataError(
            f"{config.candidates} candidates for {classes} classes leave fewer than the {config.votes} a record votes for",
            where=config.origin("candidates"),
            fix=f"ask for at least {least}, or for fewer --votes",
        )


def _default_embedding(
    generator: PluginRef, about: Mapping[str, Any], source: Source
) -> tuple[str, tuple[str, ...]]:
    """Features of the generator where records are large enough, else their values; and what to tell the operator.

    An embedding sees the records, and a generator is not trusted with them. So the embedding that it brings is the default on
    public data alone, and there only where its own distribution has it.
    """
    output = source.info.output
    built_in = (
        "simulator-features" if takes(output) else "pixels" if output.dtype == "uint8" else "values"
    )
    if (
        not about["embedding"] or generator.distribution == DEV
    ):  # what is under development has no distribution
        return built_in, ()
    try:
        ref = resolve(EMBEDDING, f"{generator.distribution}/{about['embedding']}")
    except PluginFailure:  # missing, disabled or incompatible
        return built_in, ()
    own = f"{ref.distribution}/{ref.name}"
    if source.info.public is True:
        return own, ()
    note = (
        f"generator {generator.name} brings an embedding of its own, {ref.name}; it would see the private records, so it is used "
        f"only if you trust it: --embedding {own}"
    )
    return built_in, (note,)
