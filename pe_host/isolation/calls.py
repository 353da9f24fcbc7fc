"""System calls that no plugin needs, refused by a seccomp filter: what Landlock does not cover.

The filter is a program of the classic Berkeley Packet Filter, as in the kernel's documentation,
userspace-api/seccomp_filter. It looks at the number of a call and at plain arguments, never at
memory, and answers a refused call with the error EPERM.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator
from typing import NamedTuple

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_X32 = 0x40000000
"""Calls of the x32 ABI of x86-64 have this bit, and could be used to pass a filter by."""

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_NEW_NAMESPACES = 0x7E020000
"""Flags of `clone`: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET."""

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
_STREAM, _DATAGRAM, _SEQUENCED = 1, 2, 5
_TYPE_INTO_TERMINAL = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: the shell would run what they type, once `pe` has ended."""

_OF_FILE_SYSTEMS = (0x58, 0x66, 0x76, 0x94)
"""Types of `ioctl` that change attributes of files, or make snapshots: 'X', 'f', 'v' and that of
btrfs. They need no more than a descriptor to read from."""

_IOCTL_TYPE = 0xFF00

_F_SETLEASE, _F_NOTIFY = 1024, 1026

_TYPE = 0xF
"""The bits of the argument `type` that are not flags."""

REFUSED: dict[str, tuple[int | None, int | None]] = {
    # memory, descriptors and limits of other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    # what runs on this machine, and large surfaces of attack
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "syslog": (103, 116),
    "lookup_dcookie": (212, 18),
    # keys of the user and of the session
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # files by another way than their path
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "unshare": (272, 97),
    "setns": (308, 268),
    # who uses which file
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    # owners, modes and attributes of files, which Landlock does not know
    "chmod": (90, None),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "fchown": (93, 55),
    "fsetxattr": (190, 7),
    "fremovexattr": (199, 16),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    # memory and messages that processes of one user share by number or name
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "msgsnd": (69, 189),  # who guesses the number needs no `get`
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # the machine
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "iopl": (172, None),
    "ioperm": (173, None),
    "vhangup": (153, 58),
    "uselib": (134, None),
}
"""Call -> its number on x86-64 and on aarch64; None where there is no such call.

Beside these, the filter refuses by argument: `socket`, except internet sockets for a plugin that
may use the network; `socketpair`, except connected Unix ones, which reach nobody else; `prlimit64`
and what sets priorities, of other processes; `fchmod` to a mode that lets others than the owner do
anything; times of files, except now; `ioctl` that types into a terminal or changes attributes of
files; `fcntl` that takes leases or watches folders; `clone` with a namespace; `truncate` where
Landlock does not know it; `clone3` with ENOSYS, because its arguments lie in memory, so that
libraries fall back to `clone`.
"""

_BY_ARGUMENT: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "prlimit64": (302, 261),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "clone": (56, 220),
    "fchmod": (91, 52),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "ioctl": (16, 29),
    "fcntl": (72, 25),
}
_CLONE3, _TRUNCATE = (435, 435), (76, 45)


class _Instruction(NamedTuple):
    code: int
    if_true: int
    if_false: int
    value: int


def supported() -> bool:
    """Tell whether the filter is written for this system, and the kernel takes filters."""
    if sys.platform != "linux" or _machine() not in _AUDIT or sys.byteorder != "little":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    # No program: EFAULT where filters are known, EINVAL where they are not.
    libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), None, None, None)
    return ctypes.get_errno() == errno.EFAULT


def refuse(*, network: bool, truncate: bool) -> None:
    """Refuse the calls to this process and all that it starts. It must have `no_new_privs`.

    Args:
        network: whether internet sockets are left.
        truncate: whether to refuse `truncate` as well.

    Raises:
        OSError: the kernel refuses the filter.
    """
    program = b"".join(
        struct.pack("=HBBI", *step) for step in _program(_machine(), network, truncate)
    )
    steps = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    mode = ctypes.c_ulong(_MODE_FILTER)
    if libc.prctl(_PR_SET_SECCOMP, mode, ctypes.c_char_p(header), None, None):
        code = ctypes.get_errno()
        raise OSError(code, f"seccomp: {os.strerror(code)}")


