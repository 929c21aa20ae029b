"""Single functions of a file: softmax and dropout, called as they could be meant."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from tfmlp.checks import words
from tfmlp.checks.arrays import Array
from tfmlp.checks.calls import attempt, guarded
from tfmlp.checks.dropout import check_dropout
from tfmlp.checks.findings import Finding
from tfmlp.checks.normalization import check_softmax
from tfmlp.checks.reports import FunctionReport
from tfmlp.checks.roles import required

_RATE = 0.4


def single_functions_in(functions: Mapping[str, Callable[..., Any]]) -> Iterator[Finding]:
    """Checks every function whose name says that it is a softmax or a dropout.

    Args:
      functions: By name.
    """
    for name, function in functions.items():
        if name.lower() in words.SOFTMAX and len(required(function) or ()) == 1:
            yield Finding(name, "softmax", softmax_report(guarded(function)))
        if name.lower() in words.DROPOUT:
            report = _dropout_report(function)
            if report is not None:
                yield Finding(name, "dropout", report)


def softmax_report(function: Callable[..., Any]) -> FunctionReport:
    """Returns the report on a softmax of rows; or of columns, or of one example alone, if that is
    what it is right for: these are layouts, and not mistakes.
    """

    def first(x: Array) -> Any:
        result = function(x)
        return result[0] if isinstance(result, tuple) and result else result  # and a cache

    def each(x: Array) -> Any:
        return np.stack([np.reshape(first(row), -1) for row in x])

    row = attempt(partial(check_softmax, first))
    if row is not None and row.right:
        return row
    ways = (
        (partial(check_softmax, first, column=True), "an example is a column"),
        (partial(check_softmax, each), "of one example"),
    )
    for way, note in ways:
        report = attempt(way)
        if report is not None and report.right:
            return FunctionReport(note="; ".join(part for part in (note, report.note) if part))
    return row or check_softmax(first)


def _dropout_report(function: Callable[..., Any]) -> FunctionReport | None:
    names = list(inspect.signature(function).parameters)
    flag = next((name for name in names if name.lower() in words.TRAINING_FLAG), None)
    rate = next((name for name in names if name.lower() in words.DROPOUT_RATE), None)
    if flag is None or rate is None or names[0] in (flag, rate):
        return None

    def run(training: bool, x: Array) -> Any:
        value: bool | str = training
        if flag.lower() == "mode":
            value = "train" if training else "test"
        result = guarded(function)(x, **{rate: _RATE, flag: value})
        return result[0] if isinstance(result, tuple) and result else result

    return attempt(lambda: check_dropout(partial(run, True), partial(run, False)))
