"""Mistakes in the products with a layer's input and with its kernel."""

from collections.abc import Callable, Iterator

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.backward import Mistake, Step
from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.recognized import RecognizedNet

Explained = tuple[Cause, Mistake]
Product = Callable[[Step], Array]


def kernel_mistakes(net: RecognizedNet) -> Iterator[Explained]:
    """Yields mistakes in the gradients of kernels and on the way back through them.

    Args:
      net: The recognized net.
    """
    yield from _everywhere(net)
    for layer in range(net.depth):
        name = net.layout.places[layer].kernel
        for likely, product in _gradients(net, layer, name):
            yield likely, Mistake(kernel=product, layer=layer)
        for likely, error in _errors(net, layer):
            yield likely, Mistake(kernel=_kernel_of(error), bias=_bias_of(error), layer=layer)
        for likely, product in _ways_back(net, layer, name) if layer else ():
            yield likely, Mistake(back=product, layer=layer)


def _everywhere(net: RecognizedNet) -> Iterator[Explained]:
    """Yields mistakes that are made in all layers."""
    if set(net.hidden) - {"linear"}:
        yield cause(CauseName.PREACTIVATION), Mistake(kernel=_of_preactivation)
    stale = Mistake(kernel=lambda s: np.roll(s.below, 1, axis=0).T @ s.delta)
    yield cause(CauseName.STALE_ACTIVATIONS), stale
    if net.depth > 2:
        yield cause(CauseName.UNTRANSPOSED), Mistake(back=_untransposed)
    yield cause(CauseName.ONE_EXAMPLE, which="last"), Mistake(example=-1)
    yield cause(CauseName.ONE_EXAMPLE, which="first"), Mistake(example=0)
    yield cause(CauseName.PRODUCT_OF_MEANS, names="kernels"), Mistake(kernel=_product_of_means)
    yield cause(CauseName.RESHAPED, names="kernels"), Mistake(kernel=_reshaped)
    before = Mistake(kernel=lambda s: s.below.T @ s.incoming, bias=lambda s: s.incoming.sum(axis=0))
    yield cause(CauseName.BEFORE_DERIVATIVE, names="kernels and biases"), before


def _gradients(net: RecognizedNet, layer: int, name: str) -> Iterator[tuple[Cause, Product]]:
    """Yields wrong gradients of one kernel."""
    if layer:
        yield cause(CauseName.PREACTIVATION, "one", name=name), _of_preactivation
    yield from _of_inputs(net, layer, name)
    for other, (kernel, _) in enumerate(net.layers):
        if other != layer and kernel.shape[1] == net.layers[layer][0].shape[1]:
            yield cause(CauseName.WRONG_DELTA, name=name, other=other + 1), _with_delta_of(other)
    yield cause(CauseName.BEFORE_DERIVATIVE, names=name), lambda s: s.below.T @ s.incoming
    for which, index in (("last", -1), ("first", 0)):
        yield cause(CauseName.ONE_EXAMPLE, "one", which=which, name=name), _of_example(index)
    yield cause(CauseName.PRODUCT_OF_MEANS, names=name), _product_of_means
    yield cause(CauseName.RESHAPED, names=name), _reshaped
    left_out = cause(CauseName.WRONG_INPUT, "left_out", name=name)
    yield left_out, lambda s: np.broadcast_to(s.delta.sum(axis=0), s.kernel.shape)
    yield cause(CauseName.WRONG_INPUT, "stale", name=name), _stale
    yield cause(CauseName.WRONG_INPUT, "kernel", name=name), lambda s: s.d_kernel * s.kernel
    yield cause(CauseName.WRONG_INPUT, "absolute", name=name), lambda s: np.abs(s.d_kernel)


def _of_inputs(net: RecognizedNet, layer: int, name: str) -> Iterator[tuple[Cause, Product]]:
    """Yields gradients of one kernel that multiply by what is not the layer's input."""
    if layer:
        values = dict(name=name, what="the net's inputs")
        yield cause(CauseName.WRONG_INPUT, **values), _of_the_nets_inputs
        values["what"] = "the derivative of the layer below"
        yield cause(CauseName.WRONG_INPUT, **values), _of_derivative_below
    for other, (kernel, _) in enumerate(net.layers):
        if kernel.shape[1] == net.layers[layer][0].shape[0]:
            what = "its own output" if other == layer else f"the output of layer {other + 1}"
            if other != layer - 1:
                yield cause(CauseName.WRONG_INPUT, name=name, what=what), _of_output(other)
                what = f"z of layer {other + 1}"
                yield cause(CauseName.WRONG_INPUT, name=name, what=what), _of_z(other)