def _machine() -> str:
    """Return the name of the architecture of this process: a 32-bit one has none here."""
    return platform.machine() if sys.maxsize > 1 << 32 else ""


def _program(machine: str, network: bool, truncate: bool) -> Iterator[_Instruction]:
    column = list(_AUDIT).index(machine)
    refused = _return(_ERRNO | errno.EPERM)
    yield _load(4)  # the architecture
    yield from _unless(_AUDIT[machine], refused)
    yield _load(0)  # the number
    if machine == "x86_64":
        yield _Instruction(0x35, 0, 1, _X32)  # jump if greater or equal
        yield refused
    for numbers in REFUSED.values():
        if (number := numbers[column]) is not None:
            yield from _when(number, refused)
    if truncate:
        yield from _when(_TRUNCATE[column], refused)
    yield from _when(_CLONE3[column], _return(_ERRNO | errno.ENOSYS))
    itself = (_load(16), *_unless(0, refused))
    ioctl = (*(s for c in _TYPE_INTO_TERMINAL for s in _when(c, refused)), _and(_IOCTL_TYPE))
    rules = {
        "clone": (_load(16), _Instruction(0x45, 0, 1, _NEW_NAMESPACES), refused),  # jump if set
        "fchmod": (_load(24), _Instruction(0x45, 0, 1, 0o077), refused),
        "ioctl": (
            _load(24),
            *ioctl,
            *(s for t in _OF_FILE_SYSTEMS for s in _when(t << 8, refused)),
        ),
        "fcntl": (_load(24), *(s for c in (_F_SETLEASE, _F_NOTIFY) for s in _when(c, refused))),
        "prlimit64": itself,
        "setpriority": (*itself, _load(24), *_unless(0, refused)),  # PRIO_PROCESS, itself
        "ioprio_set": (_load(16), *_unless(1, refused), _load(24), *_unless(0, refused)),
        "sched_setparam": itself,
        "sched_setscheduler": itself,
        "sched_setattr": itself,
        "utime": _null(1, refused),
        "utimes": _null(1, refused),
        "futimesat": _null(2, refused),
        "utimensat": _null(2, refused),
        "socket": _sockets((AF_INET, AF_INET6) if network else (), (_STREAM, _DATAGRAM)),
        "socketpair": _sockets((AF_UNIX,), (_STREAM, _SEQUENCED)),
    }
    for name, steps in rules.items():
        if (number := _BY_ARGUMENT[name][column]) is not None:
            yield _Instruction(0x15, 0, len(steps) + 1, number)
            yield from steps
            yield _return(_ALLOW)
    yield _return(_ALLOW)


def _null(argument: int, otherwise: _Instruction) -> tuple[_Instruction, ...]:
    """Go on to the next step if both halves of this argument, a pointer, are 0."""
    place = 16 + 8 * argument
    halves = ((_load(half), *_unless(0, otherwise)) for half in (place, place + 4))
    return tuple(step for steps in halves for step in steps)


def _sockets(families: tuple[int, ...], types: tuple[int, ...]) -> tuple[_Instruction, ...]:
    """Go on to the next step for these families and types, and refuse others."""
    refused = _return(_ERRNO | errno.EPERM)
    return (
        _load(16),
        *_among(families, refused),
        _load(24),
        _and(_TYPE),
        *_among(types, refused),
    )


def _among(values: tuple[int, ...], otherwise: _Instruction) -> Iterator[_Instruction]:
    for i, value in enumerate(values):
        yield _Instruction(0x15, len(values) - i, 0, value)
    yield otherwise


def _when(value: int, then: _Instruction) -> tuple[_Instruction, _Instruction]:
    return _Instruction(0x15, 0, 1, value), then  # jump if equal


def _unless(value: int, then: _Instruction) -> tuple[_Instruction, _Instruction]:
    return _Instruction(0x15, 1, 0, value), then


def _and(mask: int) -> _Instruction:
    return _Instruction(0x54, 0, 0, mask)


def _load(offset: int) -> _Instruction:
    """Load a word of `struct seccomp_data`: number 0, architecture 4, arguments from 16, 8 each."""
    return _Instruction(0x20, 0, 0, offset)


def _return(answer: int) -> _Instruction:
    return _Instruction(0x06, 0, 0, answer)
