"""The process that matches a pattern for `pe_host.formats.patterns`: confined, and without files.

It reads one question from descriptor 0, up to its end, and answers on descriptor 1: `READY`, then
the texts as JSON.
"""

import contextlib
import json
import os
import re
import resource

from pe_host.isolation.confine import protect_memory

READY = b"+"


def first_group(pattern: re.Pattern[str], name: str) -> str:
    """The first group of the match in a name, or all of it; "" for none."""
    match = pattern.search(name)
    return "" if match is None else match.group(pattern.groups and 1) or ""


def main() -> None:
    """Answer one question."""
    protect_memory()  # names arrive after this
    with os.fdopen(0, "rb") as questions, os.fdopen(1, "wb") as answers:
        answers.write(READY)
        answers.flush()
        text, seconds, names = json.loads(questions.read())
        with contextlib.suppress(OSError, ValueError):  # a stricter limit stays
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        pattern = re.compile(text)
        answers.write(json.dumps([first_group(pattern, name) for name in names]).encode())


if __name__ == "__main__":
    main()