def _errors(net: RecognizedNet, layer: int) -> Iterator[tuple[Cause, Product]]:
    """Yields wrong errors from which both gradients of one layer are computed."""
    place = net.layout.places[layer]
    names = f"{place.kernel} and {place.bias}" if place.bias else place.kernel
    for which, index in (("last", -1), ("first", 0)):
        yield cause(CauseName.ONE_EXAMPLE, "one", which=which, name=names), _error_of(index)
    yield cause(CauseName.BEFORE_DERIVATIVE, names=names), lambda s: s.incoming
    for other, (kernel, _) in enumerate(net.layers):
        if other != layer and kernel.shape[1] == net.layers[layer][0].shape[1]:
            likely = cause(CauseName.WRONG_DELTA, name=names, other=other + 1)
            yield likely, _error_in(other)


def _ways_back(net: RecognizedNet, layer: int, name: str) -> Iterator[tuple[Cause, Product]]:
    """Yields wrong ways back through one kernel."""
    inputs, units = net.layers[layer][0].shape
    if inputs == units:
        yield cause(CauseName.UNTRANSPOSED), lambda s: s.delta @ s.kernel
    if inputs == units or units == 1:
        left_out = cause(CauseName.WRONG_KERNEL, "left_out", name=name)
        yield left_out, lambda s: np.broadcast_to(s.delta, (len(s.delta), len(s.kernel)))
    for other, (kernel, _) in enumerate(net.layers):
        if other != layer and kernel.shape in ((inputs, units), (units, inputs)):
            values = dict(name=name, other=net.layout.places[other].kernel)
            back = kernel.T if kernel.shape == (inputs, units) else kernel
            yield cause(CauseName.WRONG_KERNEL, **values), _through(back)
    incoming = cause(CauseName.WRONG_DELTA, "back", name=name)
    yield incoming, lambda s: s.incoming @ s.kernel.T
    gradient = cause(CauseName.WRONG_KERNEL, "gradient", name=name)
    yield gradient, lambda s: s.delta @ s.d_kernel.T
    yield cause(CauseName.WRONG_DELTA, "summed", name=name), _summed
    yield cause(CauseName.WRONG_DELTA, "units", name=name), _summed_over_units


def _of_preactivation(step: Step) -> Array:
    below = step.z[step.index - 1] if step.index else step.below
    return below.T @ step.delta


def _untransposed(step: Step) -> Array:
    is_square = step.kernel.shape[0] == step.kernel.shape[1]
    return step.delta @ (step.kernel if is_square else step.kernel.T)


def _product_of_means(step: Step) -> Array:
    return np.outer(step.below.mean(axis=0), step.delta.sum(axis=0))


def _reshaped(step: Step) -> Array:
    return (step.delta.T @ step.below).reshape(step.kernel.shape)


def _stale(step: Step) -> Array:
    return np.roll(step.below, 1, axis=0).T @ step.delta


def _of_derivative_below(step: Step) -> Array:
    return step.right[step.index - 1].derivative.T @ step.delta


def _of_the_nets_inputs(step: Step) -> Array:
    """Returns the gradient with the net's inputs, cut or filled up with zeros where they are not as
    many.
    """
    inputs, wanted = step.inputs, step.kernel.shape[0]
    missing = max(0, wanted - inputs.shape[1])
    return np.pad(inputs, ((0, 0), (0, missing)))[:, :wanted].T @ step.delta


def _of_output(other: int) -> Product:
    return lambda step: step.a[other].T @ step.delta


def _of_z(other: int) -> Product:
    return lambda step: step.z[other].T @ step.delta


def _with_delta_of(other: int) -> Product:
    return lambda step: step.below.T @ step.right[other].delta


def _of_example(index: int) -> Product:
    return lambda step: np.outer(step.below[index], step.delta[index])


def _kernel_of(error: Product) -> Product:
    return lambda step: step.below.T @ error(step)


def _bias_of(error: Product) -> Product:
    return lambda step: error(step).sum(axis=0)


def _error_of(index: int) -> Product:
    """Returns the error of one example, with zeros in the place of the others."""

    def error(step: Step) -> Array:
        alone = np.zeros_like(step.delta)
        alone[index] = step.delta[index]
        return alone

    return error


def _error_in(other: int) -> Product:
    return lambda step: step.right[other].delta


def _through(back: Array) -> Product:
    return lambda step: step.delta @ back


def _summed(step: Step) -> Array:
    summed = step.delta.sum(axis=0) @ step.kernel.T
    return np.broadcast_to(summed, (len(step.delta), len(summed)))


def _summed_over_units(step: Step) -> Array:
    total = step.delta.sum(axis=1, keepdims=True)
    return np.broadcast_to(total, (len(total), len(step.kernel)))
