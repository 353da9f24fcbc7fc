"""Pictures with a file that lists labels and clients, in a folder or a zip archive."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from bad_input.cases import COMMANDS, OF_PICTURES, STAND_INS, Case, Content, edits, reading
from bad_input.picture_folders import picture
from bad_input.values import NAME, NUMBER, Draw, damages, jsons, one_in, texts
from bad_input.zip_files import packed

ROWS = 6

Rows = list[list[Any]]
"""A header and the rows of a list: name of a file, label, client, number."""


def good() -> Rows:
    header: list[Any] = ["file_name", "label", "person", "n"]
    return [header, *([f"{NAME}{i}.png", "ab"[i % 2], f"{NAME}{i // 2}", i] for i in range(ROWS))]


def _text(delimiter: str, header: bool = True) -> Callable[[Rows], bytes]:
    def write(rows: Rows) -> bytes:
        stream = io.StringIO()
        csv.writer(stream, delimiter=delimiter).writerows(rows if header else rows[1:])
        return stream.getvalue().encode("utf-8", "surrogatepass")

    return write


def _objects(rows: Rows) -> list[dict[str, Any]]:
    return [dict(zip(map(str, rows[0]), row, strict=False)) for row in rows[1:]]


def _json(document: Any) -> bytes:
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _attributes(rows: Rows) -> bytes:
    """As CelebA has them: a count, names of attributes, and 1 or -1 for each file."""
    lines = [str(len(rows) - 1), "Bald Smiling"]
    lines += [f"{row[0]}  {1 if row[-1] == 1 else -1} -1" for row in rows[1:] if row]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


FORMATS: dict[str, tuple[Callable[[Rows], bytes], tuple[str, ...]]] = {
    "labels.csv": (_text(","), ("labels.csv:label", "labels.csv:person", "labels.csv:n")),
    "labels.tsv": (_text("\t"), ("labels.tsv:label", "labels.tsv")),
    "bare.csv": (_text(",", header=False), ("bare.csv:2", "bare.csv:3", "bare.csv:9")),
    "labels.txt": (_text(" "), ("labels.txt:label", "labels.txt:2")),
    "metadata.csv": (_text(","), ("metadata.csv:label", "")),
    "metadata.jsonl": (
        lambda rows: b"\n".join(map(_json, _objects(rows))),
        ("metadata.jsonl:label", ""),
    ),
    "labels.json": (lambda rows: _json(_objects(rows)), ("labels.json:label",)),
    "dataset.json": (lambda rows: _json({"labels": [row[:2] for row in rows[1:]]}), ("",)),
    "list_attr.txt": (_attributes, ("list_attr.txt:Smiling", "list_attr.txt:Bald")),
}
"""How a list is written, and values of --labels for it."""


def _row(draw: Draw, rows: Rows) -> int:
    return draw(st.integers(1, max(1, len(rows) - 1)))


def cell(draw: Draw, rows: Rows) -> None:
    row = rows[_row(draw, rows) % len(rows)]
    if row and row is not rows[0]:
        value = st.sampled_from((NAME, NUMBER, str(NUMBER), "", "a", "-1", "1e999", "\0"))
        row[draw(st.integers(0, len(row) - 1))] = draw(value | texts | jsons)


def header(draw: Draw, rows: Rows) -> None:
    name = st.sampled_from(("label", "file_name", "", "person")) | texts
    if rows[0]:
        rows[0][draw(st.integers(0, len(rows[0]) - 1))] = draw(name)


def drop(draw: Draw, rows: Rows) -> None:
    if len(rows) > 1:
        del rows[_row(draw, rows)]


def repeat(draw: Draw, rows: Rows) -> None:
    if len(rows) > 1:
        row = [*rows[_row(draw, rows)]]
        rows.append([*row[:1], "b" if row[1:2] == ["a"] else "a", *row[2:]])


def ragged(draw: Draw, rows: Rows) -> None:
    row = rows[_row(draw, rows) % len(rows)]
    row[:] = row[: draw(st.integers(0, 3))] if draw(st.booleans()) else [*row, "x", "y"]


def all_labels(draw: Draw, rows: Rows) -> None:
    """Labels of another kind."""
    kinds = st.sampled_from((["0", "1"], ["1", "2"], [0, 1], [1.0, 2.0], [[1, 0], [0, 1]], [NAME]))
    kind = draw(kinds)
    for number, row in enumerate(rows[1:]):
        row[1:2] = [kind[number % len(kind)]]


def headless(draw: Draw, rows: Rows) -> None:
    """A private row in the place of the header, about a file that is not there."""
    rows[0] = [f"{NAME}-gone", draw(st.sampled_from(("a", NAME))), f"{NAME}x", NUMBER]
    for row in rows[1:]:
        row[:1] = [str(cell).removesuffix(".png") for cell in row[:1]]


def counted(draw: Draw, rows: Rows) -> None:
    """A column of row numbers before all others, as pandas writes it."""
    for number, row in enumerate(rows):
        row.insert(0, number - 1 if number else draw(st.sampled_from(("", "id", "Unnamed: 0"))))


def no_rows(draw: Draw, rows: Rows) -> None:
    del rows[1:]


EDITS = {
    "cell": cell,
    "cell again": cell,
    "header": header,
    "drop": drop,
    "repeat": repeat,
    "ragged": ragged,
    "all labels": all_labels,
    "all labels again": all_labels,
    "no rows": no_rows,
    "headless": headless,
    "counted": counted,
}


@st.composite
def label_files(draw: Draw) -> Case:
    rows = good()
    notes = edits(draw, EDITS, rows)  # type: ignore[arg-type]  # a list, not a mapping
    name = draw(st.sampled_from(sorted(FORMATS)))
    write, ways = FORMATS[name]
    content: Content = write(rows)
    if one_in(draw, 6):
        notes.append("damaged")
        content = draw(damages())(content)
    if one_in(draw, 20):
        content = draw(st.sampled_from((b"", b"\xff\xfe", b"[" * 9_000, *STAND_INS)))
    files: dict[bytes, Content] = {f"data/{NAME}{i}.png".encode(): picture() for i in range(ROWS)}
    files[f"data/{name}".encode()] = content
    words = draw(reading(_options(name, ways), OF_PICTURES))
    if "--labels" not in words and draw(st.booleans()) and ways[0]:
        words = ("--labels", ways[0], *words)
    if "--classes" not in words and one_in(draw, 3):
        words = ("--classes", "a,b", *words)
    command, source = draw(st.sampled_from(COMMANDS)), "data"
    if one_in(draw, 4) and isinstance(content, bytes):
        source, files = "data.zip", {b"data.zip": packed(files)}
    return Case(source, files, words, (name, *notes), command)


def _options(name: str, ways: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    names = ("none", "folder", f"{name}:nothing", name, "nothing:x", "name:^(z.+e)", "name:(")
    clients = (f"{name}:person", "person", f"{name}:3", "name:e([0-9])", "path:x", "nothing")
    return {"--labels": (*[way for way in ways if way] * 4, *names), "--client": clients}
