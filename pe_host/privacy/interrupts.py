"""Holds back Ctrl-C, hang-up and termination for the moment in which noise is paid for but not yet on the disk."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""In the order in which they are let through: SIGINT, which raises an exception in Python, last."""


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Signals that arrive in the block take effect after it. In other threads than the main one they do anyway."""
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
