"""One fresh interpreter for all checks that need one: it imports, makes and calls a plugin and tells what it saw.

`python -m pe_sdk.testing.fresh` reads a request as JSON from stdin and writes its answer to the file named in it.
"""

import gc
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pe_sdk.testing.bench import Bench

THROUGHPUT_ROWS = 4
FEWEST_CALLS, MOST_CALLS, CALLING = 6, 100, 3.0
"""How often memory is looked at: as often as fits into so many seconds."""

SECONDS = 600.0


def ask(bench: "Bench", do: str = "call") -> dict[str, Any]:
    """What a fresh process sees; {"error": text} where it does not come to an end."""
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
                "options": dict(bench.wish.options),
            }
        # Caches of compiled code are kept: they are the user's, and compiling anew would take minutes.
        environment = {**os.environ, "TMPDIR": scratch}
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "pe_sdk.testing.fresh"],
                input=json.dumps(request),
                capture_output=True,
                text=True,
                env=environment,
                cwd=scratch,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"error": f"no end within {SECONDS:g} s"}
        if answer.exists():
            return dict(json.loads(answer.read_text(encoding="utf-8")))
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {"error": f"ended with code {done.returncode} ({last})"}


class Watch:
    """Counts what Python code opens for writing, connects to and opens of GPUs. An audit hook stays for the process."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        self.writes: set[str] = set()
        self.network: set[str] = set()
        self.gpu: set[str] = set()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._open(*arguments)
        elif event in ("os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"):
            self._written(arguments[0])
        elif event in ("os.rename", "os.link", "os.symlink"):
            self._written(arguments[1])
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
            self._written(path)

    def _written(self, path: Any) -> None:
        if isinstance(path, str | bytes | os.PathLike):
            place = os.path.realpath(os.fsdecode(path))
            compiled = "__pycache__" in Path(place).parts  # a cache of the interpreter and of numba
            inside = any(
                Path(place).is_relative_to(root)
                for root in (*self.allowed, "/dev/null", "/proc/self")
            )
            if not compiled and not inside:
                self.writes.add(place)


def _caches(scratch: str) -> tuple[str, ...]:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    named = [
        os.environ[n]
        for n in ("NUMBA_CACHE_DIR", "HF_HOME", "TORCH_HOME", "TORCHINDUCTOR_CACHE_DIR")
        if os.environ.get(n)
    ]
    return tuple(os.path.realpath(p) for p in (scratch, str(home), *named))


def _memory() -> int:
    """Bytes of this process in memory; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    except OSError:
        return 0


def digest(samples: Any) -> str:
    """Of data, labels and state."""
    total = hashlib.sha256()
    for array in (samples.data, samples.labels, *(samples.state[k] for k in sorted(samples.state))):
        total.update(b"none" if array is None else array.tobytes())
    return total.hexdigest()


def _call(request: dict[str, Any], watch: Watch) -> dict[str, Any]:
    from pe_sdk.output import OutputSpec
    from pe_sdk.testing.bench import Bench, Wish, full
    from pe_sdk.testing.subject import Subject, spec_at

    spec = spec_at(request["kind"], request["address"], request["name"])
    wish = Wish(
        OutputSpec.from_json(request["output"]), tuple(request["labels"]), request["options"]
    )
    bench = Bench(Subject(request["kind"], spec, request["address"]), wish)
    generator, n = bench.generator, bench.rows
    codes, seeds = bench.codes(n), bench.seeds(n)
    answer = digest(full(generator, generator.random(codes, seeds)))
    sizes: list[int] = []
    begun = time.perf_counter()
    while len(sizes) < FEWEST_CALLS or (
        len(sizes) < MOST_CALLS and time.perf_counter() - begun < CALLING
    ):
        samples = generator.random(codes, seeds)
        full(generator, generator.vary(full(generator, samples), 0.5, seeds))
        gc.collect()
        sizes.append(_memory())
    start = time.perf_counter()
    few = slice(0, THROUGHPUT_ROWS)
    rows = len(codes[few])
    full(generator, generator.random(codes[few], seeds[few]))
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
    import pe_sdk.testing.bench  # noqa: F401  what the kit itself needs is not the plugin's cost

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
