"""SIGINT (Ctrl-C) and SIGTERM, from the program's first moment to its last.

    end_at_once()           until the command line is there: a line, and the end
    send_dropped_again()    if Python drops what `raising` raises
    raising()               while a command runs: an `Interruption` is raised where the program is
    noted()                 while a run trains: noted, so that it ends between two steps
    held()                  while its results are written: Ctrl-C is ignored
    ignore()                while the process ends

Handlers can be set in the main thread only; elsewhere the contexts do nothing.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from tfmlp.errors import Interruption

_AGAIN = 0.05  # seconds
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Handler = Callable[[int, Any], Any] | signal.Handlers


def end_at_once() -> None:
    """From now on, a signal ends the process with one line and the status of the signal."""

    def end(number: int, frame: Any) -> NoReturn:
        os.write(2, b"interrupted\n")
        os._exit(128 + number)

    _handle(end)


def ignore() -> None:
    """From now on, signals are ignored."""
    _handle(signal.SIG_IGN)


def raising() -> list[int]:
    """From now on, a signal raises `Interruption`; returns a list that gets its number, too.

    A library can turn the exception into one of its own; the list still has the number.
    """
    numbers: list[int] = []

    def interrupt(number: int, frame: Any) -> NoReturn:
        numbers.append(number)
        raise Interruption(number)

    _handle(interrupt)
    return numbers


def send_dropped_again() -> None:
    """From now on, a signal is sent again whose `Interruption` Python dropped: where it calls back,
    as it does while it imports a module, it only prints exceptions.
    """
    sys.unraisablehook = _send_again


def _send_again(dropped: "sys.UnraisableHookArgs") -> None:
    """Sends a signal again, if an `Interruption` was dropped; prints what else was, as usual."""
    if isinstance(dropped.exc_value, Interruption):
        number = dropped.exc_value.number
        again = threading.Timer(_AGAIN, os.kill, (os.getpid(), number))
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(dropped)


@contextmanager
def noted() -> Iterator[list[int]]:
    """Yields a list that gets the number of the first signal; a second raises `Interruption`."""
    numbers: list[int] = []

    def note(number: int, frame: Any) -> None:
        if numbers:
            raise Interruption(number)
        numbers.append(number)

    with _handled(note):
        yield numbers


@contextmanager
def held() -> Iterator[None]:
    """Ignores Ctrl-C while open: an impatient second one must not lose what the first saves."""
    with _handled(signal.SIG_IGN, (signal.SIGINT,)):
        yield


def _handle(
    handler: _Handler, numbers: tuple[signal.Signals, ...] = _SIGNALS
) -> dict[signal.Signals, Any]:
    """Sets the handler of some signals; returns those that were set before."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.signal(number, handler) for number in numbers}


@contextmanager
def _handled(handler: _Handler, numbers: tuple[signal.Signals, ...] = _SIGNALS) -> Iterator[None]:
    before = _handle(handler, numbers)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
