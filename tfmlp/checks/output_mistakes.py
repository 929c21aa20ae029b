"""Mistakes in the gradient of the loss and the derivative of the output.

Each can be made in all that follows, in the output layer's own gradients alone, or in the error
that goes down to the hidden layers alone.
"""

from collections.abc import Callable, Iterator

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.backward import Mistake, OutputStep
from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.ingredients import OVER_EXAMPLES
from tfmlp.checks.recognized import RecognizedNet

Delta = Callable[[OutputStep], Array]  # the gradient by the output layer's z

_ONLY = {
    "down": (
        "only in the error that goes down to the hidden layers, the output layer's own gradients"
        " are right"
    ),
    "own": "only in the output layer's own gradients, those of the hidden layers are right",
}


def output_mistakes(net: RecognizedNet) -> Iterator[tuple[Cause, Mistake]]:
    """Yields mistakes in the output, the likelier first.

    Args:
      net: The recognized net.
    """
    for likely, delta in _deltas(net):
        yield likely, Mistake(output=delta)
    if net.depth > 1:
        for likely, delta in _deltas(net):
            yield _only(likely, "down"), Mistake(down=delta)
            yield _only(likely, "own"), Mistake(own=delta)


def _only(likely: Cause, where: str) -> Cause:
    return Cause(likely.name, f"{likely.text}; {_ONLY[where]}")


def _deltas(net: RecognizedNet) -> Iterator[tuple[Cause, Delta]]:
    values = dict(loss=net.loss, output=net.output)
    if net.output == OVER_EXAMPLES:
        yield cause(CauseName.WRONG_AXIS, "softmax"), lambda s: s.difference
    if net.output.startswith("softmax"):
        yield cause(CauseName.SOFTMAX_TWICE), lambda s: s.backward(s.backward(s.gradient))
        yield cause(CauseName.SOFTMAX_LEFT_OUT), lambda s: s.gradient
        yield cause(CauseName.SOFTMAX_DIAGONAL), lambda s: s.gradient * s.p * (1 - s.p)
    elif net.output != "linear":
        missing = cause(CauseName.OUTPUT_DERIVATIVE_MISSING, output=net.output)
        yield missing, lambda s: s.gradient
        if net.loss != "cross-entropy":
            yield missing, lambda s: s.difference
        twice = cause(CauseName.OUTPUT_DERIVATIVE_TWICE, output=net.output)
        yield twice, lambda s: s.backward(s.backward(s.gradient))
        yield from _at_wrong_place(net.output)
    if net.output in ("softmax", "sigmoid") and net.loss == "squares":
        yield cause(CauseName.LOSS_MISMATCH, **values), lambda s: s.difference
    if net.output == "sigmoid" and net.loss == "cross-entropy":
        yield cause(CauseName.LOSS_MISMATCH, "binary"), lambda s: s.difference
    formula = cause(CauseName.OUTPUT_DERIVATIVE_TWICE, "formula", **values)
    yield formula, lambda s: s.difference * s.p * (1 - s.p)
    if net.output == "tanh":
        yield formula, lambda s: s.difference * (1 - s.p**2)
    if net.loss != "squares":
        variant = "not_squared" if net.loss == "differences" else "squares"
        mismatch = cause(CauseName.LOSS_MISMATCH, variant, **values)
        yield mismatch, lambda s: s.backward(s.difference)
        yield mismatch, lambda s: s.backward(2 * s.difference)
    kind = CauseName.LOSS_GRADIENT
    for variant, delta in _OF_LOSSES:
        if variant not in ("terms", "exchanged") or net.loss == "binary cross-entropy":
            yield cause(kind, variant), delta


