"""The one place that writes results: data on stdout, as text for people or as JSON, and nothing else there."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

_LAST = 24
"""Characters that the last column of a table has at least."""


class Result(Protocol):
    """What a command has to show."""

    def to_json(self) -> Mapping[str, Any]:
        """For `--json`: no NaN and no infinity."""

    def lines(self) -> Sequence[str]:
        """For people."""


def show(result: Result, as_json: bool) -> None:
    """Write a result in the form that was asked for."""
    if as_json:
        write_json(result.to_json())
    else:
        write_lines(result.lines())


def write_json(document: Mapping[str, Any]) -> None:
    """One JSON object, indented.

    Raises:
        ValueError: it holds NaN or an infinity, which are not JSON.
    """
    write_lines([json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)])


def write_lines(lines: Sequence[str]) -> None:
    """Write text. A reader that has gone away, as `head` does, is no error."""
    try:
        for line in lines:
            print(line, file=sys.stdout)  # noqa: T201  this is where results are printed
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # so that the flush at exit does not fail too


def write_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table: by rich on a terminal, else aligned columns, whole and without colour.

    On a terminal the last column is folded to the width; the others are never cut or broken, as people copy from them.
    """
    if not sys.stdout.isatty():
        widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
        cells = [
            [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            for row in [columns, *rows]
        ]
        write_lines(["  ".join(row).rstrip() for row in cells])
        return
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="")
    for column in columns[:-1]:
        table.add_column(column, no_wrap=True, overflow="ignore")
    table.add_column(columns[-1], overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text: brackets in a summary are no markup
    others = list(zip(columns, *rows, strict=True))[:-1]
    least = sum(max(map(cell_len, column)) + 1 for column in others) + _LAST
    Console(width=max(Console().width, least)).print(
        table
    )  # a narrower terminal breaks the lines, and cuts nothing
