"""Bounds on the time that pieces of a person's code may take.

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
def at_most(seconds: float) -> Iterator[None]:
    """Interrupts what it surrounds; bounds may surround each other. Main thread only.

    Args:
      seconds: After which it is interrupted.
    """
    start = time.monotonic()
    handler = signal.signal(signal.SIGALRM, _interrupt)
    before, _ = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if before:
            left = max(before - (time.monotonic() - start), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, left, _AGAIN)


class Allowance:
    """The time for pieces of one kind."""

    def __init__(self, one: float, all_of_them: float, least: float):
        """Sets it.

        Args:
          one: Seconds that one piece may take.
          all_of_them: Seconds that all may take together.
          least: Seconds that each has even then.
        """
        self._one, self._left, self._least = one, all_of_them, least

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Bounds a piece.

        Raises:
          Overtime: when it takes too long.
        """
        seconds = max(min(self._one, self._left), self._least)
        start = time.monotonic()
        try:
            with at_most(seconds):
                yield
        finally:
            self._left -= time.monotonic() - start


def _interrupt(*_: Any) -> None:
    raise Overtime
