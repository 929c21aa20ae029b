"""A bound on the time of a piece of a person's code.

    with at_most(0.5):
        train()  # raises Overtime after half a second
"""

import contextlib
import signal
import time
from collections.abc import Iterator
from typing import Any

_AGAIN = 0.1  # seconds after which code that swallows an interruption is interrupted again


class Overtime(BaseException):
    """A piece of code took too long. No `Exception`: a person's `except Exception` lets it pass."""


@contextlib.contextmanager
def at_most(seconds: float | None) -> Iterator[None]:
    """Interrupts what it surrounds; bounds may surround each other. Main thread only.

    Args:
      seconds: After which it is interrupted; None for never.
    """
    start = time.monotonic()
    handler = signal.signal(signal.SIGALRM, _interrupt)
    before, _ = signal.setitimer(signal.ITIMER_REAL, seconds or 0, _AGAIN if seconds else 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if before:
            left = max(before - (time.monotonic() - start), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, left, _AGAIN)


def _interrupt(*_: Any) -> None:
    raise Overtime
