"""Mistakes in the gradients of biases."""

from collections.abc import Callable, Iterator

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.backward import Mistake, Step
from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.recognized import RecognizedNet

Sum = Callable[[Step], Array]


def bias_mistakes(net: RecognizedNet) -> Iterator[tuple[Cause, Mistake]]:
    """Yields mistakes in the gradients of all biases, then of each.

    Args:
      net: The recognized net.
    """
    having = [index for index, (_, bias) in enumerate(net.layers) if bias is not None]
    if len(having) > 1:
        for likely, total in _sums("the biases"):
            yield likely, Mistake(bias=total)
    for layer in having:
        place = net.layout.places[layer]
        name = place.bias or f"the bias in {place.kernel}"
        for likely, total in (*_sums(name), *_of_others(net, layer, name)):
            yield likely, Mistake(bias=total, layer=layer)


def _sums(name: str) -> Iterator[tuple[Cause, Sum]]:
    """Yields what is taken in place of the sum over the examples."""
    yield cause(CauseName.BIAS, "total", name=name), lambda s: s.delta.sum()
    yield cause(CauseName.BIAS, "mean", name=name), lambda s: s.delta.mean(axis=0)
    yield cause(CauseName.BIAS, "total_mean", name=name), lambda s: s.delta.mean()
    yield cause(CauseName.BIAS, "units_mean", name=name), lambda s: s.delta.sum() / s.delta.shape[1]
    yield cause(CauseName.BIAS, "units", name=name), _over_units
    for which, index in (("last", -1), ("first", 0)):
        yield cause(CauseName.ONE_EXAMPLE, "one", which=which, name=name), _of_example(index)
    yield cause(CauseName.BEFORE_DERIVATIVE, names=name), lambda s: s.incoming.sum(axis=0)
    yield cause(CauseName.BIAS, "kernel", name=name), lambda s: s.d_kernel.sum(axis=0)
    yield cause(CauseName.BIAS, "times", name=name), _times_bias
    yield cause(CauseName.BIAS, "ones", name=name), lambda s: np.ones(s.delta.shape[1])
    yield cause(CauseName.BIAS, "absolute", name=name), lambda s: np.abs(s.delta).sum(axis=0)


def _of_others(net: RecognizedNet, layer: int, name: str) -> Iterator[tuple[Cause, Sum]]:
    """Yields the sums of other layers' deltas."""
    units = net.layers[layer][0].shape[1]
    for other, (kernel, _) in enumerate(net.layers):
        wrong = cause(CauseName.WRONG_DELTA, name=name, other=other + 1)
        if other != layer:
            yield wrong, _of_layer(other, axis=0 if kernel.shape[1] in (units, 1) else None)


def _of_example(index: int) -> Sum:
    return lambda step: step.delta[index]


def _of_layer(other: int, axis: int | None) -> Sum:
    return lambda step: step.right[other].delta.sum(axis=axis)


def _over_units(step: Step) -> Array:
    """Returns a sum for each example, where there are as many as units."""
    total: Array = step.delta.sum(axis=1)
    return total if len(total) == step.delta.shape[1] else np.full(step.delta.shape[1], np.nan)


def _times_bias(step: Step) -> Array:
    total: Array = step.delta.sum(axis=0)
    return total if step.bias is None else total * step.bias
