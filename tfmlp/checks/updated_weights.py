"""The mistake of updated weights: the gradient goes back through weights that were changed."""

from collections.abc import Iterator

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.backward import Mistake, Step
from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.recognized import RecognizedNet


def updated_weights(net: RecognizedNet, given: dict[str, Array]) -> Iterator[tuple[Cause, Mistake]]:
    """Yields the mistake in all layers, then in each.

    Args:
      net: The recognized net.
      given: The gradients to be explained; they tell the learning rate.
    """
    if net.depth == 1:
        return
    given = _scaled_back(net, net.layout.split(given))
    layers: list[int | None] = [None]
    if net.depth > 2:
        layers += range(1, net.depth)
    for layer in layers:
        rate = _fitted_rate(net, given, layer)
        place = "" if layer is None else f" of layer {layer + 1}"
        yield cause(CauseName.UPDATED_WEIGHTS, rate=rate, place=place), _at(net, rate, layer)


def _at(net: RecognizedNet, rate: float, layer: int | None) -> Mistake:
    def back(step: Step) -> Array:
        penalty = net.penalties[step.index][0] if net.penalties else 0.0
        d_kernel = step.d_kernel + 2 * penalty * step.kernel
        return step.delta @ (step.kernel - rate * d_kernel).T

    return Mistake(back=back, layer=layer)


def _scaled_back(net: RecognizedNet, given: dict[str, Array]) -> dict[str, Array]:
    """Returns the gradients without a factor that is on all, as the last kernel tells it."""
    name = net.layout.places[-1].kernel
    right, own = np.ravel(net.layout.split(net.gradients())[name]), np.ravel(given[name])
    factor = float(np.dot(own, right) / np.dot(right, right)) if right.any() else 0.0
    return {key: value / factor for key, value in given.items()} if factor else given


def _fitted_rate(net: RecognizedNet, given: dict[str, Array], layer: int | None) -> float:
    """Returns the learning rate under which gradients through updated weights come nearest to the
    given ones.
    """
    # Right below the first updated kernel, the gradient is linear in the rate.
    name = net.layout.places[(net.depth - 1 if layer is None else layer) - 1].kernel

    def at(rate: float) -> Array:
        return np.ravel(net.layout.split(net.gradients(_at(net, rate, layer)))[name])

    right, direction = at(0.0), at(1.0) - at(0.0)
    if not direction.any():
        return 0.0
    return float(np.dot(np.ravel(given[name]) - right, direction) / np.dot(direction, direction))
