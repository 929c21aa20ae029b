"""Calls into a user's code: the only place where any exception is an expected answer.

forward = guarded(net.forward)
try:
    outputs = forward(inputs)
except TfmlpError:      # a wrong guess; a defect of the checker itself is no TfmlpError
    ...
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from tfmlp.errors import TfmlpError

T = TypeVar("T")


class UserCodeError(TfmlpError):
    """A user's function raised; its own exception is the `__cause__`."""


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a user's function with the same signature, which raises only `UserCodeError`."""

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except UserCodeError:
            raise
        except Exception as error:  # a user's code may raise what it likes
            raise UserCodeError(f"{type(error).__name__}: {error}") from error

    return call


def attribute(owner: Any, name: str) -> Any:
    """Returns an attribute of a user's object, or None; a property may raise."""
    try:
        return guarded(getattr)(owner, name, None)
    except UserCodeError:
        return None


def attempt(judge: Callable[[], T]) -> T | None:
    """Returns what a check gives, or None if the user's code was not meant to be called so.

    Only a `TfmlpError` counts as that: a defect of the check itself is raised.
    """
    try:
        return judge()
    except TfmlpError:
        return None
