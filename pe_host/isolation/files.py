"""The files that every confined process may use: its interpreter, its packages and the system's.

Nothing here is a place where people keep their own files. A folder on the import path that is none
of the interpreter's, such as that of an editable installation, is opened by module, because it can
be the folder of a project with data in it.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pe_host.isolation.allowed import Allowed
from pe_host.isolation.landlock import DEVICE, LIST, READ, RUN, WRITE, Access


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_PROGRAMS = _words("/usr /bin /sbin /lib /lib32 /lib64 /libx32 /nix/store")

_OF_PREFIX = _words("bin lib lib64 libexec include share etc ssl pyvenv.cfg")

_ETC = _words("""
ld.so.cache ld.so.conf ld.so.conf.d ld.so.preload localtime timezone passwd group nsswitch.conf
fonts glvnd egl vulkan drirc OpenCL
ssl/certs ssl/cert.pem ssl/openssl.cnf ca-certificates pki/tls pki/ca-trust crypto-policies
""")
"""The dynamic linker, time and names of users; graphics; certificates. No secrets."""

_NAMES = _words("resolv.conf hosts host.conf gai.conf services protocols")
"""How the names of other machines are found: only with a network."""

_PROC = _words("""
cpuinfo meminfo stat loadavg uptime version filesystems
sys/vm/overcommit_memory sys/vm/max_map_count sys/kernel/osrelease
""")
_SYS = _words("devices/system/cpu devices/system/node kernel/mm/transparent_hugepage")
_READ = _words("/var/cache/fontconfig /run/opengl-driver /dev/random /dev/urandom")
_SINKS = _words("/dev/null /dev/zero /dev/full")

_GPU_DEVICES = _words("dev/nvidia* dev/dri dev/kfd dev/dxg")
_GPU_READ = _words("""
etc/nvidia opt/rocm* usr/local/cuda* proc/driver/nvidia* proc/devices proc/modules
sys/module/nvidia* sys/module/amdgpu sys/class/drm sys/class/kfd sys/dev/char sys/bus/pci
sys/devices/pci* sys/devices/virtual/kfd sys/devices/virtual/drm
""")
"""Patterns of paths below the root."""


def rules(allowed: Allowed, scratch: str) -> dict[str, Access]:
    """Return what may be done at which path, links not yet followed.

    Args:
        allowed: what this process may do beyond others.
        scratch: its own folder.
    """
    found: dict[str, Access] = {}

    def add(paths: Iterable[str], access: Access) -> None:
        for path in paths:
            found[path] = found.get(path, Access(0)) | access

    add(_PROGRAMS, RUN)
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        add((f"{prefix}/{name}" for name in _OF_PREFIX), RUN)
    add((str(Path(sys.executable).resolve()),), RUN)
    for folder in map(Path, filter(None, sys.path)):
        if folder.name in ("site-packages", "dist-packages"):
            add((str(folder),), RUN)
        elif folder.is_dir():
            add((str(folder),), LIST)
            add(_modules(folder), RUN)
        else:  # an archive
            add((str(folder),), READ)
    add(_editable(), RUN)
    add((f"/etc/{name}" for name in _ETC), READ)
    add((f"/proc/{name}" for name in _PROC), READ)
    add((f"/sys/{name}" for name in _SYS), READ)
    add(_READ, READ)
    add(_SINKS, READ | Access.WRITE_FILE)
    if allowed.network:
        add((f"/etc/{name}" for name in _NAMES), READ)
    if allowed.gpu:
        add(_matches(_GPU_READ), READ)
        add(_matches(_GPU_DEVICES), DEVICE)
        add(("/proc/self",), Access.WRITE_FILE)  # drivers name their threads there
    add(("/proc/self",), READ)
    add(filter(None, (*allowed.read, allowed.models)), READ)
    add(filter(None, (*allowed.write, allowed.cache, scratch)), WRITE)
    return found


def gpu_is_there() -> bool:
    """Tell whether this machine has a device that only a process with a GPU may use."""
    return any(_matches(_GPU_DEVICES))


def find_open(paths: Iterable[str], allowed: Allowed) -> list[str]:
    """Return those of the paths that a process that is allowed this could read, or a part of."""
    opened = {
        os.path.realpath(place)
        for place, access in rules(allowed, "").items()
        if access & Access.READ_FILE
    }
    return [path for path in paths if any(map(_overlaps(path), opened))]


def _overlaps(path: str) -> Callable[[str], bool]:
    """Return a function that tells whether a place holds the path, or lies in it."""
    target = _as_folder(os.path.realpath(path))

    def overlaps(place: str) -> bool:
        place = _as_folder(place)
        return target.startswith(place) or place.startswith(target)

    return overlaps


def _as_folder(path: str) -> str:
    return path.rstrip("/") + "/"


def _modules(folder: Path) -> Iterator[str]:
    """Yield the modules and packages in a folder of the import path, and their metadata."""
    for name in _listed(folder):
        is_module = _suffix(name) in (".py", ".pyc", ".so", ".dist-info", ".egg-info")
        path = f"{folder}/{name}"
        if is_module or name in ("__pycache__", "lib-dynload") or _is_package(path):
            yield path


def _is_package(path: str) -> bool:
    """Tell whether a folder holds modules; it needs no `__init__.py`."""
    name = path.rpartition("/")[2]
    return name.isidentifier() and any(
        _suffix(inside) in (".py", ".so") for inside in _listed(path)
    )


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1]  # noqa: PTH122  a Path for each name takes too long


def _listed(folder: Path | str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  see `_suffix`
    except OSError:  # not a folder, or closed
        return []


def _editable() -> Iterator[str]:
    """Yield packages that an editable installation of setuptools finds by a hook, not a path."""
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):
            for place in getattr(module, "MAPPING", {}).values():
                yield place if Path(place).is_dir() else f"{place}.py"


def _matches(patterns: Iterable[str]) -> Iterator[str]:
    return (str(path) for pattern in patterns for path in Path("/").glob(pattern))
