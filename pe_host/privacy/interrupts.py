"""Holds back Ctrl-C, hang-up and termination while noise is paid for but not yet on the disk."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""The order in which they are delivered: SIGINT last, because it raises an exception in Python."""


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Delay signals that arrive in the block until after it.

    Outside the main thread this does nothing: Python runs signal handlers in the main thread only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def hold(number: int, frame: FrameType | None) -> None:
        arrived.append(number)

    before = {number: signal.signal(number, hold) for number in _SIGNALS}
    try:
        yield
    finally:
        for held, handler in before.items():
            signal.signal(held, signal.SIG_DFL if handler is None else handler)
        for number in sorted(set(arrived), key=_SIGNALS.index):
            signal.raise_signal(number)
