"""Reader `webdataset`: images in WebDataset shards.

A shard is a tar file in which the files of a sample follow each other and share their name up to
the first dot: `0001.jpg`, `0001.cls`. Shards are read as a stream.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pe_host.formats.collection import CollectionError
from pe_host.formats.names import natural_key, passed_over
from pe_host.formats.tar_shards import members
from pe_host.privacy.readers.archive_names import is_shard
from pe_host.privacy.readers.collection_errors import source_errors
from pe_host.privacy.readers.hf_names import linked_from
from pe_host.privacy.readers.picture_decoding import (
    TAKEN,
    Content,
    find_preparation,
    output_of,
)
from pe_host.privacy.readers.picture_layout import NONE
from pe_host.privacy.readers.picture_names import in_words, part_of
from pe_host.privacy.readers.picture_table import ALL, check_one_class, decoded_table, missing
from pe_host.privacy.readers.record_labels import (
    Texts,
    by_regex,
    classes_of,
    clients_in,
    ids_of,
    is_regex,
    positions_of,
)
from pe_sdk import OutputSpec, ReaderSpec, SourceError, SourceInfo, SourceOptions, Table, hookimpl
from pe_sdk.pictures import SUFFIXES as PICTURES
from pe_sdk.pictures import PictureError

TAKES = (*TAKEN, "images", "labels", "labels_from", "client", "public_classes")

CLASS = "cls"
_KNOWN = ("caption", "id", "json", "text", "txt")
"""Ends of files that may hold labels, which a plan may name. Any other can be a person's name."""

_EXAMPLE = "as in --labels json:label"
_AHEAD = 20
"""Samples whose files are read to find the form of the first pictures."""


class Shards(NamedTuple):
    """The shards of a source.

    Args:
        paths: of the tar files, in order.
        inside: the folder that they must lie in after links are followed; None for a file that the
            user named.
    """

    paths: tuple[str, ...]
    inside: Path | None


@dataclass(frozen=True)
class Sample:
    """The files of one sample that are asked for.

    Args:
        shard: its shard.
        row: its number in the shard, from 0.
        key: the name that its files share.
        names: how the names of all its files go on, in lower case, in order.
        files: the contents of those that are asked for, by that.
    """

    shard: str
    row: int
    key: str
    names: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def shards(location: str) -> tuple[Shards, list[str]]:
    """The shards of a source in order, and what else there is, in words.

    Raises:
        SourceError: there are none.
    """
    path = Path(location)
    fix = "pass --data a tar file, or a folder of tar files"
    if path.is_file():
        return Shards((location,), None), []
    try:
        names = sorted((entry.name for entry in path.iterdir()), key=natural_key)
    except OSError as error:
        what = f"there are no shards here ({error.strerror})"
        raise SourceError(what, where=location, fix=fix) from None
    found = tuple(str(path / name) for name in names if is_shard(name))
    if not found:
        raise SourceError("there are no tar files here", where=location, fix=fix)
    others = [name for name in names if not is_shard(name)]
    rules = dict.fromkeys(filter(None, map(passed_over, others)))
    return Shards(found, linked_from(path)), [
        *rules,
        *in_words(name for name in others if not passed_over(name)),
    ]


