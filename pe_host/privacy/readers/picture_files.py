"""Records that are files of pictures, in a folder or an archive: what the readers of both share.

The name of a file can name a person. So errors give the folder and the row in it, counted from 0 in
the order of the names, and the name itself apart (`SourceError.name`).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pe_host.formats.collection import Collection, CollectionError
from pe_host.privacy.readers.collection_errors import source_errors
from pe_host.privacy.readers.label_file import LabelFile
from pe_host.privacy.readers.label_options import columns_named, named_in, splits
from pe_host.privacy.readers.listed_files import FileNames
from pe_host.privacy.readers.picture_decoding import (
    TAKEN,
    Content,
    find_preparation,
    output_of,
)
from pe_host.privacy.readers.picture_layout import FOLDERS, NONE, Layout, find_layout
from pe_host.privacy.readers.picture_names import is_picture
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
from pe_sdk import OutputSpec, SourceError, SourceInfo, SourceOptions, Table
from pe_sdk.pictures import PictureError

TAKES = (*TAKEN, "split", "images", "labels", "labels_from", "client", "public_classes")
"""Options of `SourceOptions` that the readers of picture files understand."""

_TORN = "; a row with a stray quotation mark, or more or fewer cells than the header, has none"


def describe(collection: Collection, options: SourceOptions) -> SourceInfo:
    """Spec of a record, classes, and how pictures are brought to records.

    Names of files and folders, and the headers of the first pictures, count as public.

    Raises:
        SourceError: see the modules `picture_layout`, `label_file` and `picture_decoding`.
    """
    with source_errors():
        records = _Records(collection, options)
        classes, origin, counted = records.classes()
        preparation = find_preparation(
            records.contents(), options, collection.location, records.picture_fault
        )
        return SourceInfo(
            output_of(preparation),
            classes,
            clients=bool(options.client),
            layout=records.what(),
            names_from=origin,
            clients_from=_origin(options.client) if options.client else "",
            preparation=preparation.sentences(),
            passed_over=records.passed_over(),
            counted=counted,
            options=records.options,
        )


def read(
    collection: Collection,
    output: OutputSpec,
    label_names: tuple[str, ...],
    options: SourceOptions,
) -> Table:
    """Every picture. One that cannot be read, or has no label or client, is a fault of its row.

    Raises:
        SourceError: see `describe`; or a class folder is not one of `label_names`.
    """
    with source_errors():
        records = _Records(collection, options)
        labels, faults = records.labels(label_names)
        clients = None
        if options.client:
            texts = clients_in(records.texts(options.client, "--client"))
            clients = ids_of(texts, len(records.names))
            faults |= records.without(texts, options.client, "--client", "client")
        return decoded_table(
            records.contents(),
            output,
            options,
            collection.location,
            records.picture_fault,
            labels,
            clients,
            faults,
        )


class _Records:
    """The pictures of a collection with what their names and label files say of them.

    Attributes:
        layout: which of the files they are.
        names: of the files.
        options: with what names and headers decide filled in.
    """

    def __init__(self, collection: Collection, options: SourceOptions) -> None:
        self._collection, self._listing = collection, collection.listing()
        self._files: dict[str, LabelFile] = {}
        self._images = options.images
        self._asked = options
        ways = (options.labels, options.client)
        tables = [name for way in ways if way for name in named_in(way, self._listing)]
        self.layout: Layout = find_layout(
            self._listing, options, collection.location, tables, self._columns, self._names_images
        )
        self.names: tuple[str, ...] = self.layout.names
        self._images = self.layout.roots[0] if len(self.layout.roots) == 1 else ""
        self._about_labels = ""
        self._way = self._label_way()
        self.options = replace(self.layout.options, labels=self._way)

    def what(self) -> str:
        """The layout in words."""
        return "; ".join(filter(None, (self.layout.what, self._about_labels)))

    def passed_over(self) -> tuple[str, ...]:
        """What is left out, in words."""
        used = {file.rpartition("/")[2] for file in self._files if self._way != NONE}
        return tuple(name for name in self.layout.passed_over if name not in used)

    def contents(self) -> Iterator[Content]:
        """The content of each picture in order, or why it cannot be had."""
        for name in self.names:
            try:
                yield self._collection.read_picture(name)
            except PictureError as error:
                yield error

    def classes(self) -> tuple[tuple[str, ...], str, bool]:
        """The class names, where they come from, and whether they are counted."""
        declared = self.options.classes
        if self._way == FOLDERS:
            # The host names the classes that are missing among those declared.
            names = declared if declared and self._outside(declared) is None else ()
            return names or self.layout.classes, "the names of the folders", False
        if self._way == NONE:
            self._check_one_class(declared or (ALL,))
            return declared or (ALL,), "no labels: one class", False
        if attribute := self._attribute():
            names = (f"not {attribute}", attribute)
            return declared or names, f"the attribute {attribute}", False
        texts = self.texts(self._way, "--labels")
        found = classes_of(texts, self.options, self._collection.location)
        self.options = found.options
        origin = found.origin if declared else f"{found.origin}, from {_origin(self._way)}"
        return found.names, origin, found.counted

    def labels(
        self, label_names: tuple[str, ...]
    ) -> tuple[NDArray[np.int64], dict[int, SourceError]]:
        """The position of each record's class, and a fault for those without a label."""
        if self._way == NONE:
            self._check_one_class(label_names)
            return np.zeros(len(self.names), np.int64), {}
        if self._way == FOLDERS:
            if (folder := self._outside(label_names)) is not None:
                raise SourceError(
                    "this folder is not one of the classes",
                    where=self._collection.place(f"{self.layout.roots[0]}{folder}"),
                    fix="add it to --classes",
                )
            texts: Texts = dict(enumerate(map(self.layout.group_of, self.names)))
        else:
            texts = self.texts(self._way, "--labels")
            if self._attribute():
                return self._attribute_labels(texts)
        faults = self.without(texts, self._way, "--labels", "label")
        options = SourceOptions() if self._way == FOLDERS else self.options
        return positions_of(texts, len(self.names), label_names, options), faults

    def _attribute_labels(self, texts: Texts) -> tuple[NDArray[np.int64], dict[int, SourceError]]:
        """The labels of an attribute: 1 where an image has it, 0 where not."""
        known = {row: value for row, text in texts.items() if (value := _truth(text)) is not None}
        found = np.full(len(self.names), -1, np.int64)
        found[list(known)] = list(known.values())
        fix = "write 1 or -1 in the list of attributes, or remove the image"
        return found, missing(
            known, len(self.names), self.picture_fault, "has no label that is 1 or -1", fix
        )

    def texts(self, way: str, option: str) -> Texts:
        """What an option takes from names or from a label file, by record."""
        if is_regex(way):
            return by_regex(way, self.names, option, self._collection.location)
        file, column = self._file_and_column(way, option)
        listed = self._open(file).column(column).values
        texts = {self._row_of[place]: listed[place] for place in listed if place in self._row_of}
        if not texts:
            raise SourceError(
                "no row of this file has a value for an image that is read",
                where=self._collection.place(file),
                fix=f"correct {option}, or --split and --images if this file is about others",
            )
        return texts

    def without(self, texts: Texts, way: str, option: str, what: str) -> dict[int, SourceError]:
        """A fault for each record that has no text, which is its label or client."""
        listed = way != FOLDERS and not is_regex(way)
        fix = f"add it, or remove the image{_TORN if listed else ''}"
        faults = missing(texts, len(self.names), self.picture_fault, f"has no {what}", fix)
        if not listed:
            return faults
        file, column = self._file_and_column(way, option)
        differ = PictureError(
            f"has several rows in its list, with different values of its {what}",
            "keep one of its rows",
        )
        for place in self._open(file).column(column).differ & self._row_of.keys():
            faults[self._row_of[place]] = self.picture_fault(self._row_of[place], differ)
        return faults

    def picture_fault(self, row: int, error: PictureError) -> SourceError:
        """What is wrong with one file, without its name."""
        name, folder = self.names[row], self._folder_of(self.names[row])
        called = "this class folder" if self._way == FOLDERS else "this folder"
        return SourceError(
            f"the file in row {self._rows[row]} of {called} {error.what}",
            where=self._collection.place(folder.rstrip("/")),
            fix=error.fix,
            name=name[len(folder) :],
        )

    def _folder_of(self, name: str) -> str:
        """The innermost folder of a picture that is public: one of the data set, or a class."""
        root = max((root for root in self.layout.roots if name.startswith(root)), key=len)
        group = self.layout.group_of(name)
        return f"{root}{group}/" if self._way == FOLDERS and group else root

    @cached_property
    def _row_of(self) -> dict[int, int]:
        """The row of each record by its number among the files that a list may name."""
        row_of = {name: row for row, name in enumerate(self.names)}
        places = enumerate(self._listed)
        return {place: row_of[name] for place, name in places if name in row_of}

    @cached_property
    def _rows(self) -> NDArray[np.int64]:
        """The row of each record in its folder."""
        seen: Counter[str] = Counter()
        rows = np.zeros(len(self.names), np.int64)
        for number, name in enumerate(self.names):
            folder = self._folder_of(name)
            rows[number], seen[folder] = seen[folder], seen[folder] + 1
        return rows

    def _label_way(self) -> str:
        """The place of the labels, with the column of a metadata file filled in."""
        way, metadata = self.layout.labels, self.layout.metadata
        if way == NONE and metadata:
            if column := self._open(metadata).label_column:
                return f"{metadata}:{column}"
            self._about_labels = (
                f"{metadata} has no column of labels (--labels {metadata}:COLUMN names another)"
            )
        if way not in (NONE, FOLDERS) and not is_regex(way):
            file, column = self._file_and_column(way, "--labels")
            if self._open(file).is_empty and not self.layout.metadata:
                self._about_labels = f"{file} has no labels"
                return NONE
            return f"{file}:{column}"
        return way

    def _columns(self, file: str) -> tuple[str, ...]:
        """The columns of a file that may be labels, or () if it cannot be read."""
        try:
            return self._open(file).others
        except SourceError:
            return ()

    def _names_images(self, file: str) -> bool:
        """Whether rows of a file name images; not if it cannot be read."""
        try:
            return self._open(file).names_files()
        except (SourceError, CollectionError):
            return False

    def _attribute(self) -> str:
        """The attribute that the labels are, if they come from a list of attributes."""
        if self._way in (NONE, FOLDERS) or is_regex(self._way):
            return ""
        file, column = self._file_and_column(self._way, "--labels")
        return column if self._open(file).is_attributes else ""

    def _file_and_column(self, way: str, option: str) -> tuple[str, str]:
        for file, column in splits(way):
            for base in ("", *self.layout.roots):
                if f"{base}{file}" in self._names_of_all:
                    return f"{base}{file}", column or self._only_column(f"{base}{file}", option)
        if option == "--client" and ":" not in way:
            labels = self.options.labels
            if labels in (NONE, FOLDERS) or is_regex(labels):
                raise SourceError(
                    f"--client {way} names a column, but the labels come from no file",
                    where=self._collection.location,
                    fix="add --client FILE:COLUMN, --client name:REGEX or --client path:REGEX",
                )
            return self._file_and_column(labels, "--labels")[0], way
        raise SourceError(
            f"{option} {way} names no file of the source",
            where=self._collection.location,
            fix=f"use {option} FILE:COLUMN with a path in the source, {option} name:REGEX"
            + (f", {option} {FOLDERS} or {option} {NONE}" if option == "--labels" else ""),
        )

    def _only_column(self, file: str, option: str) -> str:
        table = self._open(file)
        if table.is_empty and table.columns:
            return table.columns[-1]
        if len(table.others) == 1:
            return table.others[0]
        raise SourceError(
            f"{option} names no column of this file",
            where=self._collection.place(file),
            fix=f"add one, as in {option} {file}:{table.others[0] if table.others else 'COLUMN'}"
            + (f"; it has {', '.join(table.others[:50])}" if table.others else ""),
        )

    def _open(self, file: str) -> LabelFile:
        if file not in self._files:
            base = f"{file.rpartition('/')[0]}/".lstrip("/")
            content, where = self._collection.read_table(file), self._collection.place(file)
            asked = (self._asked.labels, self._asked.client)
            values = {column for way in asked for column in columns_named(way, file)}
            files = FileNames(self._listed, base)
            self._files[file] = LabelFile(content, file, files, where, values, self._images)
        return self._files[file]

    @cached_property
    def _listed(self) -> tuple[str, ...]:
        """All pictures that a label file may name, also those of other parts.

        Else a row about `train/1.png` would be one about `test/1.png` where only that is read.
        """
        root = f"{self._asked.images.strip('/')}/" if self._asked.images else ""
        pictures = filter(is_picture, self._listing.names)
        return tuple(name for name in pictures if name.startswith(root))

    @cached_property
    def _names_of_all(self) -> frozenset[str]:
        return frozenset(self._listing.names)

    def _outside(self, names: tuple[str, ...]) -> str | None:
        """The first class folder that is not one of the classes."""
        folders = dict(enumerate(self.layout.classes))
        found = positions_of(folders, len(folders), names, SourceOptions())
        outside = (
            folder for folder, place in zip(folders.values(), found, strict=True) if place < 0
        )
        return next(outside, None)

    def _check_one_class(self, names: tuple[str, ...]) -> None:
        check_one_class(names, "images", "with --labels", self._collection.location)


def _truth(text: str) -> bool | None:
    """Whether an attribute is set; None where a text says neither."""
    if text.lower() in ("1", "1.0", "+1", "true"):
        return True
    return False if text.lower() in ("-1", "-1.0", "0", "0.0", "false") else None


def _origin(way: str) -> str:
    if way.startswith("name:"):
        return "the names of the files"
    return "the paths of the files" if way.startswith("path:") else way
