"""Patterns of a user searched for in many names, within a limit of computing time.

Python's engine backtracks: a pattern such as `^(a|a)*$` takes longer than anybody waits for a name
of forty letters, and nothing in the same process can stop it. So it runs in a process of its own,
whose computing time the system limits: a busy machine changes nothing. The package `regex` has a
time limit, but a pattern such as `a{1000000000}` takes all memory in it; google-re2 lacks what
users know from Python (lookahead, references).
"""

import json
import re
import subprocess
from collections.abc import Sequence

from pe_host.formats.pattern_child import READY
from pe_host.isolation.launch import Launched, launch

SECONDS = 60
"""Limit of the computing time for all names of a source; millions of them take some seconds."""

_CHILD = "pe_host.formats.pattern_child"


class PatternError(Exception):
    """A pattern that cannot be used; the message says why, and quotes no name."""


def search_all(text: str, names: Sequence[str]) -> list[str]:
    """What a pattern finds in each name: its first group, or all that it matches; "" for nothing.

    Raises:
        PatternError: it is not a regular expression, takes more than `SECONDS` or too
            much memory, or its process does not start.
    """
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        what = f"the pattern is not a regular expression ({getattr(error, 'msg', error)})"
        raise PatternError(what) from None
    try:
        process = launch(
            _CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        raise PatternError("the process that matches the pattern does not start") from None
    try:
        answer = _asked(process, json.dumps((text, SECONDS, names)).encode())
    finally:
        process.end()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
    if not answer.startswith(READY):
        raise PatternError("the process that matches the pattern does not start")
    try:
        found: list[str] = json.loads(answer.removeprefix(READY))
    except ValueError:
        what = f"the pattern takes more than {SECONDS} s for the names, or too much memory"
        raise PatternError(what) from None
    return found


def _asked(process: Launched, question: bytes) -> bytes:
    """Everything that the process answers before it ends."""
    assert process.stdin is not None and process.stdout is not None
    view = memoryview(question)
    try:
        while view:
            view = view[process.stdin.write(view) or 0 :]
        process.stdin.close()
    except BrokenPipeError:
        pass  # it has ended; the answer says how far it came
    return process.stdout.read()
