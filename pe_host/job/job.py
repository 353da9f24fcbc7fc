"""The job of a run, resolved before private records are read.

It holds plugins, record spec, class names, budget and privacy plan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pe_host.embeddings.simulator_features import takes
from pe_host.errors import DataError, PluginFailure, PrivacyRefusal, UsageError
from pe_host.evolution import defaults
from pe_host.isolation.allowed import Allowed
from pe_host.job import confinement
from pe_host.job.config import RunConfig, error_type
from pe_host.job.earlier import EarlierRun
from pe_host.job.names import check_class_names
from pe_host.job.output import complete_output, declared_by_source, public_output
from pe_host.job.setting import typed_list
from pe_host.job.source import Source, find_source
from pe_host.plugins import PluginEntry, PluginRef, find
from pe_host.plugins import resolve as resolve_plugin
from pe_host.plugins.cause import describe_cause
from pe_host.plugins.isolated import describe
from pe_host.plugins.load import load_embedding
from pe_host.plugins.names import DEV, EMBEDDING, GENERATOR, normalise
from pe_host.privacy import BadRecords, ClassShares, PrivacyPlan, Unit, make_plan
from pe_sdk import CannotMake, Embedding, EmbeddingSpec, OptionError, OutputSpec, parse_options

DEMO_EPSILON = 1.0
"""ε where none is given and the reader declares the data set public or synthetic."""


@dataclass(frozen=True)
class Job:
    """A run that can start.

    Args:
        config: with a value for everything that the plan depends on.
        generator: the plugin.
        about: what the generator says about itself; see `pe_host.plugins.describe`.
        source: the private data.
        embedding, embedding_spec, embedding_options: the embedding and its parsed options.
        plan: what may be released, and at what cost.
        allowed: what the generator's processes may do.
        chosen: whether the host chose the embedding, since none was given.
        notes: for the operator, before the run starts.
        earlier: the run whose release it starts from, if it does.
    """

    config: RunConfig
    generator: PluginRef
    about: Mapping[str, Any]
    source: Source
    embedding: PluginRef
    embedding_spec: EmbeddingSpec
    embedding_options: Any
    plan: PrivacyPlan
    allowed: Allowed
    chosen: bool = False
    notes: tuple[str, ...] = ()
    earlier: EarlierRun | None = None

    @property
    def output(self) -> OutputSpec:
        return self.plan.output

    @property
    def labels(self) -> tuple[str, ...]:
        return self.plan.class_names

    def make_embedding(self) -> Embedding:
        """Make the embedding, untrained.

        Raises:
            PluginFailure: it cannot be made for these records.
        """
        fix = "give --embedding simulator-features, pixels or values" if self.chosen else ""
        try:
            return self.embedding_spec.factory(self.output, self.embedding_options)
        except CannotMake as error:
            where = str(self.embedding) if self.chosen else f"--embedding {self.embedding.name}"
            raise PluginFailure(str(error), where=where, fix=fix) from None
        except (Exception, SystemExit) as error:
            what = f"cannot be made: {describe_cause(error)}"
            raise PluginFailure(what, where=str(self.embedding), fix=fix) from None


def resolve(
    config: RunConfig,
    installed: Sequence[PluginEntry] | None = None,
    exposed: str = "",
    begun: PrivacyPlan | None = None,
) -> Job:
    """Resolve names, read the metadata of the source and calibrate the noise.

    The generator describes itself in a child process.

    Args:
        config: the settings.
        installed: the plugins; by default the result of `pe_host.plugins.find`.
        exposed: why this process is not confined although the kernel could confine it, or "".
        begun: plan of a run that is resumed, with what it says of earlier runs. The run that it
            starts from is needed no more then.

    Raises:
        PeError: of the fitting kind; nothing was written and no record was read.
    """
    installed = find() if installed is None else installed  # once: it reads much metadata
    generator = resolve_plugin(GENERATOR, config.plugin, installed)
    network = _network(generator, config)
    confinement.refuse_exposed_reader(exposed, config, installed)
    reading = config.source_options(config.classes)
    source = find_source(config.data, generator, installed, reading) if config.data else None
    # Where the spec of the records is complete without the generator's, one description is enough.
    known = None
    if source is not None:
        found = public_output(source.info, config.public_ranges, str(source))
        known = None if found.features else found.to_json()
    about = _about(generator, config, known)
    if network and not about["needs"]["network"]:
        what = f"{generator.name} does not use the network"
        raise UsageError(what, where=config.origin("allow_network"), fix="leave out the option")
    if source is None:
        source = find_source(about["default_data"], generator, installed, reading)
        found = public_output(source.info, config.public_ranges, str(source))
    # Before an embedding is imported.
    unconfined = confinement.is_missing(config, source)
    confinement.refuse_exposed(exposed, source)
    public_ranges = bool(config.public_ranges and declared_by_source(source.info))
    output = found
    if not about.get("output_is_example"):
        output = complete_output(found, OutputSpec.from_json(about["makes"]["output"]))
    source = replace(source, info=replace(source.info, output=output))
    if about["makes"]["output"] != output.to_json():
        about = _about(generator, config, output.to_json())
    labels = _class_names(config, source, generator, about)
    chosen = not config.embedding
    name, notes = _default_embedding(generator, about, source) if chosen else (config.embedding, ())
    epsilon = _epsilon(config, source)
    votes = config.votes or defaults.votes(epsilon)
    iterations = config.iterations or len(config.degrees or ()) or defaults.iterations()
    bad_records: BadRecords = "drop" if config.bad_records == "drop" else "refuse"
    config = replace(
        config,
        bad_records="drop" if bad_records == "drop" else None,  # so that None and refuse are one
        data=str(source),
        epsilon=epsilon,
        votes=votes,
        iterations=iterations,
        embedding=name,
    )
    embedding = resolve_plugin(EMBEDDING, name, installed)
    spec = load_embedding(embedding)
    try:
        options: Any = parse_options(spec.options, config.embedding_options)
    except OptionError as error:
        where = config.origin("embedding_options")
        fix = f"`pe describe {embedding.name}` lists the options"
        raise error_type(where)(str(error), where=where, fix=fix) from None
    unit: Unit = "client" if source.info.clients else "record"
    earlier = None
    if config.start:
        if begun is None:
            earlier = EarlierRun.read(config.start, config.origin("start"))
            earlier.check(generator, output, labels, unit, source.options)
            earlier.check_records(bad_records, public_ranges)
        config = replace(config, start=str(Path(config.start).expanduser().absolute()))
    shares = ClassShares.parse(config.class_shares, config.public_size)
    shares.check(len(labels))
    _check_candidates(config, votes, shares, labels)
    # A release rests on what the runs rested on that it starts from.
    rests_on = earlier.plan if earlier else begun
    trusted = rests_on.embeddings if rests_on else ()
    networked = rests_on.network if rests_on else ()
    plan = make_plan(
        epsilon=epsilon,
        delta=config.delta,
        rounds=iterations,
        votes=votes,
        class_names=labels,
        output=output,
        reader=str(source.ref),
        embeddings=tuple(dict.fromkeys((str(embedding), *trusted))),
        unit=unit,
        shares=shares,
        network=tuple(dict.fromkeys((*([generator.name] if network else []), *networked))),
        unconfined=unconfined or bool(rests_on and rests_on.unconfined),
        bad_records=bad_records,
        public_ranges=public_ranges,
        reading=source.options,
        counted_classes=source.info.counted and not config.classes,
        before=earlier.paid if earlier else begun.before if begun else (),
    )
    if shares.size is not None and not config.allow_large_delta:
        plan.check_delta(shares.size, config.origin("delta"))
    allowed = confinement.allow(generator, about, config, spec, network)
    confinement.refuse_open_source(source, allowed, unconfined, config.out or "")
    return Job(
        config,
        generator,
        about,
        source,
        embedding,
        spec,
        options,
        plan,
        allowed,
        chosen,
        notes,
        earlier,
    )


def _network(generator: PluginRef, config: RunConfig) -> bool:
    """Whether the generator may use the network."""
    where = config.origin("allow_network")
    names = [normalise(name) for name in config.allow_network]
    if other := sorted({*names} - {generator.name}):
        fix = f"name {generator.name}, or leave out the option"
        raise error_type(where)(f"this run has no generator {other[0]!r}", where=where, fix=fix)
    return bool(names)


def _about(
    generator: PluginRef, config: RunConfig, output: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Let the generator describe itself; an error in its options names where these were given."""
    try:
        return describe(generator, config.set, output, network=bool(config.allow_network))
    except UsageError as error:
        where = config.origin("set")
        raise error_type(where)(error.what, where=where, fix=error.fix) from None


