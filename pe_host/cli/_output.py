"""The one place that writes results to stdout, as text for people or as JSON."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pe_host.reporting import visible

_LAST_WIDTH = 24
"""Least width of the last column of a table, in characters."""


class Result(Protocol):
    """The result of a command."""

    def to_json(self) -> Mapping[str, Any]:
        """Return the document for `--json`, without NaN and infinity."""

    def lines(self) -> Sequence[str]:
        """Return the lines for people."""


def show(result: Result, as_json: bool) -> None:
    """Write a result as text, or as JSON."""
    if as_json:
        write_json(result.to_json())
    else:
        write_lines([visible(line, kept="\n\t") for line in result.lines()])


def write_json(document: Mapping[str, Any]) -> None:
    """Write one JSON object, indented.

    Raises:
        ValueError: it contains NaN or an infinity, which are not JSON.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    write_lines(["".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)])


def write_lines(lines: Sequence[str]) -> None:
    """Write text. A reader that closes the pipe early, such as `head`, is not an error."""
    try:
        for line in lines:
            print(line, file=sys.stdout)  # noqa: T201  this is where results are printed
        sys.stdout.flush()
    except BrokenPipeError:
        # Nor may the flush at exit fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table: with rich on a terminal, else as aligned columns without colour.

    On a terminal the last column is folded to the width. The others are never cut or broken, since
    people copy from them.
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
        table.add_row(*map(Text, row))  # Text: brackets in a summary are not markup
    others = list(zip(columns, *rows, strict=True))[:-1]
    least = sum(max(map(cell_len, column)) + 1 for column in others) + _LAST_WIDTH
    # A narrower terminal wraps the lines and cuts nothing.
    Console(width=max(Console().width, least)).print(table)
