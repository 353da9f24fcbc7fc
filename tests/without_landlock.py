"""Runs a program as a kernel without Landlock would: its system calls answer ENOSYS.

    python tests/without_landlock.py PROGRAM ARGUMENT...

A seccomp filter of this process does it, which the program and all that it starts inherit and
cannot take back. Nothing of `pe` is replaced or switched.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CALLS = (444, 445, 446)
"""landlock_create_ruleset, landlock_add_rule, landlock_restrict_self, on every architecture."""

PROGRAM = [
    (LOAD, 0, 0, 4),  # the architecture: another one numbers its calls otherwise
    (JUMP_IF_EQUAL, 1, 0, AUDIT[platform.machine()]),
    (RETURN, 0, 0, ALLOW),
    (LOAD, 0, 0, 0),  # the number of the call
    *((JUMP_IF_EQUAL, len(CALLS) - i, 0, number) for i, number in enumerate(CALLS)),
    (RETURN, 0, 0, ALLOW),
    (RETURN, 0, 0, ERRNO | errno.ENOSYS),
]


def main() -> None:
    """Install the filter and become the program."""
    steps = b"".join(struct.pack("=HBBI", *step) for step in PROGRAM)
    kept = ctypes.create_string_buffer(steps, len(steps))
    header = struct.pack("@HP", len(PROGRAM), ctypes.addressof(kept))
    libc = ctypes.CDLL(None, use_errno=True)
    one, nothing = ctypes.c_ulong(1), ctypes.c_ulong(0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, one, nothing, nothing, nothing) or libc.prctl(
        PR_SET_SECCOMP, ctypes.c_ulong(MODE_FILTER), ctypes.c_char_p(header), nothing, nothing
    ):
        sys.exit(f"the kernel takes no filter: {os.strerror(ctypes.get_errno())}")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