def _class_names(
    config: RunConfig, source: Source, generator: PluginRef, about: Mapping[str, Any]
) -> tuple[str, ...]:
    """The class names. Those of the data are public, so a missing one is an error right away."""
    # Numbers stand in for names only where nobody declares any.
    found = () if config.classes and source.info.counted else source.info.label_names
    if found:
        check_class_names(found, DataError, str(source))
    missing = [name for name in found if config.classes and name not in config.classes]
    if missing:
        raise DataError(
            f"these classes of the data are missing: {', '.join(missing)}",
            where=config.origin("classes"),
            fix=f"name every class, as in --classes {typed_list(found)}, or leave out --classes",
        )
    # What a generator calls its classes says nothing about somebody's data.
    own = tuple(about["labels"]) if source.info.public else ()
    labels = config.classes or found or own
    if not labels:
        raise DataError(
            "the data set does not name its classes",
            where=str(source),
            fix="name them, in the order of the labels, with --classes A,B,…",
        )
    if config.classes:
        origin = config.origin("classes")
        check_class_names(labels, error_type(origin), origin)
    elif not found:
        check_class_names(labels, PluginFailure, str(generator))
    return labels


def _epsilon(config: RunConfig, source: Source) -> float:
    if config.epsilon is not None:
        return config.epsilon
    if source.info.public:
        return DEMO_EPSILON
    raise PrivacyRefusal(
        "no privacy budget was given, and this data set is not declared public",
        where=str(source),
        fix="give --epsilon E, the most that may be spent; 1 is strict, 10 is lax",
    )


