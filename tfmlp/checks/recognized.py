"""A recognized net: a dense net whose every part is known, so that its gradients can be computed,
with or without a mistake.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.ingredients import HIDDEN, LOSSES, OUTPUTS, Hidden
from tfmlp.checks.layouts import DenseLayer, Layout


@dataclass(frozen=True)
class OutputStep:
    """What the first step of the backward pass has at hand: the net, its pre-activations z, its
    outputs p, the targets, and the loss's gradient by p, all [n, k].
    """

    net: "RecognizedNet"
    z: Array
    p: Array
    targets: Array
    gradient: Array

    def backward(self, gradient: Array) -> Array:
        """Returns a gradient by p as one by z."""
        return OUTPUTS[self.net.output].backward(self.z, self.p, gradient)

    @property
    def difference(self) -> Array:
        """p - t, scaled as the loss is."""
        return self.net.scale * (self.p - self.targets)


@dataclass(frozen=True)
class Mistake:
    """One way in which a backward pass can be wrong; as it stands, it is right.

    Attributes:
      output: Returns the gradient by the output layer's z.
      derivative: Returns the derivative of a hidden layer of (activation, z, a).
      layer: Index of the hidden layer whose `derivative` is wrong; None: of all.
      below: Returns a layer's input, as a kernel's gradient takes it, of (z, a) of the layer below.
      shift: By how many examples a layer's input is shifted.
      untransposed: Indices of the layers whose kernel is not transposed on the way back.
      example: Index of the only example that counts; None: all count.
      rate: The learning rate by which a kernel is updated before the gradient goes back through it.
    """

    output: Callable[[OutputStep], Array] = lambda step: step.backward(step.gradient)
    derivative: Callable[[Hidden, Array, Array], Array] = lambda f, z, a: f.derivative(z, a)
    layer: int | None = None
    below: Callable[[Array, Array], Array] = lambda z, a: a
    shift: int = 0
    untransposed: tuple[int, ...] = ()
    example: int | None = None
    rate: float = 0.0


RIGHT = Mistake()


@dataclass(frozen=True)
class RecognizedNet:
    """A dense net, its data and its loss.

    Attributes:
      inputs: float64 [n, d].
      targets: float64 [n, k].
      layers: (kernel, bias) of each.
      layout: How the parameters lie.
      hidden, output, loss: Names of its ingredients.
      scale: What the sum of the losses is multiplied by.
      penalty: What the sum of the squared weights is multiplied by.
    """

    inputs: Array
    targets: Array
    layers: list[DenseLayer]
    layout: Layout
    hidden: str
    output: str
    loss: str
    scale: float
    penalty: float = 0.0

    @property
    def description(self) -> str:
        """What it was recognized as."""
        return f"{self.hidden} hidden layers, {self.output} output, {self.loss}"

    @property
    def depth(self) -> int:
        """The number of layers with parameters."""
        return len(self.layers)

    @cached_property
    def activations(self) -> tuple[list[Array], list[Array]]:
        """z and a of each layer."""
        return forward(self.inputs, self.layers, self.hidden, self.output)

    def gradients(self, mistake: Mistake = RIGHT) -> dict[str, Array]:
        """Returns the gradients, by parameter and in its shape, with a mistake."""
        chosen = slice(None) if mistake.example is None else [mistake.example]
        inputs, targets = self.inputs[chosen], self.targets[chosen]
        z, a = ([array[chosen] for array in arrays] for arrays in self.activations)
        loss_gradient = self.scale * LOSSES[self.loss].gradient(a[-1], targets)
        delta = mistake.output(OutputStep(self, z[-1], a[-1], targets, loss_gradient))
        hidden, gradients = HIDDEN[self.hidden], list[DenseLayer]()
        for index in range(self.depth - 1, -1, -1):
            kernel, bias = self.layers[index]
            below = mistake.below(z[index - 1], a[index - 1]) if index else inputs
            d_kernel = np.roll(below, mistake.shift, axis=0).T @ delta
            if self.penalty:
                d_kernel = d_kernel + 2 * self.penalty * kernel
            gradients.insert(0, (d_kernel, None if bias is None else delta.sum(axis=0)))
            if index:
                back = kernel - mistake.rate * d_kernel if mistake.rate else kernel
                is_square = back.shape[0] == back.shape[1]
                turned = index in mistake.untransposed and is_square
                is_wrong = mistake.layer in (None, index - 1)
                derivative = (mistake if is_wrong else RIGHT).derivative
                delta = delta @ (back if turned else back.T)
                delta = delta * derivative(hidden, z[index - 1], a[index - 1])
        return self.layout.write(gradients)


def forward(
    inputs: Array, layers: list[DenseLayer], hidden: str, output: str
) -> tuple[list[Array], list[Array]]:
    """Returns z and a of each layer."""
    z, a = list[Array](), [inputs]
    for index, (kernel, bias) in enumerate(layers):
        z.append(a[-1] @ kernel + (0 if bias is None else bias))
        is_last = index == len(layers) - 1
        a.append((OUTPUTS[output] if is_last else HIDDEN[hidden]).function(z[-1]))
    return z, a[1:]
