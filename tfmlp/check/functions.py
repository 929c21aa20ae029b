"""Is a single function right: an activation's derivative, a loss' gradient, softmax, dropout?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmlp.check.causes import Cause
from tfmlp.check.gradients import GradientReport, check_gradients
from tfmlp.reference.activations import ACTIVATIONS
from tfmlp.reference.losses import softmax

_POINTS = np.array([-6.3, -2.3, -1.3, -0.7, -0.31, -0.05, 0.04, 0.29, 0.8, 1.45, 2.0, 3.0, 5.7])
_STEP = 1e-6
_CLOSE = 1e-5


@dataclass(frozen=True)
class FunctionReport:
    """What was found of one function.

    Attributes:
      right: Whether it is right.
      cause: What is wrong, or None.
      note: A remark, such as in which terms a derivative is written.
      detail: The point with the largest difference, in words.
    """

    right: bool
    cause: Cause | None = None
    note: str = ""
    detail: str = ""

    def __str__(self) -> str:
        return (
            ("right" if self.right else f"WRONG: {self.cause.text}")
            + (f" ({self.detail})" if self.detail else "")
            + (f" ({self.note})" if self.note else "")
        )


def check_derivative(
    function: Callable[..., Any], derivative: Callable[..., Any]
) -> FunctionReport:
    """Checks a derivative against central differences of its function, at points on both sides of
    0.

    Args:
      function: Entry by entry: array [m] to array [m].
      derivative: Of the function's input, or of its output (as a * (1 - a) for the sigmoid); both
        count as right, and the report says which it is.
    """
    points = _POINTS
    values = _array(function, points)
    slopes = (_array(function, points + _STEP) - _array(function, points - _STEP)) / (2 * _STEP)
    given = _array(derivative, points)
    if given.shape != slopes.shape:
        return FunctionReport(
            False,
            Cause(
                "shape",
                f"the derivative of an array of shape {points.shape} has the shape {given.shape}",
            ),
        )
    if _close(given, slopes):
        return FunctionReport(True)
    with np.errstate(all="ignore"):
        try:
            of_output = _array(derivative, values)
        except Exception:
            of_output = np.full_like(slopes, np.nan)
    if of_output.shape == slopes.shape and _close(of_output, slopes):
        return FunctionReport(True, note="written in terms of the function's output")
    worst = int(np.nanargmax(np.abs(given - slopes))) if np.isfinite(given).any() else 0
    detail = f"at {points[worst]:g} it gives {given[worst]:.6g}; measured {slopes[worst]:.6g}"
    return FunctionReport(False, _derivative_cause(given, of_output, values, slopes), detail=detail)


def _derivative_cause(
    given: np.ndarray, of_output: np.ndarray, values: np.ndarray, slopes: np.ndarray
) -> Cause:
    if not np.isfinite(given).all():
        return Cause("not_finite", "the derivative is NaN or infinite somewhere")
    flat = _close(slopes[_POINTS < 0], np.full((_POINTS < 0).sum(), slopes[0]))
    if flat and _close(given, np.ones_like(given) * given[-1]) and not _close(slopes, given):
        return Cause(
            "mask",
            "the derivative is the same on both sides of 0: the mask is missing (it must look at"
            " the input, not at the output, which is never below 0)",
        )
    if flat and _close(given[_POINTS > 0], slopes[_POINTS > 0]):
        return Cause("slope", "the derivative is right above 0 and wrong below it: the slope there")
    if (
        flat
        and _close(given[::-1][: (_POINTS > 0).sum()], slopes[_POINTS > 0])
        and _close(given[_POINTS > 0], slopes[_POINTS < 0][0] * np.ones((_POINTS > 0).sum()))
    ):
        return Cause("mask_inverted", "the two sides of 0 are exchanged")
    if _close(given, -slopes):
        return Cause("sign", "the derivative has the wrong sign")
    if _close(given, values):
        return Cause("function_for_derivative", "it returns the function itself")
    ratio = given / np.where(slopes == 0, np.nan, slopes)
    ratio = ratio[np.isfinite(ratio)]
    if len(ratio) > 3 and np.allclose(ratio, ratio[0], rtol=1e-4):
        return Cause(
            (
                "factor_2"
                if np.isclose(abs(ratio[0]), 2) or np.isclose(abs(ratio[0]), 0.5)
                else "scaled"
            ),
            f"the derivative is {ratio[0]:g} times what it should be",
        )
    if _close(given, np.ones_like(given)):
        return Cause("no_derivative", "it is 1 everywhere: the derivative is left out")
    for name, activation in ACTIVATIONS.items():
        true = np.asarray(
            activation.derivative(_POINTS, activation.function(_POINTS)), float
        ) * np.ones_like(_POINTS)
        if _close(given, true) or _close(of_output, true):
            return Cause("wrong_derivative", f"it is the derivative of {name}")
    if np.allclose(given * given, slopes, atol=_CLOSE) or np.allclose(
        given, slopes**2, atol=_CLOSE
    ):
        return Cause("derivative_twice", "the derivative is squared, or its root")
    again = values * (1 - values)
    if _close(given, _POINTS * (1 - _POINTS)) and not _close(again, slopes):
        return Cause("wrong_derivative", "it is x * (1 - x)")
    return Cause("wrong", "the derivative differs from the function's slope")


def check_loss(
    loss: Callable[..., Any], gradient: Callable[..., Any], *, classes: bool = True, seed: int = 0
) -> GradientReport:
    """Checks a loss' gradient by its outputs.

    Args:
      loss: (outputs [7, 4], labels) -> a number, or one number an example (whose mean is taken).
      gradient: (outputs, labels) -> [7, 4].
      classes: Whether to try labels as classes; otherwise as targets [7, 4]. Outputs are in (0, 1)
        with rows that sum to 1, so that they can be probabilities, too.
      seed: Decides the numbers.
    """
    stream = np.random.default_rng(seed)
    outputs = softmax(stream.normal(size=(7, 4)))
    numbers = stream.integers(0, 4, 7)
    targets = np.eye(4)[numbers]
    labels = numbers if classes else targets
    first = np.asarray(loss(outputs, labels))
    whole = (lambda o: np.mean(loss(o, labels))) if first.size > 1 else (lambda o: loss(o, labels))
    report = check_gradients(whole, outputs, gradient(outputs, labels), batch_size=7)
    if report.right:
        return report
    given = np.asarray(gradient(outputs, labels), float)
    for name, text, tried in (
        (
            "softmax_left_out",
            "the gradient is that of probabilities; the loss takes logits",
            -targets / outputs,
        ),
        (
            "loss_mismatch",
            (
                "the gradient is outputs - targets, which is right for softmax' logits and for"
                " squares; this loss takes probabilities"
            ),
            outputs - targets,
        ),
        (
            "loss_mismatch",
            (
                "the gradient is softmax(outputs) - targets, of a loss that takes logits; this loss"
                " does not"
            ),
            softmax(outputs) - targets,
        ),
    ):
        for scale in (1, 1 / 7, 1 / 28):
            if (
                given.shape == tried.shape
                and np.allclose(given, scale * tried, rtol=1e-5, atol=1e-9)
                and (report.cause is None or report.cause.name in ("scaled", "one_kernel", "layer"))
            ):
                return GradientReport(report.parameters, Cause(name, text), report.recognized)
    return report


def check_softmax(function: Callable[..., Any], *, column: bool = False) -> FunctionReport:
    """Checks that a softmax's rows (columns, if `column`) are positive, sum to one, do not change
    when a constant is added, and survive inputs of 1000.
    """
    logits = np.random.default_rng(0).normal(size=(6, 4)) * 2
    given = (
        (lambda x: np.asarray(function(x.T), float).T)
        if column
        else (lambda x: np.asarray(function(x), float))
    )
    with np.errstate(all="ignore"):
        rows, moved, large = (
            given(logits),
            given(logits + np.arange(6)[:, None]),
            given(logits + 1000),
        )
    if rows.shape != logits.shape:
        return FunctionReport(
            False,
            Cause(
                "shape",
                f"the softmax of an array of shape {logits.shape} has the shape {rows.shape}",
            ),
        )
    if not np.allclose(rows.sum(1), 1):
        if np.isclose(rows.sum(), 1) and np.isfinite(large).all():
            return FunctionReport(True, note="the whole array counts as one example")
        if np.allclose(rows.sum(0), 1):
            return FunctionReport(
                False,
                Cause(
                    "wrong_axis",
                    "the softmax sums to one over the wrong axis: every example must sum to one",
                ),
            )
        return FunctionReport(
            False,
            Cause(
                "not_normalized",
                f"the rows do not sum to one: the first sums to {rows[0].sum():.6g}",
            ),
        )
    if not np.isfinite(large).all():
        return FunctionReport(
            False,
            Cause(
                "overflow",
                "inputs of 1000 give NaN: exp overflows; subtract each row's largest entry first,"
                " which changes nothing else",
            ),
        )
    if (
        not np.allclose(rows, softmax(logits))
        or not np.allclose(rows, large)
        or not np.allclose(rows, moved)
    ):
        return FunctionReport(False, Cause("wrong", "it differs from exp(x) / sum(exp(x))"))
    return FunctionReport(True)


def check_dropout(
    train: Callable[[np.ndarray], Any], infer: Callable[[np.ndarray], Any]
) -> FunctionReport:
    """Checks that dropout drops in training and not at inference, and that the mean stays: of
    training and inference, either of which may scale.

    Args:
      train: The layer in training.
      infer: The layer at inference.
    """
    ones = np.ones((200, 500))
    trained, inferred = np.asarray(train(ones), float), np.asarray(infer(ones), float)
    dropped = float((trained == 0).mean())
    if not 0 < dropped < 1:
        return FunctionReport(
            False, Cause("no_dropout", f"in training it drops {100 * dropped:g} % of the units")
        )
    if (inferred == 0).any():
        return FunctionReport(False, Cause("train_flag", "it drops units at inference, too"))
    error = 6 * float(trained.std()) / np.sqrt(trained.size)
    if abs(trained.mean() - inferred.mean()) > error:
        return FunctionReport(
            False,
            Cause(
                "mean",
                f"the mean is {trained.mean():.3f} in training and {inferred.mean():.3f} at"
                " inference: divide what is kept by the keep probability",
            ),
        )
    return FunctionReport(True)


def _array(function: Callable[..., Any], points: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        value = function(points.copy())
    value = np.asarray(value.numpy() if hasattr(value, "numpy") else value, float)
    return value if value.shape else np.broadcast_to(value, points.shape).copy()


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one, other, rtol=1e-4, atol=_CLOSE))
