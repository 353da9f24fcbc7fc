"""Reads and writes /proc without `pathlib`.

It is slow to import, and a pass reads hundreds of files.
"""

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


def write(name: str, text: str) -> None:
    """Write to the file /proc/NAME.

    Raises:
        OSError: there is none, or the kernel refuses the text.
    """
    descriptor = os.open(f"/proc/{name}", os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
