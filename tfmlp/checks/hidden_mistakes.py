"""Mistakes in the derivatives in hidden layers."""

from collections.abc import Callable, Iterator

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.backward import Mistake, Step
from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.formulas import Derivative, wrong_derivatives
from tfmlp.checks.ingredients import HIDDEN, Hidden, is_bent
from tfmlp.checks.recognized import RecognizedNet

Explained = tuple[Cause, Mistake]
Delta = Callable[[Step], Array]  # the gradient by a hidden layer's z


def hidden_mistakes(net: RecognizedNet) -> Iterator[Explained]:
    """Yields mistakes in the derivative of all hidden layers, then of each.

    Args:
      net: The recognized net.
    """
    places: list[tuple[int | None, str, tuple[str, ...]]] = [(None, "", net.hidden)]
    if net.depth > 2:
        numbered = enumerate(net.hidden)
        places += [(i, f" in hidden layer {i + 1}", (name,)) for i, name in numbered]
    for layer, place, names in places:
        for name in dict.fromkeys(names):
            for likely, derivative in wrong_derivatives(name, place):
                yield likely, Mistake(hidden=_times(derivative), layer=layer)
            yield from _of_incoming(name, layer, place)
    for layer, name in enumerate(net.hidden):
        yield from _of_others(net, layer, name)
    for by, which in ((-1, "below"), (1, "above")) if net.depth > 3 else ():
        shifted = cause(CauseName.WRONG_LAYER, "derivative", place="", other=f"the layer {which}")
        yield shifted, Mistake(hidden=_of_neighbor(by))
    if set(net.hidden) == {net.output} and net.output != "linear":
        yield from _of_output_too(net.output)


def _of_incoming(name: str, layer: int | None, place: str) -> Iterator[Explained]:
    """Yields mistakes in how the derivative and the gradient from above come together."""
    if is_bent(name):
        own = HIDDEN[name]
        masked = cause(CauseName.MASK, "incoming", place=place, hidden=name)
        yield masked, Mistake(hidden=lambda s: _masked(own, s), layer=layer)
    if name != "linear":
        added = cause(CauseName.WRONG_DERIVATIVE, "added", place=place)
        yield added, Mistake(hidden=lambda s: s.incoming + s.derivative, layer=layer)
    cut = cause(CauseName.WRONG_KERNEL, "row", place=place)
    yield cut, Mistake(hidden=_cut_wrongly, layer=layer)


def _of_others(net: RecognizedNet, layer: int, name: str) -> Iterator[Explained]:
    """Yields derivatives that are taken of another layer's numbers."""
    own, units = HIDDEN[name], net.layers[layer][0].shape[1]
    if name == "linear":
        return
    place = f" in hidden layer {layer + 1}" if net.depth > 2 else ""
    for other, (kernel, _) in enumerate(net.layers):
        if other != layer and kernel.shape[1] == units:
            what = f"layer {other + 1}" if other < net.depth - 1 else "the output layer"
            likely = cause(CauseName.WRONG_LAYER, "derivative", place=place, other=what)
            yield likely, Mistake(hidden=_of_layer(own, other), layer=layer)
    if net.inputs.shape[1] == units:
        likely = cause(CauseName.WRONG_LAYER, "derivative", place=place, other="the inputs")
        yield likely, Mistake(hidden=_of_inputs(own), layer=layer)


def _of_output_too(name: str) -> Iterator[Explained]:
    """Yields mistakes in one derivative that hidden layers and output share."""
    for likely, derivative in wrong_derivatives(name, " in all layers"):
        yield likely, _shared(derivative)


def _shared(derivative: Derivative) -> Mistake:
    return Mistake(
        hidden=_times(derivative), output=lambda step: step.gradient * derivative(step.z, step.p)
    )


def _times(derivative: Derivative) -> Delta:
    return lambda step: step.incoming * derivative(step.own_z, step.own_a)


def _of_layer(own: Hidden, other: int) -> Delta:
    return lambda step: step.incoming * own.derivative(step.z[other], step.a[other])


def _of_neighbor(by: int) -> Delta:
    """Returns the error with the derivative of the layer below or above, where they are alike."""

    def hidden(step: Step) -> Array:
        z = step.z[max(step.index + by, 0)]
        if step.activation is None or z.shape != step.incoming.shape:
            return np.full_like(step.incoming, np.nan)
        return step.incoming * step.activation.derivative(z, step.activation.function(z))

    return hidden


def _of_inputs(own: Hidden) -> Delta:
    return lambda step: step.incoming * own.derivative(step.inputs, step.inputs)


def _masked(own: Hidden, step: Step) -> Array:
    """Returns the gradient where the derivative looks at it, and not at the layer's input."""
    return step.incoming * own.derivative(step.incoming, own.function(step.incoming))


def _cut_wrongly(step: Step) -> Array:
    """Returns what is left where the bias is cut off at the wrong end of the kernel above."""
    assert step.above is not None  # it is a hidden layer
    above, row = step.above, step.above.row
    if not row or above.bias is None:
        return np.full_like(step.incoming, np.nan)
    of_bias = (above.delta @ above.bias)[:, None]
    # The derivative of the unit that stands for the bias, as it is taken of its output, 1.
    one = np.ones((len(of_bias), 1))
    of_bias = of_bias * step.activation.derivative(one, one) if step.activation else of_bias
    delta = step.incoming * step.derivative
    if row == "last":
        return np.concatenate([delta[:, 1:], of_bias], axis=1)
    return np.concatenate([of_bias, delta[:, :-1]], axis=1)
