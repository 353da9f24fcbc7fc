"""The settings of a run: defaults < file (TOML) < environment (PE_*) < command line.

A new setting is one entry in `RunConfig`. File, environment, command line, validation and
`config.toml` follow from it.
"""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pe_host.errors import DataError, PeError, UsageError
from pe_host.job.reading import ReadingConfig
from pe_host.job.setting import (
    Reader,
    boolean,
    choice,
    environment_name,
    integer,
    key_values,
    list_of,
    number,
    option_name,
    quoted,
    setting,
    string,
)

COUNT = integer(1)
_DEGREE: Reader = number("a number from 0 to 1", low=0, high=1)
EPSILON = number(
    "a number > 0 and <= 10000, or inf for a run that is NOT PRIVATE",
    above=0,
    high=1e4,
    infinite=True,
)
DELTA = number("a number from 1e-10 to 0.5", low=1e-10, high=0.5)
_MOST_RECORDS = 10**15  # floats, which shares are, still tell such numbers apart
_THRESHOLD = number("a number >= 0", low=0)


@dataclass(frozen=True, kw_only=True)
class RunConfig(ReadingConfig):
    """Every setting of a run. None or "" leaves a choice to the host, from public quantities.

    Raises:
        DataError: a value outside its range, or two values that contradict each other.
    """

    plugin: str = setting(
        "", string, "Generator plugin; see `pe list-plugins`.", metavar="NAME", published=True
    )
    data: str = setting(
        "", string, "Private data: a path or SCHEME:LOCATION.", metavar="SOURCE", published=False
    )
    epsilon: float | None = setting(
        None, EPSILON, "Privacy budget ε of the run.", metavar="E", published=True
    )
    delta: float = setting(1e-6, DELTA, "δ of the guarantee.", metavar="D", published=True)
    samples: int | None = setting(
        None, COUNT, "Samples to release, over all classes.", metavar="N", published=True
    )
    candidates: int | None = setting(
        None, COUNT, "Candidates in each iteration, over all classes.", metavar="N", published=True
    )
    iterations: int | None = setting(
        None, COUNT, "Number of noisy rounds T.", metavar="T", published=True
    )
    lookahead: int = setting(
        0,
        integer(0),
        "Variations of each candidate to average before the vote.",
        metavar="L",
        published=True,
    )
    votes: int | None = setting(
        None, COUNT, "Nearest candidates that each record votes for.", metavar="K", published=True
    )
    degrees: tuple[float, ...] | None = setting(
        None,
        list_of(_DEGREE),
        "Variation degree of each iteration.",
        metavar="D,D,…",
        published=True,
    )
    final_degree: float | None = setting(
        None, _DEGREE, "Variation degree of the released samples.", metavar="D", published=True
    )
    threshold: float | None = setting(
        None, _THRESHOLD, "Ignore votes below this many noise scales.", metavar="H", published=True
    )
    selection: str | None = setting(
        None,
        choice("sample", "rank"),
        "How to choose parents: sample or rank.",
        metavar="HOW",
        published=True,
    )
    keep_parents: bool | None = setting(
        None,
        boolean,
        "Keep parents as candidates beside their variations.",
        metavar="",
        published=True,
    )
    retrain: bool | None = setting(
        None, boolean, "Train the embedding again on released samples.", metavar="", published=True
    )
    embedding: str = setting(
        "",
        string,
        "Embedding in which records vote for candidates.",
        metavar="NAME",
        published=True,
    )
    embedding_options: dict[str, str] = setting(
        {},
        key_values,
        "Option of the embedding; may be repeated.",
        metavar="NAME=VALUE",
        published=False,
    )
    classes: tuple[str, ...] = setting(
        (),
        list_of(string, distinct=True),
        "Class names, which are public.",
        metavar="A,B,…",
        published=True,
    )
    class_shares: str = setting(
        "noisy",
        string,
        "Source of the class shares: noisy, uniform or public:SHARE,SHARE,…",
        metavar="HOW",
        published=True,
    )
    public_size: int | None = setting(
        None,
        integer(1, _MOST_RECORDS),
        "Number of records, if it is public.",
        metavar="N",
        published=True,
    )
    bad_records: str | None = setting(
        None,
        choice("refuse", "drop"),
        "Records that are not well-formed: refuse (default) or drop.",
        metavar="HOW",
        published=True,
    )
    public_ranges: bool | None = setting(
        None,
        boolean,
        "Ranges, step and units in the data's own file are public; --no-… ignores them.",
        metavar="",
        published=True,
    )
    allow_large_delta: bool | None = setting(
        None,
        boolean,
        "Allow a δ that is not below 1/n.",
        metavar="",
        published=True,
        reproducible=False,
    )
    start: str = setting(
        "",
        string,
        "Finished run whose released samples are the first candidates; `pe continue` sets it.",
        metavar="RUN",
        published=False,
    )
    workers: int = setting(
        0,
        integer(0, 4096),
        "Most worker processes; 0 is one for each CPU. A small run starts fewer.",
        metavar="N",
        published=False,
        reproducible=False,
    )
    seed: int = setting(
        0, integer(0), "Seed of everything except the noise.", metavar="S", published=True
    )
    set: dict[str, str] = setting(
        {},
        key_values,
        "Option of the generator; may be repeated.",
        metavar="NAME=VALUE",
        published=False,
    )
    allow_network: tuple[str, ...] = setting(
        (),
        list_of(string, distinct=True),
        "Generators that may use the network, if they can.",
        metavar="NAME,NAME,…",
        published=True,
        reproducible=False,  # the plan has it
    )
    allow_unconfined: bool | None = setting(
        None,
        boolean,
        "Run generators even if the kernel cannot confine them.",
        metavar="",
        published=True,
        reproducible=False,  # the plan has it
    )
    out: str = setting(
        "",
        string,
        "Folder of the run; by default a new one, runs/NAME-NNN.",
        metavar="RUN",
        saved=False,
        published=False,
        reproducible=False,
    )
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Origin of each setting that was given, for messages."""

    def __post_init__(self) -> None:
        for item in settings():
            value = getattr(self, item.name)
            if value is not None:
                object.__setattr__(self, item.name, _read(item, value, self.origin(item.name)))
        self._agree()

    def origin(self, name: str) -> str:
        """Origin of the value of a setting: an option, a variable, a file, or its default."""
        return self.origins.get(name, name)

    def to_toml(self, only: Collection[str] | None = None) -> str:
        """The configuration as a TOML file that `--config` reads back to an equal one.

        What the host chooses is left out.

        Args:
            only: names of settings, to write no other.
        """
        import tomli_w

        values = {
            item.name: getattr(self, item.name)
            for item in settings()
            if item.metadata["saved"] and (only is None or item.name in only)
        }
        given = {
            name: value
            for name, value in values.items()
            if value is not None and value not in ("", {}, ())
        }
        return tomli_w.dumps(
            {name: list(v) if isinstance(v, tuple) else v for name, v in given.items()}
        )

    def _agree(self) -> None:
        if (
            self.degrees is not None
            and self.iterations is not None
            and len(self.degrees) != self.iterations
        ):
            what = f"{len(self.degrees)} degrees for {self.iterations} iterations"
            where = self.origin("degrees")
            raise error_type(where)(what, where=where, fix="give as many degrees as iterations")


def settings() -> "tuple[Field[Any], ...]":
    """The fields of `RunConfig` that are settings, in order; those about reading come last."""
    found = [item for item in fields(RunConfig) if "read" in item.metadata]
    about_reading = ReadingConfig.__dataclass_fields__
    return tuple(sorted(found, key=lambda item: item.name in about_reading))


def inspect_settings() -> "tuple[Field[Any], ...]":
    """The settings of `pe inspect`, in order: those that say how data are read."""
    known = {*ReadingConfig.__dataclass_fields__, "classes", "bad_records"}
    return tuple(item for item in settings() if item.name in known)


def continue_settings() -> "tuple[Field[Any], ...]":
    """The settings of `pe continue`, in order: all but the run to start from, its argument."""
    return tuple(item for item in settings() if item.name != "start")


def environment_of(items: "Iterable[Field[Any]]", environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that sets these settings."""
    names = {environment_name(item) for item in items}
    return {name: value for name, value in environ.items() if name in names}


