"""Small disks of one's own, which fill up and turn read-only for real."""

import contextlib
import ctypes
import os
import shutil
from pathlib import Path

_NEW_NAMESPACE, _NEW_USER = 0x00020000, 0x10000000
_READ_ONLY, _REMOUNT, _BIND, _ALL_BELOW, _PRIVATE = 1, 32, 4096, 16384, 1 << 18
_DETACH = 2

PAGE = 4096
"""Bytes of the smallest piece of a tmpfs."""

_C = ctypes.CDLL(None, use_errno=True)


def enter_namespace() -> str:
    """Give this process mounts of its own, which end with it; return why not, or "".

    Whoever is not the superuser needs a user namespace for that. This process must have one thread.
    """
    user = os.getuid(), os.getgid()
    own = _NEW_USER if os.geteuid() else 0
    try:
        _check(_C.unshare(_NEW_NAMESPACE | own))
        if own:
            Path("/proc/self/setgroups").write_text("deny")
            for name, number in zip(("uid_map", "gid_map"), user, strict=True):
                Path(f"/proc/self/{name}").write_text(f"{number} {number} 1")
        _mount("none", "/", "", _ALL_BELOW | _PRIVATE)
    except OSError as error:
        return f"this process can mount no disk of its own: {error.strerror}"
    return ""


class Disk:
    """A tmpfs, or where nothing can be mounted a plain folder that only `renew` can be asked of.

    Args:
        path: an empty folder.
        size: bytes of the disk.
        real: whether to mount one.
    """

    def __init__(self, path: Path, size: int, real: bool) -> None:
        self.path, self.size, self.real = path, size, real
        self._filler = path / "filler"
        self._read_only = self._mounted = False

    def renew(self) -> None:
        """Begin with an empty disk."""
        self.restore()
        if self._mounted:
            _unmount(self.path)
        else:
            shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(exist_ok=True)
        if self.real:
            _mount("tmpfs", self.path, "tmpfs", 0, f"size={self.size},mode=700")
            self._mounted = True

    def fill(self, pages: int) -> None:
        """Use up everything but so many pages."""
        with self._filler.open("wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(16 * PAGE))
            with contextlib.suppress(OSError):
                file.truncate(max(0, os.fstat(file.fileno()).st_blocks * 512 - pages * PAGE))

    def make_read_only(self) -> None:
        """Refuse writes by path from now on.

        A file that is open for writing, as the lock of a run is, keeps a disk from turning
        read-only. So the disk is mounted once more over itself, and that mount is read-only.
        """
        _mount(self.path, self.path, "", _BIND)
        self._read_only = True
        _mount("none", self.path, "", _REMOUNT | _BIND | _READ_ONLY)

    def restore(self) -> None:
        """Undo `fill` and `make_read_only`."""
        if self._read_only:
            _unmount(self.path)
            self._read_only = False
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it."""
        self.restore()
        if self._mounted:
            _unmount(self.path)
            self._mounted = False


def _mount(source: Path | str, target: Path | str, kind: str, flags: int, data: str = "") -> None:
    words = (os.fsencode(source), os.fsencode(target), kind.encode() or None)
    _check(_C.mount(*words, ctypes.c_ulong(flags), data.encode() or None))


def _unmount(target: Path) -> None:
    _check(_C.umount2(os.fsencode(target), _DETACH))


def _check(status: int) -> None:
    if status:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
