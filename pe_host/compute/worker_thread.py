"""One worker process and the host thread that owns it.

All use of the process happens in its thread, task by task; only `close` comes from elsewhere. A
process that is lost (a crash, a timeout, nonsense in place of a reply) is started again, once per
request. The new one first gets every request that set the old one up, as `remember` recorded them,
and must send the same replies: so a restart never changes a result.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from numpy.typing import NDArray

from pe_host.compute.failures import authors, failure, printable
from pe_host.compute.process import WorkerLostError, WorkerProcess
from pe_host.compute.protocol import Arrays, ProtocolError
from pe_host.errors import PeError, PluginFailure
from pe_host.isolation.allowed import Allowed

T = TypeVar("T")
Header = dict[str, Any]

_GRACE_SECONDS = 5.0
_WARNINGS_LIMIT = 50


class WorkerThread:
    """Runs tasks one after the other, in a thread that lives as long as its worker process.

    Another executor than local processes would stand here, with `ask`, `submit` and `remember`.

    Args:
        seconds: time limit of one request and its reply.
        allowed: what the process may do.
    """

    def __init__(self, seconds: float, allowed: Allowed) -> None:
        self._seconds, self._allowed = seconds, allowed
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._process: WorkerProcess | None = None
        self._setup: dict[str, tuple[Header, Mapping[str, NDArray[Any]], Header]] = {}
        self._closing = False
        # A daemon: if nobody closes it, thread and worker process end with the host.
        self._thread = threading.Thread(target=self._run, name="pe-worker", daemon=True)
        self._thread.start()
        self.started = self.submit(self._start)
        """Done once the process runs."""

    def submit(self, task: Callable[[], T]) -> "Future[T]":
        """Run a task in this thread."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(task())
            except BaseException as error:
                future.set_exception(error)

        self._tasks.put(run)
        return future

    def ask(
        self, header: Header, arrays: Mapping[str, NDArray[Any]], where: str, plugin: str
    ) -> tuple[Header, Arrays, list[str]]:
        """The worker's reply to one request. Call this in tasks of this thread only.

        Args:
            header: of the request; `header["op"]` names the operation.
            arrays: of the request.
            where: plugin, operation and block, for errors.
            plugin: the name that users type.

        Returns:
            Header and arrays of the reply, and the warnings of the plugin.

        Raises:
            PeError: the plugin failed, or its process was lost twice.
        """
        lost: list[str] = []
        while True:
            if self._closing:
                raise WorkerLostError("was closed")
            try:
                process = self._process or self._restart(where, plugin)
                reply, results = process.ask(header, arrays, self._seconds)
            except ProtocolError as error:
                raise PluginFailure(
                    f"a block cannot be sent: {error}",
                    where=where,
                    fix="ask the plugin's authors to lower its `block`",
                ) from error
            except WorkerLostError as error:
                self._process = None
                lost.append(str(error))
                if len(lost) == 2 and not self._closing:
                    raise PluginFailure(
                        f"its worker process {error}",
                        where=where,
                        fix=f"this happened twice; {authors(where)}",
                    ) from None
                continue
            warnings = _texts(reply.pop("warnings", []))
            if "error" in reply:
                raise failure(reply["error"], where, plugin)
            if lost:
                warnings.append(
                    f"{where}: a worker process {lost[0]}\nIt was started again and then succeeded"
                )
            return reply, results, warnings

    def remember(self, header: Header, arrays: Mapping[str, NDArray[Any]], reply: Header) -> None:
        """Repeat this request to a process that replaces a lost one; it must send the same reply.

        An earlier request of the same operation is forgotten; "load" forgets all.
        """
        if header["op"] == "load":
            self._setup.clear()
        self._setup[header["op"]] = header, arrays, reply

    def close(self, kill: bool) -> None:
        """End the process and the thread; with `kill`, at once, whatever the worker is doing."""
        self._closing = True
        process = self._process
        if kill and process is not None:
            process.kill()
        self._tasks.put(None)

    def join(self) -> None:
        """Wait until process and thread have ended, after `close`.

        This takes a few seconds at most, because a process that does not exit is killed.
        """
        self._thread.join()

    def _start(self) -> WorkerProcess:
        try:
            self._process = process = WorkerProcess(self._allowed)
        except OSError as error:
            raise PeError(
                f"cannot start a worker process: {error}", fix="use fewer workers"
            ) from error
        return process

    def _restart(self, where: str, plugin: str) -> WorkerProcess:
        process = self._start()
        if self._closing:  # `close` may have looked before there was a process to kill
            process.kill()
        try:
            self._replay(process, where, plugin)
        except PeError:
            process.end()
            self._process = None
            raise
        return process

    def _replay(self, process: WorkerProcess, where: str, plugin: str) -> None:
        for header, arrays, expected in self._setup.values():
            reply, _ = process.ask(header, arrays, self._seconds)
            reply.pop("warnings", None)
            if "error" in reply:
                raise failure(reply["error"], where, plugin)
            if reply != expected:
                raise PluginFailure(
                    "the plugin described itself differently after its worker was restarted",
                    where=where,
                    fix="if it was updated during the run, run the same command with --resume",
                )

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
        if self._process is not None:
            self._process.end(_GRACE_SECONDS)


def _texts(warnings: Any) -> list[str]:
    return (
        [printable(text) for text in warnings[:_WARNINGS_LIMIT]]
        if isinstance(warnings, list)
        else []
    )
