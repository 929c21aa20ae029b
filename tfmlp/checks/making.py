"""Making: how a user's constructor or initializer is called to make a small net."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from tfmlp.checks import words
from tfmlp.checks.calls import UserCodeError, guarded
from tfmlp.checks.conventions import required

RATE = 0.125  # exact in binary, so that what an update changed can be divided by it
_INPUTS, _HIDDEN, _OUTPUTS = _SIZES = (5, 4, 3)
# What a constructor's parameter means, by a part of its name.
_MEANINGS = (
    (re.compile(r"(^|_)(lr|eta|alpha|rate|learning_?rate|step_size)$"), RATE),
    (re.compile(r"out|class|target|label|n_?y$|n2$|(^|_)k$"), _OUTPUTS),
    (re.compile(r"hid|unit|^h\d*$|n_?h\d*$|n1$|mid"), _HIDDEN),
    (re.compile(r"in(put)?|feat|n_?x$|n0$|(^|_)d$"), _INPUTS),
    (re.compile(r"seed|random_state"), 0),
)


def made_by(maker: Callable[..., Any]) -> list[Any]:
    """Returns what a constructor or an initializer makes of the arguments that its parameters'
    names suggest; nothing if it raises.
    """
    try:
        return list(_made(maker))
    except UserCodeError:
        return []


def _made(maker: Callable[..., Any]) -> Iterator[Any]:
    needed, make = required(maker), guarded(maker)
    if needed is None:
        return
    if needed:
        yield make(*_arguments(needed))
        return
    yield make()
    for name in inspect.signature(maker).parameters:
        if name.lower() in words.LAYER_SIZES:
            yield make(**{name: list(_SIZES)})
            return


def _arguments(names: list[str]) -> list[Any]:
    arguments = [_argument(name.lower().strip("_")) for name in names]
    last = len(names) - 1
    for place, value in enumerate(arguments):
        if value is None:  # most people go from the inputs to the outputs
            between = _OUTPUTS if place == last else _HIDDEN
            arguments[place] = _INPUTS if place == 0 else between
    return arguments


def _argument(name: str) -> Any:
    if name in words.LAYER_SIZES:
        return list(_SIZES)
    return next((value for pattern, value in _MEANINGS if pattern.search(name)), None)
