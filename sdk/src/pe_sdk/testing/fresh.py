"""A fresh interpreter that imports, makes and calls a plugin, and reports what it observed.

One such process serves all checks that need it. `python -m pe_sdk.testing.fresh` reads a request as
JSON from stdin and writes its answer to the file that the request names.
"""

import gc
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pe_sdk.testing.bench import Bench

THROUGHPUT_ROWS = 4
FEWEST_CALLS, MOST_CALLS, CALL_SECONDS = 6, 100, 3.0
"""Number of calls after which memory is measured: as many as fit into these seconds."""

SECONDS = 600.0
"""Time limit of a fresh process."""


def ask(bench: "Bench", do: str = "call") -> dict[str, Any]:
    """Return the observations of a fresh process, or {"error": text} if it does not finish."""
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch) / "answer.json"
        request: dict[str, Any] = {
            "do": do,
            "kind": bench.subject.kind,
            "address": bench.subject.address,
            "name": bench.spec.name,
            "path": sys.path,
            "answer": str(answer),
            "scratch": scratch,
        }
        if do == "call":
            request |= {
                "output": bench.output.to_json(),
                "labels": list(bench.labels),
                "options": dict(bench.settings.options),
                "most_calls": MOST_CALLS,
            }
        # The user's caches of compiled code are kept: compiling again would take minutes.
        environment = {**os.environ, "TMPDIR": scratch}
        code, last = _run(json.dumps(request), scratch, environment)
        if code is None:
            return {"error": f"the process did not finish within {SECONDS:g} s"}
        if answer.exists():
            return dict(json.loads(answer.read_text(encoding="utf-8")))
        return {"error": f"the process ended with exit code {code} ({last})"}


def _run(request: str, folder: str, environment: dict[str, str]) -> tuple[int | None, str]:
    """Run the process and end its process group.

    Its streams are files, not pipes: a process that the plugin leaves could hold a pipe open.

    Returns:
        The exit code, None if it took too long, and the last line of its standard error.
    """
    with tempfile.TemporaryFile("w+") as stdin, tempfile.TemporaryFile("w+b") as stderr:
        stdin.write(request)
        stdin.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pe_sdk.testing.fresh"],
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        code: int | None = None
        try:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(SECONDS)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        stderr.seek(0)
        lines = stderr.read().decode(errors="replace").strip().splitlines()
        return code, (lines or ["no message"])[-1]


class Watch:
    """Records which files, network functions and GPUs Python code opens.

    It is an audit hook, which stays in place as long as the process.
    """

    def __init__(self, writable: tuple[str, ...]) -> None:
        self.writable = writable
        self.writes: set[str] = set()
        self.network: set[str] = set()
        self.gpu: set[str] = set()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._open(*arguments)
        elif event in ("os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"):
            self._record_write(arguments[0])
        elif event in ("os.rename", "os.link", "os.symlink"):
            self._record_write(arguments[1])
        elif event in (
            "socket.connect",
            "socket.getaddrinfo",
            "socket.gethostbyname",
            "socket.sendto",
        ):
            self.network.add(event)

    def _open(self, path: Any, mode: Any, flags: Any) -> None:
        if str(path).startswith(("/dev/nvidia", "/dev/kfd", "/dev/dri/render")):
            self.gpu.add(str(path))
        elif isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            self._record_write(path)

    def _record_write(self, path: Any) -> None:
        if isinstance(path, str | bytes | os.PathLike):
            target = os.path.realpath(os.fsdecode(path))
            compiled = "__pycache__" in Path(target).parts  # caches of Python and numba
            inside = any(
                Path(target).is_relative_to(root)
                for root in (*self.writable, "/dev/null", "/proc/self")
            )
            if not compiled and not inside:
                self.writes.add(target)


def _caches(scratch: str) -> tuple[str, ...]:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    named = [
        os.environ[n]
        for n in ("NUMBA_CACHE_DIR", "HF_HOME", "TORCH_HOME", "TORCHINDUCTOR_CACHE_DIR")
        if os.environ.get(n)
    ]
    return tuple(os.path.realpath(p) for p in (scratch, str(home), *named))


def _memory() -> int:
    """Return the bytes of this process in memory, or the most that it ever had.

    A confined process cannot read what the system says of those that it starts.
    """
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    except OSError:
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def digest(samples: Any) -> str:
    """Return a digest of data, labels and state."""
    total = hashlib.sha256()
    for array in (samples.data, samples.labels, *(samples.state[k] for k in sorted(samples.state))):
        total.update(b"none" if array is None else array.tobytes())
    return total.hexdigest()


def _call(request: dict[str, Any], watch: Watch) -> dict[str, Any]:
    from pe_sdk.output import OutputSpec
    from pe_sdk.testing.bench import Bench, CheckSettings, with_data
    from pe_sdk.testing.subject import Subject, spec_at

    spec = spec_at(request["kind"], request["address"], request["name"])
    settings = CheckSettings(
        OutputSpec.from_json(request["output"]), tuple(request["labels"]), request["options"]
    )
    bench = Bench(Subject(request["kind"], spec, request["address"]), settings)
    generator, n = bench.generator, bench.rows
    codes, seeds = bench.codes(n), bench.seeds(n)
    answer = digest(with_data(generator, generator.random(codes, seeds)))
    sizes: list[int] = []
    begun = time.perf_counter()
    while len(sizes) < FEWEST_CALLS or (
        len(sizes) < request["most_calls"] and time.perf_counter() - begun < CALL_SECONDS
    ):
        samples = generator.random(codes, seeds)
        with_data(generator, generator.vary(with_data(generator, samples), 0.5, seeds))
        gc.collect()
        sizes.append(_memory())
    start = time.perf_counter()
    few = slice(0, THROUGHPUT_ROWS)
    rows = len(codes[few])
    with_data(generator, generator.random(codes[few], seeds[few]))
    rate = rows / max(time.perf_counter() - start, 1e-9)
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        watch.gpu.add("torch.cuda")
    return {
        "digest": answer,
        "growth": sizes[-1] - sizes[1],
        "calls": len(sizes),
        "rate": rate,
        "writes": sorted(watch.writes),
        "network": sorted(watch.network),
        "gpu": sorted(watch.gpu),
    }


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    sys.path[:] = request["path"]
    sys.dont_write_bytecode = True
    import pe_sdk.testing.bench  # noqa: F401  the kit's own imports are not the plugin's cost

    if request["do"] == "import":
        before, start = set(sys.modules), time.process_time()
        from pe_sdk.testing.subject import spec_at

        spec_at(request["kind"], request["address"], request["name"])
        added = {name.partition(".")[0] for name in set(sys.modules) - before}
        result: dict[str, Any] = {
            "import_seconds": time.process_time() - start,
            "modules": sorted(added),
        }
    else:
        watch = Watch(_caches(request["scratch"]))
        sys.addaudithook(watch)
        try:
            result = _call(request, watch)
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
    Path(request["answer"]).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
