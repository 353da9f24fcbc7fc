"""The step from the content of pictures to records: their common spec, and the decoding."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from pe_host.formats.decoding import Decoder, DecoderError
from pe_host.privacy.stored import WritableRecords
from pe_sdk import OutputSpec, SourceError, SourceOptions
from pe_sdk.pictures import PIXELS, Form, PictureError, Preparation

FIRST = 5
"""Pictures whose headers decide size and kind, where no option does. They count as public, and one
of them alone decides nothing if the others agree."""

LIKE = "the first images by name"

TAKEN = ("size", "fit", "colour", "background", "range")
"""Options of `SourceOptions` about the preparation of pictures."""

Content = bytes | PictureError


def find_preparation(
    contents: Iterable[Content],
    options: SourceOptions,
    where: str,
    fault: Callable[[int, PictureError], SourceError],
    like: str = LIKE,
) -> Preparation:
    """Find how pictures are brought to records, from the options and the first headers.

    What the options leave open is the most frequent among the first `FIRST` pictures that can be
    read; the earlier one, if two are equally frequent.

    Args:
        contents: of the pictures in order, or why one cannot be had.
        options: what the user says.
        where: the source, for errors.
        fault: the error for a picture, by its number.
        like: what the size and kind are taken from, for messages.

    Raises:
        SourceError: none of the pictures can be read, the options are at odds, or the size is too
            large.
    """
    if options.fit and not options.size:
        raise SourceError(
            "--fit says how to bring images to a size, but no size is given",
            where=where,
            fix=f"add --size, as in --size 64x64 --fit {options.fit}",
        )
    if options.size and options.size[0] * options.size[1] > PIXELS:
        raise SourceError(
            f"--size asks for more than {PIXELS // 1_000_000} million pixels",
            where=where,
            fix="use a smaller size",
        )
    if options.size and options.colour:
        channels = 1 if options.colour == "gray" else 3
        return Preparation.of(options, (*options.size, channels))
    forms = _first_forms(contents, where, fault)
    sizes = Counter((form.height, form.width) for form in forms)
    kinds = Counter(form.channels for form in forms)
    if not options.size and len(forms) > 1 and 2 * max(sizes.values()) <= len(forms):
        raise SourceError(
            f"{like} differ in size",
            where=where,
            fix="add --size 64x64 --fit crop, or another size, and pad or stretch",
        )
    height, width = options.size or max(sizes, key=sizes.__getitem__)
    channels = max(kinds, key=kinds.__getitem__)
    if options.colour:
        channels = 1 if options.colour == "gray" else 3
    return Preparation.of(options, (height, width, channels), like)


def _first_forms(
    contents: Iterable[Content], where: str, fault: Callable[[int, PictureError], SourceError]
) -> list[Form]:
    first: SourceError | None = None
    forms: list[Form] = []
    try:
        with Decoder(None) as decoder:
            for number, content in enumerate(contents):
                try:
                    if isinstance(content, PictureError):
                        raise content
                    forms.append(decoder.form(content))
                except PictureError as error:
                    first = first or fault(number, error)
                if len(forms) == FIRST:
                    break
    except DecoderError as error:
        raise no_decoder(error, where) from None
    if not forms:
        raise first or SourceError(
            "there are no images", where=where, fix="use a source that holds images"
        )
    return forms


def output_of(preparation: Preparation) -> OutputSpec:
    """Spec of a record."""
    return OutputSpec.image(*preparation.shape)


def decode_records(
    contents: Iterable[tuple[int, Content]],
    preparation: Preparation,
    data: WritableRecords,
    where: str,
    fault: Callable[[int, PictureError], SourceError],
) -> dict[int, SourceError]:
    """Decode pictures into rows of the records; return what is wrong with the others, by row.

    Args:
        contents: row and content of each picture, or why it cannot be had.
        preparation: how it is brought to a record.
        data: the records, whose rows are set.
        where: the source, for errors.
        fault: the error for a picture, by its row.

    Raises:
        SourceError: no picture can be decoded on this machine, or the disk is full.
    """
    faults: dict[int, SourceError] = {}
    sent: list[int] = []

    def readable() -> Iterator[bytes]:
        for row, content in contents:
            if isinstance(content, PictureError):
                faults[row] = fault(row, content)
            else:
                sent.append(row)
                yield content

    try:
        with Decoder(preparation) as decoder:
            for place, decoded in enumerate(decoder.decode(readable())):
                row = sent[place]
                if isinstance(decoded, PictureError):
                    faults[row] = fault(row, decoded)
                else:
                    data[row] = decoded
    except DecoderError as error:
        raise no_decoder(error, where) from None
    return faults


def no_decoder(error: DecoderError, where: str) -> SourceError:
    return SourceError(str(error), where=where, fix="`pe doctor` checks this machine")