def _check_candidates(
    config: RunConfig, votes: int, shares: ClassShares, labels: tuple[str, ...]
) -> None:
    """Raise DataError unless every class that may have a share gets k candidates."""
    classes = sum(weight > 0 for weight in shares.weights) or len(labels)
    least = votes * classes
    if config.candidates is not None and config.candidates < least:
        raise DataError(
            f"{config.candidates} candidates for {classes} classes are too few: "
            f"each record votes for {votes} of its class",
            where=config.origin("candidates"),
            fix=f"ask for at least {least}, or for fewer --votes",
        )


def _default_embedding(
    generator: PluginRef, about: Mapping[str, Any], source: Source
) -> tuple[str, tuple[str, ...]]:
    """The default embedding, and notes for the operator.

    It is `simulator-features` where records are large enough, else their values. An embedding sees
    the records, and a generator is not trusted with them. So the embedding that a generator brings
    is the default on public data only, and only if the generator's own distribution has it.
    """
    output = source.info.output
    built_in = "pixels" if output.dtype == "uint8" else "values"
    if takes(output):
        built_in = "simulator-features"
    if not about["embedding"] or generator.distribution == DEV:  # DEV is no distribution
        return built_in, ()
    try:
        name = f"{generator.distribution}/{about['embedding']}"
        ref = resolve_plugin(EMBEDDING, name)
    except PluginFailure:  # missing, disabled or incompatible
        return built_in, ()
    own = f"{ref.distribution}/{ref.name}"
    if source.info.public is True:
        return own, ()
    note = (
        f"generator {generator.name} brings an embedding of its own, {ref.name}; it would see the "
        f"private records, so it is used only if you ask for it: --embedding {own}"
    )
    return built_in, (note,)
