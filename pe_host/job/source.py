"""The source of the private data, as far as it may be known before it is opened."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pe_host.errors import DataError, PluginFailure, UsageError
from pe_host.files import exists, paths_in
from pe_host.plugins import PluginEntry, PluginRef, resolve
from pe_host.plugins.load import load_reader
from pe_host.plugins.names import READER
from pe_host.privacy.readers import guess_scheme, hf_names
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, SourceOptions

PATHS = (
    *("npz", "npy", "parquet", "series", "idx", "cifar"),
    *("folder", "zip", "webdataset", "hf"),
)
"""Built-in readers whose location is a path. It is made absolute, so that the configuration runs
from anywhere."""


@dataclass(frozen=True)
class Source:
    """A source of private data, as far as it may be known before it is opened.

    Args:
        reader: the loaded spec of its reader.
        ref: the plugin that the reader comes from.
        location: where the reader reads; a path is absolute.
        info: the reader's metadata about it.
        options: how it is read; what the reader chose from public facts is filled in.
    """

    reader: ReaderSpec
    ref: PluginRef
    location: str
    info: SourceInfo
    options: SourceOptions = SourceOptions()

    def __str__(self) -> str:
        return f"{self.ref.name}:{self.location}"


def find_source(
    text: str,
    generator: PluginRef,
    installed: Sequence[PluginEntry],
    options: SourceOptions = SourceOptions(),
) -> Source:
    """Resolve SOURCE to its reader, and read the metadata.

    Args:
        text: the value of --data, or the generator's default data set.
        generator: the generator, for the error if there is neither.
        installed: the plugins, from `pe_host.plugins.find`.
        options: how the user wants it to be read.

    Raises:
        UsageError: no source is given, one without a location, or an option that its reader does
            not take.
        DataError: there is nothing at the path, or the reader cannot use it.
        PluginFailure: there is no such reader, or it fails.
    """
    if not text:
        fix = f"give --data SOURCE; {generator.name} has no default data set"
        raise UsageError("no data set was given", where="--data", fix=fix)
    return read_source(text, "--data", installed, options)


def read_source(
    text: str,
    where: str,
    installed: Sequence[PluginEntry],
    options: SourceOptions = SourceOptions(),
) -> Source:
    """Resolve SOURCE as `find_source` does, where no generator is involved.

    Args:
        text: names the source.
        where: the option or argument it comes from.
        installed: the plugins, from `pe_host.plugins.find`.
        options: how the user wants it to be read.
    """
    ref, location = find_reader(text, where, installed)
    reader = load_reader(ref)
    _check_taken(reader, ref, options)
    info = _describe(reader, ref, location, options)
    return Source(reader, ref, location, info, info.options or options)


def find_reader(text: str, where: str, installed: Sequence[PluginEntry]) -> tuple[PluginRef, str]:
    """Return the reader of SOURCE and its location; the arguments are those of `read_source`.

    Nothing of the reader is imported.
    """
    scheme, colon, rest = text.partition(":")
    if not colon or exists(text):
        path = Path(text).expanduser()
        scheme, rest = guess_scheme(path), text
    if not rest:
        what = f"{text!r} has no location"
        raise UsageError(what, where=where, fix=f"write {scheme}:LOCATION")
    if (not colon or scheme in PATHS) and exists(Path(rest).expanduser()):
        rest = os.path.abspath(Path(rest).expanduser())  # noqa: PTH100  a link must stay a link
    elif scheme in PATHS and len(paths := paths_in(rest)) == len(rest.split(",")):
        rest = ",".join(paths)  # images and labels, say
    elif scheme == "hf" and (found := hf_names.matches(Path(rest).expanduser())):
        rest = ",".join(map(os.path.abspath, found))
    return resolve(READER, scheme, installed), rest


def _check_taken(reader: ReaderSpec, ref: PluginRef, options: SourceOptions) -> None:
    """Raise UsageError for an option that the reader does not take: it would do nothing."""
    for name in options.given():
        if name != "classes" and name not in reader.takes:
            taken = ", ".join(f"--{other.replace('_', '-')}" for other in reader.takes)
            raise UsageError(
                f"the reader {ref.name} does not take this option",
                where=f"--{name.replace('_', '-')}",
                fix=f"it takes {taken}" if taken else "leave it out; it takes no options",
            )


def _describe(
    reader: ReaderSpec, ref: PluginRef, location: str, options: SourceOptions
) -> SourceInfo:
    info: Any = None
    fix = (
        f"check that {location!r} is a source for this reader; "
        f"if it is, report this to the authors of {ref.distribution}"
    )
    try:
        info = reader.describe_with(location, options)
    except SourceError as error:
        where = error.where or f"{ref.name}:{location}"
        raise DataError(error.what, where=where, fix=error.fix, name=error.name) from None
    except (Exception, SystemExit) as error:
        # The message is withheld: it may quote a record.
        what = f"cannot describe its source: it failed with {type(error).__name__}"
        raise PluginFailure(what, where=str(ref), fix=fix) from None
    if not isinstance(info, SourceInfo):
        what = f"describes its source with {type(info).__name__}, not SourceInfo"
        raise PluginFailure(what, where=str(ref), fix=fix)
    if not isinstance(info.output, OutputSpec):
        what = f"describes its records with {type(info.output).__name__}, not OutputSpec"
        raise PluginFailure(what, where=str(ref), fix=fix)
    if not isinstance(info.label_names, tuple) or not all(
        isinstance(name, str) for name in info.label_names
    ):
        raise PluginFailure("its label_names are not a tuple of strings", where=str(ref), fix=fix)
    # Every string counts as true, and privacy depends on these.
    for name in ("public", "clients", "public_ranges", "counted"):
        if not isinstance(value := getattr(info, name), bool):
            what = f"describes its source with {name} = {type(value).__name__}, not True or False"
            raise PluginFailure(what, where=str(ref), fix=fix)
    return info
