"""Reads /proc without `pathlib`: it is slow to import, and a pass reads hundreds of files."""

import os


def read(name: str) -> str:
    """Return the file /proc/NAME, up to 64 KiB of it.

    Raises:
        OSError: there is none, or no longer.
    """
    descriptor = os.open(f"/proc/{name}", os.O_RDONLY)
    try:
        return os.read(descriptor, 1 << 16).decode(errors="replace")
    finally:
        os.close(descriptor)
