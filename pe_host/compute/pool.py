"""The worker processes as one: work goes to them in blocks, and the result does not depend on how many there are."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pe_host.compute.blocks import Block, blocks
from pe_host.compute.checks import (
    RuleBrokenError,
    check_data,
    check_form,
    check_grid,
    check_parameters,
    check_samples,
    form_of,
)
from pe_host.compute.failures import broken
from pe_host.compute.info import GeneratorInfo, Loaded, read_info
from pe_host.compute.messages import check_degree, take_samples
from pe_host.compute.protocol import Arrays, ProtocolError
from pe_host.compute.worker_thread import Header, WorkerThread
from pe_host.digest import arrays_of
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.errors import DataError, PluginFailure
from pe_host.isolation.allowed import Allowed
from pe_host.plugins.ref import PluginRef
from pe_sdk import Degree, OutputSpec, Released, Samples, Seeds

SECONDS_VARIABLE = "PE_WORKER_SECONDS"
_SECONDS = 600.0


@dataclass
class _Work:
    """Blocks that are handed out in order until one fails."""

    pending: Iterable[Block]
    lock: threading.Lock = field(default_factory=threading.Lock)
    failures: dict[int, Exception] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pending = iter(self.pending)

    def next(self) -> Block | None:
        with self.lock:
            return None if self.failures else next(iter(self.pending), None)

    def fail(self, block: Block, error: Exception) -> None:
        with self.lock:
            self.failures[block.index] = error


class Workers:
    """Worker processes that make and embed candidates. A context manager: leaving it ends them, at once on an error.

    The order is `start`, `load`, then `random`, `vary` and `data` at will; `embed` after
    `choose_embedding`. Arguments and
    results cover all rows; row i of a result belongs to row i of the arguments. Not for several threads at a time.

    All methods raise `PluginFailure`, naming plugin, operation and block, where the plugin raises, breaks a rule, or
    loses its process (or keeps it busy beyond the time limit) twice with the same block. Where several blocks fail, the
    first is named.
    """

    def __init__(self, threads: list[WorkerThread]) -> None:
        self._threads = threads
        self._loaded: Loaded | None = None
        self._embedding: tuple[PluginRef, dict[str, str]] | None = None
        self._digest: str | None = None
        self._dim = 0
        self._warnings: dict[str, None] = {}
        self.advance: Callable[[int], None] = _unseen
        """Called with the number of rows of each block that is done, from any thread."""

    @classmethod
    def start(
        cls, count: int, seconds: float | None = None, allowed: Allowed | None = None
    ) -> Self:
        """Start the processes, before private data is opened.

        Args:
            count: how many.
            seconds: time for one block; by default PE_WORKER_SECONDS, else 600.
            allowed: what the processes may do; by default nothing that the user has to allow.

        Raises:
            DataError: PE_WORKER_SECONDS is no positive number.
            PeError: the system starts no process.
        """
        if count < 1:
            raise ValueError(f"at least one worker is needed, got {count}")
        limit = _seconds() if seconds is None else seconds
        workers = cls([WorkerThread(limit, allowed or Allowed()) for _ in range(count)])
        try:
            for thread in workers._threads:
                thread.started.result()
        except BaseException:
            workers.close(kill=True)
            raise
        return workers

    @property
    def warnings(self) -> tuple[str, ...]:
        """The distinct warnings of plugins so far, and of worker processes that were started again."""
        return tuple(self._warnings)

    def load(
        self,
        plugin: PluginRef,
        options: Mapping[str, str],
        output: OutputSpec,
        labels: tuple[str, ...],
    ) -> GeneratorInfo:
        """Make the generator in every worker.

        Args:
            plugin: a generator.
            options: as given with `--set`.
            output: form of a record.
            labels: label names.

        Raises:
            UsageError: an option is unknown, or its value cannot be read.
        """
        header = {
            "op": "load",
            "plugin": plugin.to_json(),
            "options": dict(options),
            "output": output.to_json(),
            "labels": list(labels),
        }
        where = str(plugin)
        reply = self._everywhere(header, {}, where, plugin.name)
        try:
            self._loaded = read_info(reply, plugin, output, labels)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise PluginFailure(
                "its worker process describes it in a way that makes no sense", where=where
            ) from error
        self._embedding = self._digest = None
        return self._loaded.info

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        """A fresh sample a row, without data where the generator is `state_only`.

        Args:
            labels: int64 [n], positions in the label names.
            seeds: uint64 [n].
        """
        labels = np.asarray(labels, dtype=np.int64)
        if len(labels) == 0:  # one row tells the columns
            return self.random(np.zeros(1, np.int64), np.zeros(1, np.uint64)).take(slice(0))
        arrays = {"labels": labels, "seeds": np.asarray(seeds, dtype=np.uint64)}
        return self._samples({"op": "random"}, arrays, labels)

    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        """A variation of each sample, without data where the generator is `state_only`.

        Args:
            samples: n of them.
            degree: in [0, 1], or a mapping of parameters to degrees.
            seeds: uint64 [n].
        """
        header = {"op": "vary", "degree": check_degree(degree)}
        if len(samples) == 0:
            return samples
        arrays = {**self._packed(samples), "seeds": np.asarray(seeds, dtype=np.uint64)}
        return self._samples(header, arrays, samples.labels)

    def adapt(self, released: Released | None) -> None:
        """Let the generator go on with what an iteration released, or, with None, as its factory made it."""
        info = self._generator().info
        if not info.adapts:
            return
        header: Header = {"op": "adapt", "released": None}
        arrays: Arrays = {}
        if released is not None:
            header["released"] = {
                "t": released.t,
                "iterations": released.iterations,
                "noise_scale": float(released.noise_scale),
                "final": released.final,
            }
            arrays = {
                **arrays_of(Samples(None, released.labels, released.state)),
                "votes": released.votes,
            }
        self._everywhere(header, arrays, f"{info.plugin}, adapt", info.plugin.name)

    def data(self, samples: Samples) -> NDArray[Any]:
        """The data of samples, [n, *shape]: their own, or made from the state where the generator is `state_only`."""
        info = self._generator().info
        if not info.state_only:
            if samples.data is None:
                raise ValueError("samples of this generator carry their data")
            return samples.data
        data = np.empty((len(samples), *info.output.shape), dtype=info.output.dtype)

        def take(block: Block, arrays: Arrays) -> None:
            check_data(_only(arrays, "data"), info.output, block.size)
            data[block.start : block.stop] = block.trim(arrays["data"])

        self._each({"op": "data"}, self._packed(samples), len(samples), take)
        return data

    def choose_embedding(self, plugin: PluginRef, options: Mapping[str, str]) -> None:
        """Say which embedding `embed` uses; after `load`.

        Args:
            plugin: an embedding.
            options: as given with `--embedding-options`.
        """
        self._generator()
        self._embedding, self._digest = (plugin, dict(options)), None

    def embed(
        self,
        phi: FittedEmbedding,
        samples: Samples,
        lookahead: int = 0,
        degree: Degree = 0.0,
        seeds: Seeds | None = None,
    ) -> NDArray[np.int16]:
        """Vectors of the samples on the grid of `pe_host.embeddings.grid`.

        Args:
            phi: the chosen embedding, fitted.
            samples: n of them.
            lookahead: L. 0 embeds the samples themselves; L > 0 takes the mean over l = 1..L of the
                vectors of their variations with seeds `pe_sdk.random.bits(seeds, "lookahead", l)`
                (arXiv 2502.05505, section 3).
            degree: of these variations.
            seeds: uint64 [n]; needed for L > 0.

        Returns:
            int16 [n, dim].

        Raises:
            UsageError: an option of the embedding is unknown, or its value cannot be read.
        """
        if lookahead < 0 or (lookahead > 0 and seeds is None):
            raise ValueError("lookahead is not negative, and needs seeds where it is not 0")
        dim = self._use(phi)
        arrays = self._packed(samples)
        if lookahead:
            arrays["seeds"] = np.asarray(seeds, dtype=np.uint64)
        grid = np.empty((len(samples), dim), dtype=np.int16)

        def take(block: Block, arrays: Arrays) -> None:
            check_grid(_only(arrays, "grid"), block.size, dim)
            grid[block.start : block.stop] = block.trim(arrays["grid"])

        header = {"op": "embed", "lookahead": lookahead, "degree": check_degree(degree)}
        self._each(header, arrays, len(samples), take)
        return grid

    def _use(self, phi: FittedEmbedding) -> int:
        """Make phi in every worker unless it is there already; returns the length of its vectors."""
        if self._embedding is None:
            raise ValueError("choose_embedding comes before embed")
        if phi.digest == self._digest:
            return self._dim
        plugin, options = self._embedding
        header = {
            "op": "set_embedding",
            "plugin": plugin.to_json(),
            "options": options,
            "weights": phi.weights is not None,
        }
        reply = self._everywhere(header, dict(phi.weights or {}), str(plugin), plugin.name)
        dim = reply.get("dim")
        if type(dim) is not int or not 1 <= dim <= 1 << 20:
            raise broken(f"the `dim` of an embedding lies in 1..{1 << 20}", str(plugin))
        self._dim, self._digest = dim, phi.digest
        return dim

    def close(self, kill: bool = False) -> None:
        """End all processes: those that do not leave by themselves in 5 s are killed; all at once where `kill`."""
        for thread in self._threads:
            thread.close(kill)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close(kill=kind is not None)

    def _generator(self) -> Loaded:
        if self._loaded is None:
            raise ValueError("load comes first")
        return self._loaded

    def _packed(self, samples: Samples) -> Arrays:
        """Samples for the way to a worker; data that can be made again stays here."""
        if self._generator().info.state_only:
            samples = Samples(None, samples.labels, samples.state)
        return arrays_of(samples)

    def _samples(self, header: Header, arrays: Arrays, labels: NDArray[np.int64]) -> Samples:
        loaded = self._generator()
        info = loaded.info
        if ((labels < 0) | (labels >= len(info.labels))).any():
            raise ValueError(f"labels lie in 0..{len(info.labels) - 1}")
        parts: dict[int, Samples] = {}

        def take(block: Block, arrays: Arrays) -> None:
            samples, asked = take_samples(arrays), block.cut(labels)
            if info.state_only and samples.data is not None:
                raise RuleBrokenError("samples of a state_only generator carry no data")
            check_samples(samples, asked, info.output, info.state_only)
            if loaded.space is not None:
                check_parameters(samples.state, asked, loaded.space, loaded.label_spaces)
            parts[block.index] = samples.take(slice(block.stop - block.start))

        self._each(header, arrays, len(labels), take)
        ordered = [parts[index] for index in sorted(parts)]
        form = loaded.form if loaded.form is not None else form_of(ordered[0])
        try:
            for part in ordered:
                check_form(part, form)
        except RuleBrokenError as error:
            raise broken(str(error), f"{info.plugin}, {header['op']}") from error
        loaded.form = form
        return Samples.concatenate(ordered)

    def _each(
        self, header: Header, arrays: Arrays, rows: int, take: Callable[[Block, Arrays], None]
    ) -> None:
        """Send every block of the arrays to some worker, and give each reply to `take`, in a worker's thread."""
        if any(len(array) != rows for array in arrays.values()):
            raise ValueError(
                f"columns of {rows} rows are needed, got {[len(array) for array in arrays.values()]}"
            )
        info = self._generator().info
        work = _Work(blocks(rows, info.block))
        warnings: dict[int, list[str]] = {}

        def run(thread: WorkerThread) -> None:
            while (block := work.next()) is not None:
                where = f"{info.plugin}, {header['op']}, {block}"
                try:
                    request = {name: block.cut(array) for name, array in arrays.items()}
                    _, results, warnings[block.index] = thread.ask(
                        header, request, where, info.plugin.name
                    )
                    take(block, results)
                    self.advance(block.stop - block.start)
                except (RuleBrokenError, ProtocolError) as error:
                    work.fail(block, broken(str(error), where))
                except Exception as error:
                    work.fail(block, error)

        self._wait(run)
        for index in sorted(warnings):
            self._warnings.update(dict.fromkeys(warnings[index]))
        # Blocks before one that fails were handed out before it and are finished: the first failure is always the same.
        if work.failures:
            raise work.failures[min(work.failures)]

    def _everywhere(self, header: Header, arrays: Arrays, where: str, plugin: str) -> Header:
        """Ask every worker the same; their replies must be the same."""
        replies: list[Header] = []

        def run(thread: WorkerThread) -> None:
            reply, _, warnings = thread.ask(header, arrays, where, plugin)
            thread.remember(header, arrays, reply)
            replies.append(reply)
            self._warnings.update(dict.fromkeys(warnings))

        self._wait(run)
        if any(reply != replies[0] for reply in replies):
            raise broken("it describes itself in the same way in every process", where)
        return replies[0]

    def _wait(self, run: Callable[[WorkerThread], None]) -> None:
        """Run something in the threads of all threads, to the end in each, and raise the first exception."""
        futures = [thread.submit(partial(run, thread)) for thread in self._threads]
        for error in [future.exception() for future in futures]:
            if error is not None:
                raise error


def _unseen(rows: int) -> None:
    """Nobody watches."""


def _only(arrays: Arrays, name: str) -> NDArray[Any]:
    if set(arrays) != {name}:
        raise RuleBrokenError(f"the reply is the array {name!r} and no other")
    return arrays[name]


def _seconds() -> float:
    text = os.environ.get(SECONDS_VARIABLE, "")
    try:
        seconds = float(text) if text else _SECONDS
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise DataError(
            f"{text!r} is no positive number of seconds",
            where=SECONDS_VARIABLE,
            fix=f"unset it for {_SECONDS:g}",
        )
    return seconds
