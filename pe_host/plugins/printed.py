"""Output of a plugin's process on the way to the terminal, which the process itself never holds.

A terminal is opened to read and to write: a process that holds it could read what is typed there,
and write what makes it do things.
"""

import codecs
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pe_host.reporting import visible


@contextmanager
def shown_on_stderr() -> Iterator[int]:
    """Yield a descriptor to write to; what is written there is shown on stderr, made harmless.

    Leaving the block waits until every process that holds the descriptor has ended.
    """
    reader, writer = os.pipe()
    thread = threading.Thread(target=_show, args=(reader,), daemon=True)
    thread.start()
    try:
        yield writer
    finally:
        os.close(writer)
        thread.join()
        os.close(reader)


def _show(reader: int) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while content := os.read(reader, 1 << 16):
        with suppress(OSError, ValueError):  # nobody reads stderr: the plugin must not wait for it
            sys.stderr.write(visible(decoder.decode(content), kept="\n\t"))
            sys.stderr.flush()
