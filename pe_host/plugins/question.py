"""Requests to child processes about plugins, with a time limit, one or several at a time."""

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import IO, Any

from pe_host.errors import PluginFailure
from pe_host.isolation.allowed import Allowed
from pe_host.isolation.launch import launch
from pe_host.plugins.answers import (
    Answer,
    InvalidAnswer,
    failure_of,
    parse,
    report_to_authors,
    result_of,
    shown,
)
from pe_host.plugins.ref import PluginRef

AT_ONCE = 2  # children at a time: several copies of torch are not free
_POLL_SECONDS = 0.01
_END_BYTES = 1 << 16
"""How much is read from the end of what a plugin wrote to stderr."""


def ask(ref: PluginRef, request: Mapping[str, Any], seconds: float, allowed: Allowed) -> Answer:
    """Ask a child process about a plugin; raises as `ChildRequest.result`."""
    with ChildRequest(ref, request, seconds, allowed) as question:
        while not question.over():
            time.sleep(_POLL_SECONDS)
        return question.result()


def ask_each(
    refs: Sequence[PluginRef],
    request: Mapping[str, Any],
    seconds: float,
    allowed: Callable[[PluginRef], Allowed],
) -> list[Answer | PluginFailure]:
    """Ask one child process about each plugin; returns the answers or failures, in order."""
    answers: dict[int, Answer | PluginFailure] = {}
    waiting = list(range(len(refs)))
    running: dict[int, ChildRequest] = {}
    with ExitStack() as stack:  # an interruption ends the children too
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                i = waiting.pop(0)
                question = ChildRequest(refs[i], request, seconds, allowed(refs[i]))
                running[i] = stack.enter_context(question)
            for i in [i for i, question in running.items() if question.over()]:
                with running.pop(i) as question:
                    try:
                        answers[i] = question.result()
                    except PluginFailure as failure:
                        answers[i] = failure
            time.sleep(_POLL_SECONDS)
    return [answers[i] for i in range(len(refs))]


class ChildRequest:
    """A request to `pe_host.plugins.child`, in a confined process that the `with` block ends.

    Args:
        ref: the plugin.
        request: "do" and its arguments.
        seconds: time limit.
        allowed: what the process may do.
    """

    def __init__(
        self, ref: PluginRef, request: Mapping[str, Any], seconds: float, allowed: Allowed
    ) -> None:
        self.ref = ref
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        # Files, not pipes: a process that the plugin started could hold a pipe open.
        # `__exit__` closes them.
        self._stdout = tempfile.TemporaryFile()  # noqa: SIM115
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        with tempfile.TemporaryFile() as stdin:
            stdin.write(json.dumps({**request, "ref": ref.to_json()}).encode())
            stdin.seek(0)
            self._process = launch(
                "pe_host.plugins.child",
                stdin=stdin,
                stdout=self._stdout,
                stderr=self._stderr,
                allowed=allowed,
            )

    def __enter__(self) -> "ChildRequest":
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.end()
        self._stdout.close()
        self._stderr.close()

    def over(self) -> bool:
        """Whether the process has ended or used up its time."""
        return self._process.poll() is not None or time.monotonic() > self._deadline

    def result(self) -> dict[str, Any]:
        """Return the answer, once `over`.

        Raises:
            PluginFailure: the plugin failed, the process died, or took too long.
            UsageError: the plugin does not accept an option.
        """
        code = self._process.poll()
        if code is None:
            what = f"gave no answer within {self._seconds:g} s"
            raise PluginFailure(what, where=str(self.ref), fix=report_to_authors(self.ref))
        self._stdout.seek(0)
        try:
            return result_of(parse(self._stdout))
        except InvalidAnswer as error:
            if self._stdout.seek(0, 2):
                raise failure_of(error, self.ref) from None
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        raise PluginFailure(
            f"its process {how} without an answer ({_last_line(self._stderr)})",
            where=str(self.ref),
            fix=report_to_authors(self.ref),
        )


def _last_line(stream: IO[bytes]) -> str:
    stream.seek(max(0, stream.seek(0, 2) - _END_BYTES))
    lines = stream.read().decode(errors="replace").strip().splitlines()
    return shown(lines[-1], "a line") if lines else "no message"