def published_settings() -> frozenset[str]:
    """Names of the settings that the public report shows."""
    return frozenset(item.name for item in settings() if item.metadata["published"])


def reproducible_settings() -> tuple[str, ...]:
    """Names of the settings that the result depends on, in order."""
    return tuple(item.name for item in settings() if item.metadata["reproducible"])


def resolve_config(
    command_line: Mapping[str, Any],
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    base: Path | None = None,
) -> RunConfig:
    """Combine the layers. Tables (`set`, `embedding_options`) are merged key by key.

    Args:
        command_line: values by name of setting; None for an option that was not given.
        file: the file of `--config`.
        environ: the environment with PE_* variables; an empty one counts as not given.
        base: a file of settings below all others.

    Raises:
        UsageError: an invalid value on the command line.
        DataError: an invalid value in the environment or the file, an unknown name in the file, or
            a file that cannot be read.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    layers = [
        *_from_file(base),
        *_from_file(file),
        *_from_environment(environ or {}),
        *_from_command_line(command_line),
    ]
    for item, given, origin in layers:
        value = _read(item, given, origin)
        values[item.name] = (
            {**values.get(item.name, {}), **value} if isinstance(value, dict) else value
        )
        origins[item.name] = origin
    return RunConfig(**values, origins=MappingProxyType(origins))


Layer = Iterator[tuple["Field[Any]", Any, str]]
"""The settings given in one place: field, value as given, origin."""


def _from_file(file: Path | None) -> Layer:
    if file is None:
        return
    import tomllib

    fix = "give a TOML file, such as the config.toml of a run"
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DataError(
            f"cannot read the configuration: {what}", where=str(file), fix=fix
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"not a TOML file: {error}", where=str(file), fix=fix) from None
    except (ValueError, RecursionError):
        what = "a number in it is too long, or its values are nested too deeply"
        raise DataError(what, where=str(file), fix=fix) from None
    known = {item.name: item for item in settings()}
    for name, value in document.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise DataError(
                f"unknown setting {name!r}{hint}",
                where=str(file),
                fix=f"use one of {', '.join(known)}",
            )
        yield known[name], value, f"{name} in {file}"


def _from_environment(environ: Mapping[str, str]) -> Layer:
    for item in settings():
        if value := environ.get(environment_name(item), "").strip():
            yield item, value, environment_name(item)


def _from_command_line(given: Mapping[str, Any]) -> Layer:
    for item in settings():
        value = given.get(item.name)
        if value is not None and value not in ([], ()):
            yield item, value, option_name(item)


def _read(item: "Field[Any]", value: Any, origin: str) -> Any:
    try:
        return item.metadata["read"](value)
    except ValueError as error:
        fix = "`pe generate --help` shows all settings"
        raise error_type(origin)(
            f"got {quoted(value)}, expected {error}", where=origin, fix=fix
        ) from None


def error_type(origin: str) -> type[PeError]:
    """The error for a bad value from `origin`: an option, or a file or variable."""
    return UsageError if origin.startswith("--") else DataError