def _at_wrong_place(output: str) -> Iterator[tuple[Cause, Delta]]:
    """Yields derivatives of the output that are taken of the wrong numbers."""
    at_output = cause(CauseName.DERIVATIVE_OF_OUTPUT, place=" in the output", hidden=output)
    yield at_output, lambda s: s.activation(s.p, _again(s), s.gradient)
    formula = {"sigmoid": "z * (1 - z)", "tanh": "1 - z**2"}.get(output)
    if formula:
        values = dict(place=" in the output", hidden=output, formula=formula)
        at_input = cause(CauseName.DERIVATIVE_OF_INPUT, **values)
        yield at_input, lambda s: s.activation(s.z, s.z, s.gradient)
    for formula, derivative in _DERIVATIVES:
        values = dict(place=" in the output", hidden=output, formula=formula)
        wrong = cause(CauseName.WRONG_DERIVATIVE, "nobody", **values)
        yield wrong, _times(derivative)
    function = cause(CauseName.FUNCTION_FOR_DERIVATIVE, place=" in the output")
    yield function, lambda s: s.gradient * s.p


_DERIVATIVES: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("a * (1 - a)", lambda p: p * (1 - p)),
    ("1 - a**2", lambda p: 1 - p**2),
    ("1 - a", lambda p: 1 - p),
    ("1 + a**2", lambda p: 1 + p**2),
    ("a * (1 + a)", lambda p: p * (1 + p)),
)


def _times(derivative: Callable[[Array], Array]) -> Delta:
    return lambda s: s.gradient * derivative(s.p)


def _again(step: OutputStep) -> Array:
    """Returns the sigmoid or tanh of the outputs."""
    is_sigmoid = np.all(step.p > 0) and not np.allclose(step.p, np.tanh(step.z))
    again: Array = 1 / (1 + np.exp(-step.p)) if is_sigmoid else np.tanh(step.p)
    return again


# What stands in place of the loss's gradient.
_OF_LOSSES: tuple[tuple[str, Delta], ...] = (
    ("logits", lambda s: s.scale * (s.z - s.targets)),
    ("no_targets", lambda s: s.scale * s.p),
    ("targets", lambda s: -s.scale * s.targets),
    ("ones", lambda s: s.scale * (s.p - 1)),
    ("half", lambda s: -s.scale * s.targets * (1 - s.p)),
    ("true_only", lambda s: s.difference * (s.targets > 0)),
    ("rounded", lambda s: s.scale * (np.round(s.p) - s.targets)),
    ("largest", lambda s: s.scale * (_one_hot(s.p) - s.targets)),
    ("terms", lambda s: -s.scale * (s.targets * (1 - s.p) + (1 - s.targets) * s.p)),
    ("terms", lambda s: s.scale * (s.targets * (1 - s.p) + (1 - s.targets) * s.p)),
    ("exchanged", lambda s: s.scale * ((1 - s.targets) * (1 - s.p) - s.targets * s.p)),
    ("absolute", lambda s: s.backward(np.abs(s.gradient))),
    ("absolute", lambda s: np.abs(s.difference)),
    ("loss", lambda s: s.backward(s.scale * (s.p - s.targets) ** 2)),
    ("loss", lambda s: s.scale * (s.p - s.targets) ** 2),
    ("sign", lambda s: s.backward(s.scale * np.sign(s.p - s.targets))),
    ("sum", lambda s: s.backward(s.scale * (s.p + s.targets))),
    ("sum", lambda s: s.scale * (s.p + s.targets)),
    ("averaged", lambda s: _averaged(s.backward(s.gradient))),
    ("shifted", lambda s: s.backward(s.gradient) - s.difference + _shifted(s)),
)


def _one_hot(p: Array) -> Array:
    hot: Array = np.eye(p.shape[1])[p.argmax(axis=1)] if p.shape[1] > 1 else np.round(p)
    return hot


def _averaged(delta: Array) -> Array:
    averaged: Array = np.broadcast_to(delta.mean(axis=0), delta.shape)
    return averaged


def _shifted(step: OutputStep) -> Array:
    """Returns p - t with the targets of the examples before."""
    shifted: Array = step.scale * (step.p - np.roll(step.targets, 1, axis=0))
    return shifted