def describe(location: str, options: SourceOptions = SourceOptions()) -> SourceInfo:
    """Spec of a record, and classes.

    Names, the largest label and the headers of the first pictures count as public.

    Raises:
        SourceError: there are no shards, one is damaged, or an option is needed.
    """
    with source_errors():
        found, left = shards(location)
        options, said = _decided(found, options, location)
        firsts = list(islice(_samples(found, options, True), _AHEAD))
        preparation = find_preparation(
            (_picture(sample, options) for sample in firsts),
            options,
            location,
            lambda number, error: _fault(firsts[number], error),
        )
        names, origin, counted = options.classes or (ALL,), "no labels: one class", False
        if options.labels == NONE:
            check_one_class(names, "samples", _EXAMPLE, location)
        else:
            scan = _Scan(found, options)
            classes = classes_of(
                scan.texts(options.labels, "--labels", location), options, location
            )
            names, counted, options = classes.names, classes.counted, classes.options
            origin = classes.origin
            if not options.classes:
                origin = f"{origin}, from {_origin(options.labels)}"
        return SourceInfo(
            output_of(preparation),
            names,
            clients=bool(options.client),
            layout=f"WebDataset shards{said}",
            names_from=origin,
            clients_from=_origin(options.client) if options.client else "",
            preparation=preparation.sentences(),
            passed_over=tuple(left),
            counted=counted,
            options=options,
        )


def read(
    location: str,
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions = SourceOptions(),
) -> Table:
    """Every sample. One without an image, label or client that can be read is a fault of its row.

    Raises:
        SourceError: see `describe`.
    """
    with source_errors():
        found, _ = shards(location)
        options, _ = _decided(found, options, location)
        scan = _Scan(found, options)
        count = len(scan.samples)
        faults: dict[int, SourceError] = {}
        labels, clients = np.zeros(count, np.int64), None
        if options.labels == NONE:
            check_one_class(label_names, "samples", _EXAMPLE, location)
        else:
            texts = scan.texts(options.labels, "--labels", location)
            faults |= scan.missing(texts, "label")
            labels = positions_of(texts, count, label_names, options)
        if options.client:
            texts = clients_in(scan.texts(options.client, "--client", location))
            faults |= scan.missing(texts, "client")
            clients = ids_of(texts, count)
        return decoded_table(
            (_picture(sample, options) for sample in _samples(found, options, True)),
            output,
            options,
            location,
            scan.fault,
            labels,
            clients,
            faults,
        )


class _Scan:
    """Names, labels and clients of all samples, without their pictures."""

    def __init__(self, found: Shards, options: SourceOptions) -> None:
        ways = [way for way in (options.labels, options.client) if way and not is_regex(way)]
        self._texts: dict[str, dict[int, str]] = {way: {} for way in ways}
        self.samples: list[Sample] = []
        for number, sample in enumerate(_samples(found, options, False)):
            for way in ways:
                if text := _text(sample, way):
                    self._texts[way][number] = text
            self.samples.append(replace(sample, names=[], files={}))

    def texts(self, way: str, option: str, location: str) -> Texts:
        if is_regex(way):
            return by_regex(way, [sample.key for sample in self.samples], option, location)
        found = self._texts[way]
        if not found:
            raise SourceError(
                f"no sample has a {option[2:-1] if option == '--labels' else 'client'} in {way}",
                where=location,
                fix=f"use {option} with the end of a file name, such as cls, or json:KEY",
            )
        return found

    def fault(self, row: int, error: PictureError) -> SourceError:
        return _fault(self.samples[row], error)

    def missing(self, texts: Texts, what: str) -> dict[int, SourceError]:
        fix = "add it, or remove the sample"
        return missing(texts, len(self.samples), self.fault, f"has no {what}", fix)


def _decided(found: Shards, options: SourceOptions, location: str) -> tuple[SourceOptions, str]:
    """The options with the place of the labels filled in, from the names of all samples.

    Raises:
        SourceError: there are no labels, but folders that may be the classes, or parts.
    """
    if options.labels:
        return options, ""
    ends: dict[str, None] = {}
    folders: dict[str, None] = {}
    for sample in _samples(found, options, False):
        if CLASS in sample.names:
            # A sample without a label beside this one is a fault, and no reason for one class.
            return replace(options, labels=CLASS), ""
        ends |= dict.fromkeys(sample.names)
        folders[sample.key.rpartition("/")[0]] = None
    if len(folders) > 1:
        raise _several_folders(
            [folder.split("/") if folder else [] for folder in folders], location
        )
    known = [f".{end}" for end in sorted(ends) if end in _KNOWN]
    said = f" without .cls files (there are {', '.join(known)})" if known else ""
    return replace(options, labels=NONE), said


