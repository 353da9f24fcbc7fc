"""The pool of worker processes, used as one: the result does not depend on their number.

Work is cut into blocks of a fixed size, which are handed out in order to whichever worker is free.
Each reply is checked and written to its own rows. When a block fails, no further block is handed
out, but those before it are finished: so the first failing block, whose error is raised, is always
the same. Whatever sets a worker up (generator, embedding, adaptation) goes to all of them, and all
must send the same reply; `WorkerThread.remember` sets up a replacement in the same way.
"""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pe_host.compute.blocks import Block, BlockQueue, blocks
from pe_host.compute.checks import (
    RuleBrokenError,
    check_data,
    check_grid,
    check_parameters,
    check_samples,
    check_schema,
    schema_of,
    single,
)
from pe_host.compute.failures import authors, broken
from pe_host.compute.info import GeneratorInfo, Loaded, read_info
from pe_host.compute.messages import check_degree, take_samples
from pe_host.compute.protocol import Arrays, ProtocolError
from pe_host.compute.worker_thread import Header, WorkerThread
from pe_host.digest import arrays_of
from pe_host.embeddings.fitted import FittedEmbedding
from pe_host.errors import DataError, PluginFailure
from pe_host.isolation.allowed import Allowed
from pe_host.plugins.answers import InvalidAnswer
from pe_host.plugins.ref import PluginRef
from pe_sdk import Degree, OutputSpec, Released, Samples, Seeds

SECONDS_VARIABLE = "PE_WORKER_SECONDS"
_SECONDS = 600.0


