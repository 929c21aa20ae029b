"""The usual mistakes: what goes wrong in the backward passes that people write.

    for cause, mistake in usual_mistakes(net, given): net.gradients(mistake)

A cause found here is not a guess: the wrong gradient was computed with this one mistake and came
out the same.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.recognized import Mistake, RecognizedNet

# Instead of the derivative of a hidden layer, of (activation, z, a).
_LEFT_OUT = Mistake(derivative=lambda f, z, a: np.ones_like(z))
_OF_OUTPUT = Mistake(derivative=lambda f, z, a: f.derivative(a, f.function(a)))
_OF_INPUT = Mistake(derivative=lambda f, z, a: f.derivative(z, z))
_INVERTED = Mistake(derivative=lambda f, z, a: 1 - f.derivative(z, a))
_ZERO_BELOW = Mistake(derivative=lambda f, z, a: (z > 0).astype(float))
_SIGMOID = Mistake(derivative=lambda f, z, a: a * (1 - a))
_FUNCTION = Mistake(derivative=lambda f, z, a: a)
_SQUARED = Mistake(derivative=lambda f, z, a: f.derivative(z, a) ** 2)

# Instead of the gradient by the output layer's z.
_OUTPUT_LEFT_OUT = Mistake(output=lambda step: step.gradient)
_OUTPUT_TWICE = Mistake(output=lambda step: step.backward(step.backward(step.gradient)))
_DIFFERENCE = Mistake(output=lambda step: step.difference)
_DIFFERENCE_TIMES_DERIVATIVE = Mistake(output=lambda step: step.difference * step.p * (1 - step.p))

Explained = tuple[Cause, Mistake]


def usual_mistakes(net: RecognizedNet, given: dict[str, Any]) -> Iterator[Explained]:
    """Yields each mistake with its cause, the likelier first.

    Args:
      net: The recognized net.
      given: The gradients to be explained, by parameter.
    """
    yield from _hidden_mistakes(net)
    yield from _output_mistakes(net)
    yield from _layer_mistakes(net)
    rate = _fitted_rate(net, given)
    yield cause(CauseName.UPDATED_WEIGHTS, rate=rate), Mistake(rate=rate)


def _hidden_mistakes(net: RecognizedNet) -> Iterator[Explained]:
    """Yields mistakes in the derivative of all hidden layers, then of each."""
    places: list[tuple[int | None, str]] = [(None, "")]
    if net.depth > 2:
        places += [(i, f" of hidden layer {i + 1}") for i in range(net.depth - 1)]
    for layer, place in places:
        for name, mistake in _derivative_mistakes(net.hidden):
            formula = "z * (1 - z)" if net.hidden == "sigmoid" else "1 - z**2"
            explained = cause(name, place=place, hidden=net.hidden, formula=formula)
            yield explained, Mistake(derivative=mistake.derivative, layer=layer)


def _derivative_mistakes(hidden: str) -> Iterator[tuple[CauseName, Mistake]]:
    if hidden == "relu" or hidden.startswith("leaky"):
        yield CauseName.MASK, _LEFT_OUT
        yield CauseName.MASK_INVERTED, _INVERTED
        if hidden != "relu":
            yield CauseName.NEGATIVE_SLOPE, _ZERO_BELOW
    elif hidden != "linear":
        yield CauseName.NO_DERIVATIVE, _LEFT_OUT
        yield CauseName.DERIVATIVE_OF_OUTPUT, _OF_OUTPUT
        yield CauseName.DERIVATIVE_OF_INPUT, _OF_INPUT
    if hidden != "sigmoid":
        yield CauseName.WRONG_DERIVATIVE, _SIGMOID
    if hidden != "linear":
        yield CauseName.FUNCTION_FOR_DERIVATIVE, _FUNCTION
        yield CauseName.DERIVATIVE_TWICE, _SQUARED


def _output_mistakes(net: RecognizedNet) -> Iterator[Explained]:
    if net.output == "softmax":
        yield cause(CauseName.SOFTMAX_TWICE), _OUTPUT_TWICE
        yield cause(CauseName.SOFTMAX_LEFT_OUT), _OUTPUT_LEFT_OUT
    elif net.output != "linear":
        missing = cause(CauseName.OUTPUT_DERIVATIVE_MISSING, output=net.output)
        yield missing, _OUTPUT_LEFT_OUT
        yield missing, _DIFFERENCE
        yield cause(CauseName.OUTPUT_DERIVATIVE_TWICE, output=net.output), _OUTPUT_TWICE
    values = dict(loss=net.loss, output=net.output)
    twice = cause(CauseName.OUTPUT_DERIVATIVE_TWICE, "formula", **values)
    yield twice, _DIFFERENCE_TIMES_DERIVATIVE
    if net.output != "linear" and net.loss == "squares":
        yield cause(CauseName.LOSS_MISMATCH, loss=net.loss), _DIFFERENCE


def _layer_mistakes(net: RecognizedNet) -> Iterator[Explained]:
    """Yields mistakes in the products with inputs and kernels, and in the sum over examples."""
    if net.hidden != "linear":
        yield cause(CauseName.PREACTIVATION), Mistake(below=lambda z, a: z)
    yield cause(CauseName.STALE_ACTIVATIONS), Mistake(shift=1)
    backward = tuple(range(1, net.depth))
    for untransposed in (backward, *((index,) for index in backward)):
        yield cause(CauseName.UNTRANSPOSED), Mistake(untransposed=untransposed)
    yield cause(CauseName.ONE_EXAMPLE, which="last"), Mistake(example=-1)
    yield cause(CauseName.ONE_EXAMPLE, which="first"), Mistake(example=0)


def _fitted_rate(net: RecognizedNet, given: dict[str, Any]) -> float:
    """Returns the learning rate under which gradients through updated weights come nearest to the
    given ones.
    """

    def flat(gradients: dict[str, Any]) -> Array:
        return np.concatenate([np.ravel(gradients[name]) for name in net.layout.shapes])

    target, rate = flat(given), 0.0
    for size in (1e-4, 1e-6):  # first along the tangent at 0, then along the one at what came out
        here = flat(net.gradients(Mistake(rate=rate)))
        tangent = (flat(net.gradients(Mistake(rate=rate + size))) - here) / size
        if not tangent.any():
            break
        rate += float(np.dot(target - here, tangent) / np.dot(tangent, tangent))
    return rate
