"""The host's own checks for `pe doctor`: the machine, and the libraries that the host needs.

They are written like a plugin's checks, and each runs in its own process too: a library built for
another processor kills it.
"""

import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from pe_host.cache import cache_folder
from pe_host.isolation import landlock
from pe_sdk import DoctorSpec, Finding, hookimpl

GB = 10**9

MEMORY, DISK = GB, GB
"""What a run with 20,000 candidates needs at most, roughly; small runs need less."""


def system() -> Iterator[Finding]:
    """Check what every run needs from the machine."""
    version, kind = platform.python_version(), f"{platform.system()} {platform.machine()}"
    if sys.platform == "linux":
        yield Finding("python", "ok", f"{version}, {kind}")
    else:
        yield Finding(
            "python",
            "warning",
            f"{version}, {kind}; pe is tested only on Linux",
            "run it on Linux",
        )
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    yield Finding("cores", "ok", f"{cores}")
    yield _room(
        "memory",
        free_memory(),
        MEMORY,
        "available",
        "close other programs, or use fewer --candidates",
    )
    try:
        yield working_folder(Path.cwd())
    except OSError as error:  # it was removed, or cannot be entered
        detail = f"the working folder cannot be used ({error.strerror})"
        yield Finding("disk", "warning", detail, "change to another folder, or give --out")
    yield cache(cache_folder())


def free_memory(
    meminfo: Path = Path("/proc/meminfo"), group: Path = Path("/sys/fs/cgroup")
) -> int | None:
    """Bytes still available, within the limit of a container; None if the system does not say."""
    try:
        rows = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        free = int(rows["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    try:
        limit = int((group / "memory.max").read_text())
        used = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())[
            "anon"
        ]
    except (OSError, KeyError, ValueError):  # no such files, or no limit: the word "max"
        return free
    return min(free, max(limit - int(used), 0))


def working_folder(folder: Path) -> Finding:
    """Check the folder below which runs are written by default."""
    if not os.access(folder, os.W_OK):
        return Finding(
            "disk",
            "warning",
            f"the folder {folder} cannot be written",
            "change to another folder, or give --out",
        )
    return _room(
        "disk",
        shutil.disk_usage(folder).free,
        DISK,
        f"free in {folder}",
        "free space there, or give --out",
    )


def cache(folder: Path) -> Finding:
    """Check the cache of embedding weights; without it, each run trains its embedding again."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            "cache",
            "warning",
            f"{folder} cannot be written ({error.strerror}): each run trains its embedding again",
            "fix its permissions, or set XDG_CACHE_HOME to another folder",
        )
    return Finding("cache", "ok", str(folder))


def _room(name: str, free: int | None, needed: int, where: str, fix: str) -> Finding:
    if free is None:
        return Finding(name, "ok", "not reported by the system")
    if free < needed:
        return Finding(
            name,
            "warning",
            f"{free / GB:.1f} GB {where}, a large run needs {needed / GB:g} GB",
            fix,
        )
    return Finding(name, "ok", f"{free / GB:.1f} GB {where}")


def confinement() -> Iterator[Finding]:
    """Try, as a plugin could, what the kernel should refuse: this process is confined like one."""
    tried: dict[str, Callable[[], object]] = {
        "files": lambda: os.listdir("/"),  # noqa: PTH208  a Path opens it later
        "other processes": lambda: Path(f"/proc/{os.getppid()}/cmdline").read_bytes(),
        "TCP": lambda: _socket(socket.SOCK_STREAM),
        "UDP": lambda: _socket(socket.SOCK_DGRAM),
        "signals": lambda: os.kill(os.getppid(), 0),
    }
    open_still = [name for name, attempt in tried.items() if _succeeds(attempt)]
    closed = [name for name in tried if name not in open_still]
    abi = landlock.version()
    detail = f"Landlock ABI {abi}" if abi else "no Landlock"
    detail += f"; closed to plugins: {', '.join(closed) or 'nothing'}"
    if not open_still:
        yield Finding("confinement", "ok", detail)
        return
    needed = {"files", "other processes", "TCP", "UDP"} & {*open_still}
    fix = "runs on private data need --allow-unconfined; a Linux kernel with Landlock confines"
    if not needed:
        fix = "nothing must be done: a plugin can end processes of yours, and read nothing by that"
    detail += f"; not closed: {', '.join(open_still)}"
    yield Finding("confinement", "warning", detail, fix)


def _socket(kind: socket.SocketKind) -> None:
    socket.socket(socket.AF_INET, kind).close()


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def torch() -> Iterator[Finding]:
    """Check the library that trains and computes embeddings."""
    import torch

    result = torch.nn.functional.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3)).sum().item()
    if result != 36:
        yield Finding(
            "torch",
            "bad",
            f"{torch.__version__} computes a wrong convolution",
            "install another build of it",
        )
        return
    devices = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    yield Finding("torch", "ok", f"{torch.__version__}, {', '.join(['CPU', *devices])}")


def faiss() -> Iterator[Finding]:
    """Check the library that finds the nearest candidates."""
    import faiss

    index = faiss.IndexFlatL2(2)
    index.add(np.array([[0, 0], [9, 9], [3, 4]], dtype=np.float32))
    distances, found = index.search(np.zeros((1, 2), dtype=np.float32), 2)
    if found.tolist() != [[0, 2]] or distances.tolist() != [[0, 25]]:
        yield Finding(
            "faiss",
            "bad",
            f"{faiss.__version__} finds wrong neighbours",
            "install another build of it",
        )
    else:
        yield Finding("faiss", "ok", faiss.__version__)


def noise() -> Iterator[Finding]:
    """Check the library that draws the noise: one draw, added to zeros and not to any data."""
    from importlib.metadata import version

    from pe_host.privacy.mechanism import add_noise

    if add_noise(np.zeros(64, dtype=np.int64), 1e6).any():
        yield Finding("noise", "ok", f"drawn by opendp {version('opendp')}")
    else:
        yield Finding(
            "noise", "bad", "opendp adds no noise", "do not use pe with this build of opendp"
        )


@hookimpl
def pe_doctor() -> Iterable[DoctorSpec]:
    return [
        DoctorSpec("system", "Python, cores, memory, disk and cache", system),
        DoctorSpec("confinement", "what the kernel keeps plugins from", confinement),
        DoctorSpec("torch", "embeddings", torch),
        DoctorSpec("faiss", "nearest neighbours", faiss),
        DoctorSpec("noise", "discrete Gaussian noise", noise),
    ]
