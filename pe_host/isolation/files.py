"""The files that every confined process may use: its interpreter, its packages and the system's.

Nothing here is a place where people keep their own files. A folder on the import path that is none
of the interpreter's, as of an editable installation, is opened by module, because it can be the
folder of a project with data in it.
"""

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pe_host.isolation.allowed import Allowed
from pe_host.isolation.landlock import DEVICE, LIST, READ, RUN, WRITE, Access

_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")

_OF_PREFIX = ("bin", "lib", "lib64", "libexec", "include", "share", "etc", "ssl", "pyvenv.cfg")

_LINKER = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ld.so.preload")
_PEOPLE = ("passwd", "group", "nsswitch.conf")  # names of users
_TIME = ("localtime", "timezone")
_GRAPHICS = ("fonts", "glvnd", "egl", "vulkan", "drirc", "OpenCL")
_CERTIFICATES = ("ssl/certs", "ssl/cert.pem", "ssl/openssl.cnf", "ca-certificates", "pki/tls")
_CERTIFICATES += ("pki/ca-trust", "crypto-policies")
_ETC = (*_LINKER, *_PEOPLE, *_TIME, *_GRAPHICS, *_CERTIFICATES)
_NAMES = ("resolv.conf", "hosts", "host.conf", "gai.conf", "services", "protocols")
"""How the names of other machines are found: only with a network."""

_PROC = ("cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "filesystems")
_PROC += ("sys/vm/overcommit_memory", "sys/vm/max_map_count", "sys/kernel/osrelease")
_SYS = ("devices/system/cpu", "devices/system/node", "kernel/mm/transparent_hugepage")
_READ = ("/var/cache/fontconfig", "/run/opengl-driver", "/dev/random", "/dev/urandom")
_SINKS = ("/dev/null", "/dev/zero", "/dev/full")

_GPU_DEVICES = ("/dev/nvidia*", "/dev/dri", "/dev/kfd", "/dev/dxg")
_GPU_READ = ("/etc/nvidia", "/opt/rocm*", "/usr/local/cuda*", "/proc/driver/nvidia*")
_GPU_READ += ("/proc/devices", "/proc/modules", "/sys/module/nvidia*", "/sys/module/amdgpu")
_GPU_READ += ("/sys/class/drm", "/sys/class/kfd", "/sys/dev/char", "/sys/bus/pci")
_GPU_READ += ("/sys/devices/pci*", "/sys/devices/virtual/kfd", "/sys/devices/virtual/drm")


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
        add((os.path.join(prefix, name) for name in _OF_PREFIX), RUN)
    add((os.path.dirname(os.path.realpath(sys.executable)),), RUN)
    for folder in _import_path():
        if os.path.basename(folder) in ("site-packages", "dist-packages"):
            add((folder,), RUN)
        else:
            add((folder,), LIST)
            add(_modules(folder), RUN)
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
    add(allowed.read, READ)
    add(filter(None, (*allowed.write, allowed.cache, scratch)), WRITE)
    return found


def gpu_is_there() -> bool:
    """Tell whether this machine has a device that only a process with a GPU may use."""
    return any(_matches(_GPU_DEVICES))


def is_open(path: Path, allowed: Allowed) -> bool:
    """Tell whether a process that is allowed this could read a file or folder, or part of it."""
    target = path.resolve()
    for place, access in rules(allowed, "").items():
        opened = Path(place).resolve()
        if access & Access.READ_FILE and (
            target.is_relative_to(opened) or opened.is_relative_to(target)
        ):
            return True
    return False


def _import_path() -> list[str]:
    return [os.path.abspath(folder) for folder in sys.path if os.path.exists(folder or "missing")]


def _modules(folder: str) -> Iterator[str]:
    """Modules, packages and their metadata in a folder of the import path, or the archive."""
    if not os.path.isdir(folder):
        yield folder
        return
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        suffix = os.path.splitext(entry.name)[1]
        if suffix in (".py", ".pyc", ".so", ".dist-info", ".egg-info") or entry.name in (
            "__pycache__",
            "lib-dynload",
        ):
            yield entry.path
        elif entry.name.isidentifier() and entry.is_dir() and _holds_modules(entry.path):
            yield entry.path


def _holds_modules(folder: str) -> bool:
    try:
        return any(name.endswith((".py", ".so")) for name in os.listdir(folder))
    except OSError:
        return False


def _editable() -> Iterator[str]:
    """Packages that an editable installation of setuptools finds by a hook, not by a path."""
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):
            for place in getattr(module, "MAPPING", {}).values():
                if os.path.isdir(place):
                    yield place
                else:
                    yield f"{place}.py"


def _matches(patterns: Iterable[str]) -> Iterator[str]:
    return (path for pattern in patterns for path in glob.iglob(pattern))
