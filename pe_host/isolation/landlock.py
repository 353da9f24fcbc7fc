"""Landlock: a process gives up the files, ports and processes that no rule allows it, for ever.

System calls and structures as in the kernel's documentation, userspace-api/landlock. There is no
binding for them in the standard library, and what a wall is made of should not be a dependency.
Each version of the interface (ABI) can restrict more than the one before:

    1 files; 2 links and renames between folders; 3 truncation; 4 TCP; 5 ioctl on devices;
    6 abstract Unix sockets and signals; 7 what the kernel's audit log says.
"""

import ctypes
import errno
import os
import stat
import sys
from collections.abc import Collection, Iterator, Mapping
from enum import IntFlag
from functools import cache

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every architecture
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH
_LOG_NEW_EXEC_ON = 2  # LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON
_NEWEST = 7

_TCP = {4: 1 << 0 | 1 << 1}  # bind, connect
_ABSTRACT, _SIGNALS = {6: 1 << 0}, {6: 1 << 1}


class Access(IntFlag):
    """What a process may do with files. Bits as in `linux/landlock.h`."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


_FILES = {1: Access.REFER - 1, 2: Access.REFER, 3: Access.TRUNCATE, 5: Access.IOCTL_DEV}
_OF_A_FILE = (
    Access.EXECUTE | Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE | Access.IOCTL_DEV
)

LIST = Access.READ_DIR
READ = Access.READ_FILE | Access.READ_DIR
RUN = READ | Access.EXECUTE
WRITE = (
    READ
    | Access.WRITE_FILE
    | Access.TRUNCATE
    | Access.REFER
    | Access.REMOVE_DIR
    | Access.REMOVE_FILE
    | Access.MAKE_DIR
    | Access.MAKE_REG
    | Access.MAKE_FIFO
    | Access.MAKE_SYM
)
DEVICE = Access.READ_FILE | Access.READ_DIR | Access.WRITE_FILE | Access.IOCTL_DEV


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),  # from ABI 4
        ("scoped", ctypes.c_uint64),  # from ABI 6
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def version() -> int:
    """Return the ABI of the running kernel; 0 where it has no Landlock, or does not use it."""
    if sys.platform != "linux":
        return 0
    try:
        return _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except OSError:
        return 0


def restrict(
    rules: Mapping[str, Access],
    *,
    files: bool = True,
    tcp: bool = True,
    abstract: bool = True,
    signals: bool = True,
    abi: int | None = None,
) -> None:
    """Restrict this process and all that it starts, as far as the ABI goes.

    Paths that do not exist are passed over. The process must have `no_new_privs`, and one thread.

    Args:
        rules: what may be done at a path and below it; links are followed.
        files: whether to forbid every other use of files.
        tcp: whether to forbid to bind and to connect TCP sockets.
        abstract: whether to forbid abstract Unix sockets of processes that are not restricted too.
        signals: whether to forbid signals to such processes.
        abi: what to use of the interface; by default all that this kernel has.

    Raises:
        OSError: the kernel has Landlock, and refuses.
    """
    abi = min(version() if abi is None else abi, _NEWEST)
    handled = _available(_FILES, abi) if files else 0
    sizes = (8, 8, 8, 8, 16, 16, 24, 24)
    ruleset = _Ruleset(
        handled,
        _available(_TCP, abi) if tcp else 0,
        (_available(_ABSTRACT, abi) if abstract else 0)
        | (_available(_SIGNALS, abi) if signals else 0),
    )
    if not (ruleset.handled_access_fs or ruleset.handled_access_net or ruleset.scoped):
        return
    size = ctypes.c_size_t(sizes[abi])
    descriptor = _call(_CREATE_RULESET, ctypes.byref(ruleset), size, ctypes.c_uint32(0))
    try:
        for path, access in rules.items() if files else ():
            _allow(descriptor, path, access & handled)
        flags = ctypes.c_uint32(_LOG_NEW_EXEC_ON if abi >= 7 else 0)
        _call(_RESTRICT_SELF, ctypes.c_int(descriptor), flags)
    finally:
        os.close(descriptor)


def _available(rights: Mapping[int, int], abi: int) -> int:
    return sum(bits for since, bits in rights.items() if since <= abi)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            access &= _OF_A_FILE
        rule = ctypes.byref(_PathBeneath(access, place))
        if access:
            kind = ctypes.c_int(_PATH_BENEATH)
            _call(_ADD_RULE, ctypes.c_int(ruleset), kind, rule, ctypes.c_uint32(0))
    except OSError as error:
        if error.errno not in (errno.EBADFD, errno.EINVAL):  # a socket, or a pipe: no file
            raise
    finally:
        os.close(place)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    result: int = _libc().syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result


def enforced(abi: int, left_out: Collection[str] = ()) -> Iterator[str]:
    """Yield what an ABI restricts, in words for people."""
    words = {1: "files", 4: "TCP", 6: "signals and abstract sockets"}
    yield from (word for since, word in words.items() if since <= abi and word not in left_out)
