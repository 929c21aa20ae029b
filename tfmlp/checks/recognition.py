"""Recognition of a hand-written net: which activation, which loss, which layout.

    net = recognize(inputs, labels, params, loss)
    net.gradients(mistake)                      # in the layout of params

It goes by numbers: the net of these parameters whose loss comes out as the one that was computed.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array, as_array, numbers
from tfmlp.checks.ingredients import HIDDEN, LOSSES, OUTPUTS
from tfmlp.checks.layouts import BIASES, DenseLayer, Layout, shapes_in_order, targets_of
from tfmlp.checks.recognized import RecognizedNet, forward


def recognize(
    inputs: Any, labels: Any, params: dict[str, Array], loss: float
) -> RecognizedNet | None:
    """Finds the net, loss and layout under which parameters, inputs and labels give the loss that
    was computed; None if none does.

    Args:
      inputs: [n, d] or [d, n].
      labels: Classes [n], or targets [n, k] or [k, n].
      params: The parameters, from the first layer to the last.
      loss: The value of the loss.
    """
    labels = as_array(labels, "labels")
    if labels.dtype.kind not in "biuf":
        return None
    for x, layers, layout in _layered(numbers(inputs, "inputs"), params):
        for targets in targets_of(labels, len(x), layers[-1][0].shape[1]):
            found = _fitting(x, targets, layers, layout, loss)
            if found is not None:
                return found
    return None


def _layered(
    inputs: Array, params: dict[str, Array]
) -> Iterator[tuple[Array, list[DenseLayer], Layout]]:
    """Yields every way to read inputs and parameters as a net."""
    inputs = inputs.reshape(len(inputs), -1) if inputs.ndim > 2 else inputs
    views = [np.atleast_2d(inputs)] + ([inputs.T] if inputs.ndim == 2 else [])
    shapes = shapes_in_order(params)
    for x, column, bias in itertools.product(views, (False, True), BIASES):
        layout = Layout(shapes, column, bias)
        layers = layout.read(params, x.shape[1])
        if layers:
            yield x, layers, layout


def _fitting(
    x: Array, targets: Array, layers: list[DenseLayer], layout: Layout, loss: float
) -> RecognizedNet | None:
    """Returns the net whose loss, perhaps with a penalty, is the one that was computed."""
    n, k = targets.shape
    squares = sum(float(np.sum(kernel**2)) for kernel, _ in layers)
    scales = {1.0, 1 / n, 1 / (n * k), 0.5, 0.5 / n, 0.5 / (n * k), 1 / k, 0.5 / k}
    penalized = (1 / n, 0.5 / n, 1.0, 1 / (n * k))
    hidden_names = ["linear"] if len(layers) == 1 else list(HIDDEN)
    for hidden, output in itertools.product(hidden_names, OUTPUTS):
        with np.errstate(all="ignore"):
            p = forward(x, layers, hidden, output)[1][-1]
            for name, kind in LOSSES.items():
                whole = kind.value(p, targets)
                for scale in sorted(scales, reverse=True):
                    net = (x, targets, layers, layout, hidden, output, name, scale)
                    if np.isclose(scale * whole, loss, rtol=1e-7, atol=0):
                        return RecognizedNet(*net)
                    penalty = (loss - scale * whole) / squares if squares else np.nan
                    if scale in penalized and any(_is_typed(penalty * f) for f in (1, 2, n, 2 * n)):
                        return RecognizedNet(*net, penalty=penalty)
    return None


def _is_typed(value: float) -> bool:
    """Whether a number is one that a person would type: 1, 2 or 5 times a power of ten."""
    if not 1e-6 < value < 2:
        return False
    digits = value / 10 ** np.floor(np.log10(value * (1 + 1e-9)))
    return any(abs(digits - d) < 1e-6 for d in (1, 2, 5))
