"""Text files of series with something wrong: CSV and TSV, long and wide, and files of UCR."""

import gzip
from typing import Any

from hypothesis import strategies as st

from bad_input.cases import COMMANDS, OF_SERIES, STAND_INS, Case, Content, edits, reading
from bad_input.values import NAME, NUMBER, Draw, damages, floats, one_in, texts

Rows = list[list[str]]


def long() -> Rows:
    rows = [["client", "id", "time", "x", "y", "label"]]
    for series in range(4):
        for step in range(4):
            day = f"2024-01-0{series + 1} {step:02d}:00"
            values = [str(step), str(series + step / 4)]
            rows.append([f"{NAME}{series // 2}", str(series), day, *values, "ab"[series % 2]])
    return rows


def wide() -> Rows:
    rows = [["label", "client", "t0", "t1", "t2", "t3"]]
    return rows + [
        ["ab"[i % 2], f"{NAME}{i // 2}", *(str((i + j) / 4) for j in range(4))] for i in range(4)
    ]


def bare() -> Rows:
    """As in the UCR archive: the label first."""
    return [[str(i % 2 + 1), *(str((i + j) / 4) for j in range(4))] for i in range(4)]


TS = ["@problemName x", "@timeStamps false", "@univariate true", "@equalLength true"]
ARFF = ["@relation x", *(f"@attribute t{i} numeric" for i in range(4)), "@attribute c {1,2}"]


def _row(draw: Draw, rows: Rows) -> list[str]:
    return draw(st.sampled_from(rows)) if rows else []


CELLS = (
    *(NAME, str(NUMBER), f"{NUMBER}.5", "", "NA", "nan", "inf", "1e999", "-", "?", "1,5", "0x1"),
    *("01/02/2024", "2024-02-30", "31.1.2024", "9999-12-31 23:59", "1" * 5_000, '"', "\0", "1_0"),
    *("2024-01-01T00:00:00Z", "2024-01-01 00:00+25:00", "٣", "1e-400", "a;b", "a\tb", "1:2"),
)


def cell(draw: Draw, rows: Rows) -> None:
    row = _row(draw, rows[1:])
    if row:
        some = st.sampled_from(CELLS) | floats.map(str) | texts
        row[draw(st.integers(0, len(row) - 1))] = draw(some)


def header(draw: Draw, rows: Rows) -> None:
    if rows:
        names = (
            "id",
            "time",
            "x",
            "y",
            "label",
            "class",
            "client",
            "user",
            "t0",
            "0",
            "",
            "load_0",
        )
        row = rows[0]
        row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(names) | texts)


def ragged(draw: Draw, rows: Rows) -> None:
    row = _row(draw, rows[1:])
    row[:] = [*row, "1"] if draw(st.booleans()) else row[: draw(st.integers(0, 3))]


def drop(draw: Draw, rows: Rows) -> None:
    if len(rows) > 1:
        del rows[draw(st.integers(1, len(rows) - 1))]


def repeat(draw: Draw, rows: Rows) -> None:
    rows.append([*_row(draw, rows)])


def column(draw: Draw, rows: Rows) -> None:
    """A whole column of another kind, or gone."""
    place, some = draw(st.integers(0, 5)), draw(st.sampled_from((*CELLS, "gone")))
    for row in rows[1:]:
        if place < len(row):
            row[place : place + 1] = [] if some == "gone" else [some]


def head(draw: Draw, rows: Rows) -> None:
    """Lines before the records."""
    line = st.sampled_from(("@data", "@classLabel true 1 2", "@dimensions 9", "# x", "% x", "@"))
    line |= st.sampled_from(
        ("@dimensions 999999999", "@dimensions " + "9" * 5_000, "0,1,99999999999")
    )
    rows.insert(0, [draw(line | st.sampled_from(("@seriesLength 9", "@attribute a {b", "sep=;")))])


def no_rows(draw: Draw, rows: Rows) -> None:
    del rows[1:]


EDITS = {
    "cell": cell,
    "cell again": cell,
    "cell once more": cell,
    "header": header,
    "ragged": ragged,
    "drop": drop,
    "repeat": repeat,
    "column": column,
    "head": head,
    "no rows": no_rows,
}

OPTIONS = {
    "--labels": ("label", "none", "1", "2", "9", "x", "class"),
    "--client": ("client", "2", "id", "x"),
    **{name: OF_SERIES[name] for name in ("--id", "--time", "--values", "--length", "--missing")},
    "--classes": ("a,b", "a,b", "1,2"),
}


def _line(row: list[str], delimiter: str) -> str:
    return delimiter.join(row).replace("\r", " ").replace("\n", " ")


@st.composite
def series_files(draw: Draw) -> Case:
    suffix = draw(st.sampled_from(("csv", "csv", "csv", "tsv", "txt", "ts", "arff")))
    made = bare if suffix in ("ts", "arff") else draw(st.sampled_from((long, long, wide, bare)))
    rows = made()
    notes = [suffix, made.__name__, *edits(draw, EDITS, rows)]
    first: list[str] = []
    if suffix == "ts":
        classes = draw(st.sampled_from(("true 1 2", "true 1 2", "false", "true", "true 1 1")))
        first = [*TS, f"@classLabel {classes}", "@data"]
        lines = [f"{_line(row[1:], ',')}:{''.join(row[:1])}" for row in rows]
    elif suffix == "arff":
        first = [*ARFF, "@data"]
        lines = [_line([*row[1:], *row[:1]], ",") for row in rows]
    else:
        delimiter = "," if suffix == "csv" else "\t"
        delimiter = draw(st.sampled_from((*[delimiter] * 5, ";", ",", " ", "|")))
        lines = [_line(row, delimiter) for row in rows]
    if first and one_in(draw, 4):
        del first[draw(st.integers(0, len(first) - 1))]
    end = draw(st.sampled_from(("\n", "\n", "\r\n", "\r")))
    content: Any = end.join([*first, *lines]).encode("utf-8", "surrogatepass")
    zipped = one_in(draw, 10)
    content = gzip.compress(content, 1) if zipped else content
    if one_in(draw, 6):
        notes.append("damaged")
        # The first line is public: it names the columns.
        head, mark, rest = content.partition(b"\n")
        content = head + mark + draw(damages())(rest)
    if one_in(draw, 30):
        raw = (
            b"",
            b"\n\n",
            b"\xff\xfea\0",
            b"\x1f\x8b",
            b"a" * 99_999,
            b",\n" * 999,
            b"\xef\xbb\xbf",
        )
        content = draw(st.sampled_from((*raw, *STAND_INS)))
    source, files = _placed(draw, f"{suffix}.gz" if zipped else suffix, content)
    words = draw(reading(OPTIONS, OF_SERIES))
    if "--classes" not in words and draw(st.booleans()):
        words = ("--classes", "1,2" if made is bare else "a,b", *words)
    return Case(source, files, words, tuple(notes), draw(st.sampled_from(COMMANDS)))


def _placed(draw: Draw, suffix: str, content: Content) -> tuple[str, dict[bytes, Content]]:
    if one_in(draw, 5):
        files = {f"d/x_{part}.{suffix}".encode(): content for part in ("TRAIN", "TEST")}
        return draw(st.sampled_from(("d", "series:d"))), files
    name = f"x.{suffix}"
    return draw(st.sampled_from((name, name, f"series:{name}"))), {name.encode(): content}