def _several_folders(folders: Sequence[Sequence[str]], location: str) -> SourceError:
    """The error of samples in several folders, which the user says the meaning of.

    The classes may be the first level at which folders differ, other than that of parts.
    """
    levels = [
        {folder[level] for folder in folders if len(folder) > level}
        for level in range(max(map(len, folders)))
    ]
    parts = [len({*map(part_of, names)}) > 1 and all(map(part_of, names)) for names in levels]
    level = next(
        (
            i
            for i, names in enumerate(levels)
            if not parts[i] and (len(names) > 1 or any(len(folder) <= i for folder in folders))
        ),
        None,
    )
    classes = f"--labels 'path:^{'[^/]+/' * (level or 0)}([^/]+)/'"
    one = f"--labels {NONE} for one class"
    if not any(parts):
        return SourceError(
            "the samples lie in several folders, which may be their classes",
            where=location,
            fix=f"add {classes} if they are, or {one}",
        )
    ways = one if level is None else f"{classes} if other folders are the classes, or {one}"
    return SourceError(
        "the samples lie in folders of several parts of a data set, such as train and test",
        where=location,
        fix=f"pass --data a tar file of one part; or, to read all parts, add {ways}",
    )


def _samples(found: Shards, options: SourceOptions, pictures: bool) -> Iterator[Sample]:
    """All samples in order, with their pictures, or with what labels and clients are in."""
    ends = {way.partition(":")[0] for way in (options.labels, options.client)}
    for shard in found.paths:
        sample, row = None, -1
        for member in members(shard, found.inside):
            folder, slash, file = member.name.rpartition("/")
            stem, _, end = file.partition(".")
            key, end = f"{folder}{slash}{stem}", end.lower()
            if sample is None or key != sample.key:
                if sample is not None:
                    yield sample
                row += 1
                sample = Sample(shard, row, key)
            if end in sample.names:
                what = f"member {member.number} of this tar file repeats a file of its sample"
                raise CollectionError(what, "write the shard again", shard, member.name)
            sample.names.append(end)
            if (end in _picture_ends(sample, options)) if pictures else end in ends:
                sample.files[end] = member.read()
        if sample is not None:
            yield sample


def _picture_ends(sample: Sample, options: SourceOptions) -> list[str]:
    if options.images:
        return [options.images.lstrip(".").lower()]
    return [end for end in sample.names if f".{end}" in PICTURES]


def _picture(sample: Sample, options: SourceOptions) -> Content:
    """The content of the picture of a sample, or why it cannot be had."""
    ends = [end for end in _picture_ends(sample, options) if end in sample.files]
    if len(ends) == 1:
        return sample.files[ends[0]]
    if ends:
        what = f"has several images (.{', .'.join(ends)})"
        return PictureError(what, f"say which one is the record, as in --images {ends[0]}")
    return PictureError("has no image", "add it, or remove the sample")


def _text(sample: Sample, way: str) -> str:
    """A label or client of a sample; "" where there is none."""
    end, _, key = way.partition(":")
    content = sample.files.get(end)
    if content is None:
        return ""
    try:
        text = content.decode("utf-8-sig").strip()
        if not key:
            return text
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _fault(sample: Sample, error: PictureError) -> SourceError:
    return SourceError(
        f"the sample in row {sample.row} of this shard {error.what}",
        where=sample.shard,
        fix=error.fix,
        name=sample.key,
    )


def _origin(way: str) -> str:
    if is_regex(way):
        return "the names of the samples"
    end, colon, key = way.partition(":")
    return f".{end} files" + (f", key {key}" if colon else "")


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    summary = "images in WebDataset shards: tar files, plain or gzipped"
    return [ReaderSpec("webdataset", summary, describe, read, TAKES)]