class Workers:
    """Worker processes that make and embed candidates.

    A context manager: leaving it ends them, at once on an error. Call `start`, then `load`, then
    `random`, `vary` and `data` in any order; call `choose_embedding` before `embed`. Arguments and
    results cover all rows; row i of a result belongs to row i of the arguments. Not thread-safe.

    All methods raise `PluginFailure`, naming plugin, operation and block, if the plugin raises,
    breaks a rule, or twice loses its process or exceeds the time limit with the same block. If
    several blocks fail, the error names the first.
    """

    def __init__(self, threads: list[WorkerThread]) -> None:
        self._threads = threads
        self._loaded: Loaded | None = None
        self._embedding: tuple[PluginRef, dict[str, str]] | None = None
        self._digest: str | None = None
        self._dim = 0
        self._warnings: dict[str, None] = {}
        self.advance: Callable[[int], None] = lambda _: None
        """Called with the number of rows of each finished block, from any thread."""

    @classmethod
    def start(
        cls, count: int, seconds: float | None = None, allowed: Allowed | None = None
    ) -> Self:
        """Start the processes. Call this before private data is opened.

        Args:
            count: number of processes.
            seconds: time limit of one block; by default PE_WORKER_SECONDS, else 600.
            allowed: what the processes may do; by default nothing that the user has to allow.

        Raises:
            DataError: PE_WORKER_SECONDS is not a positive number.
            PeError: the system cannot start a process.
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
    def count(self) -> int:
        """Number of processes."""
        return len(self._threads)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The distinct warnings so far, of plugins and about restarted worker processes."""
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
            output: spec of a record.
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
        except InvalidAnswer as error:
            what = f"its worker process sent an invalid description of it: {error}"
            raise PluginFailure(what, where=where, fix=authors(where)) from None
        self._embedding = self._digest = None
        return self._loaded.info

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        """A fresh sample per row, without data if the generator is `state_only`.

        Args:
            labels: int64 [n], positions in the label names.
            seeds: uint64 [n].
        """
        labels = np.asarray(labels, dtype=np.int64)
        if len(labels) == 0:  # one row is needed to learn the columns
            return self.random(np.zeros(1, np.int64), np.zeros(1, np.uint64)).take(slice(0))
        arrays = {"labels": labels, "seeds": np.asarray(seeds, dtype=np.uint64)}
        return self._samples({"op": "random"}, arrays, labels)

    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        """A variation of each sample, without data if the generator is `state_only`.

        Args:
            samples: n samples.
            degree: in [0, 1], or a mapping of parameters to degrees.
            seeds: uint64 [n].
        """
        header = {"op": "vary", "degree": check_degree(degree)}
        if len(samples) == 0:
            return samples
        arrays = {**self._packed(samples), "seeds": np.asarray(seeds, dtype=np.uint64)}
        return self._samples(header, arrays, samples.labels)

    def adapt(self, released: Released | None) -> None:
        """Adapt the generator to what an iteration released; None restores the original."""
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
        """The data of samples, [n, *shape].

        If the generator is `state_only`, the data are made from the state.
        """
        info = self._generator().info
        if not info.state_only:
            if samples.data is None:
                raise ValueError("samples of this generator must carry their data")
            return samples.data
        data = np.empty((len(samples), *info.output.shape), dtype=info.output.dtype)

        def take(block: Block, arrays: Arrays) -> None:
            check_data(single(arrays, "data"), info.output, block.size)
            data[block.start : block.stop] = block.trim(arrays["data"])

        self._each({"op": "data"}, self._packed(samples), len(samples), take)
        return data

    def choose_embedding(self, plugin: PluginRef, options: Mapping[str, str]) -> None:
        """Choose the embedding that `embed` uses. Call this after `load`.

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
            samples: n samples.
            lookahead: L. 0 embeds the samples themselves; L > 0 takes the mean over l = 1..L of the
                vectors of their variations with seeds `pe_sdk.random.bits(seeds, "lookahead", l)`
                (arXiv 2502.05505, section 3).
            degree: of these variations.
            seeds: uint64 [n]; required if L > 0.

        Returns:
            int16 [n, dim].

        Raises:
            UsageError: an option of the embedding is unknown, or its value cannot be read.
        """
        if lookahead < 0 or (lookahead > 0 and seeds is None):
            raise ValueError("lookahead must not be negative, and needs seeds unless it is 0")
        dim = self._use(phi)
        arrays = self._packed(samples)
        if lookahead:
            arrays["seeds"] = np.asarray(seeds, dtype=np.uint64)
        grid = np.empty((len(samples), dim), dtype=np.int16)

        def take(block: Block, arrays: Arrays) -> None:
            check_grid(single(arrays, "grid"), block.size, dim)
            grid[block.start : block.stop] = block.trim(arrays["grid"])

        header = {"op": "embed", "lookahead": lookahead, "degree": check_degree(degree)}
        self._each(header, arrays, len(samples), take)
        return grid

    def _use(self, phi: FittedEmbedding) -> int:
        """Make phi in every worker, unless it is there; returns the length of its vectors."""
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
            raise broken(f"the `dim` of an embedding must lie in 1..{1 << 20}", str(plugin))
        self._dim, self._digest = dim, phi.digest
        return dim

    def close(self, kill: bool = False) -> None:
        """End all processes; kill those still running after 5 s, or with `kill` all at once."""
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
        """Samples as arrays for a worker; data that the worker can make again is left out."""
        if self._generator().info.state_only:
            samples = Samples(None, samples.labels, samples.state)
        return arrays_of(samples)

    def _samples(self, header: Header, arrays: Arrays, labels: NDArray[np.int64]) -> Samples:
        loaded = self._generator()
        info = loaded.info
        if ((labels < 0) | (labels >= len(info.labels))).any():
            raise ValueError(f"labels must lie in 0..{len(info.labels) - 1}")
        parts: dict[int, Samples] = {}

        def take(block: Block, arrays: Arrays) -> None:
            samples, requested = take_samples(arrays), block.cut(labels)
            if info.state_only and samples.data is not None:
                raise RuleBrokenError("samples of a state_only generator must carry no data")
            check_samples(samples, requested, info.output, info.state_only)
            if loaded.space is not None:
                check_parameters(samples.state, requested, loaded.space, loaded.label_spaces)
            parts[block.index] = samples.take(slice(block.stop - block.start))

        self._each(header, arrays, len(labels), take)
        ordered = [parts[index] for index in sorted(parts)]
        schema = loaded.schema if loaded.schema is not None else schema_of(ordered[0])
        try:
            for part in ordered:
                check_schema(part, schema)
        except RuleBrokenError as error:
            raise broken(str(error), f"{info.plugin}, {header['op']}") from error
        loaded.schema = schema
        return Samples.concatenate(ordered)

    def _each(
        self, header: Header, arrays: Arrays, rows: int, take: Callable[[Block, Arrays], None]
    ) -> None:
        """Send every block to some worker, and pass each reply to `take`, in a worker's thread."""
        if any(len(array) != rows for array in arrays.values()):
            raise ValueError(
                f"columns of {rows} rows are needed, "
                f"got {[len(array) for array in arrays.values()]}"
            )
        info = self._generator().info
        work = BlockQueue(blocks(rows, info.block))
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
        # Blocks before a failing one were handed out before it and are finished, so the first
        # failure is always the same.
        if work.failures:
            raise work.failures[min(work.failures)]

    def _everywhere(self, header: Header, arrays: Arrays, where: str, plugin: str) -> Header:
        """Send the same request to every worker; all replies must be the same."""
        replies: list[Header] = []

        def run(thread: WorkerThread) -> None:
            reply, _, warnings = thread.ask(header, arrays, where, plugin)
            thread.remember(header, arrays, reply)
            replies.append(reply)
            self._warnings.update(dict.fromkeys(warnings))

        self._wait(run)
        if any(reply != replies[0] for reply in replies):
            raise broken("it must describe itself in the same way in every process", where)
        return replies[0]

    def _wait(self, run: Callable[[WorkerThread], None]) -> None:
        """Run something in every worker's thread, wait for all, and raise the first exception."""
        futures = [thread.submit(partial(run, thread)) for thread in self._threads]
        for error in [future.exception() for future in futures]:
            if error is not None:
                raise error


def _seconds() -> float:
    text = os.environ.get(SECONDS_VARIABLE, "")
    try:
        seconds = float(text) if text else _SECONDS
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise DataError(
            f"{text!r} is not a positive number of seconds",
            where=SECONDS_VARIABLE,
            fix=f"set it to a number of seconds, or unset it for the default of {_SECONDS:g}",
        )
    return seconds
