"""The backward pass of a recognized net: what each of its steps has at hand, and where it can go
wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tfmlp.checks.arrays import Array
from tfmlp.checks.ingredients import Hidden
from tfmlp.checks.layouts import DenseLayer


@dataclass(frozen=True)
class OutputStep:
    """What the first step of the backward pass has at hand.

    Attributes:
      z, p, targets: Of the output layer, [n, k].
      gradient: The loss's gradient by p, [n, k].
      scale: What the sum of the losses is multiplied by.
      activation: The output's backward pass, of (z, p, gradient by p).
      layer: (kernel, bias) of the output layer.
    """

    z: Array
    p: Array
    targets: Array
    gradient: Array
    scale: float
    activation: Callable[[Array, Array, Array], Array]
    layer: DenseLayer

    def backward(self, gradient: Array) -> Array:
        """Returns a gradient by p as one by z."""
        return self.activation(self.z, self.p, gradient)

    @property
    def difference(self) -> Array:
        """p - t, scaled as the loss is."""
        return self.scale * (self.p - self.targets)


@dataclass(frozen=True)
class Step:
    """What one layer has at hand in the backward pass.

    Attributes:
      index: The layer's number, from 0.
      z, a: Of all layers.
      inputs: The net's, [n, d].
      activation: The layer's; None for the output layer.
      below: The layer's input, [n, inputs].
      incoming: The gradient by the layer's output, [n, units].
      delta: The gradient by the layer's z, [n, units].
      layer: (kernel, bias) of the layer.
      row: "first" or "last" row of the kernel where that is the bias, else "".
      above: The step of the layer above; None for the output layer.
      right: The layers' steps in the right backward pass, from the first to the last.
    """

    index: int
    z: list[Array]
    a: list[Array]
    inputs: Array
    activation: Hidden | None
    below: Array
    incoming: Array
    delta: Array
    layer: DenseLayer
    row: str = ""
    above: "Step | None" = None
    right: Sequence["Step"] = ()

    @property
    def kernel(self) -> Array:
        """[inputs, units]."""
        return self.layer[0]

    @property
    def bias(self) -> Array | None:
        """[units], or None."""
        return self.layer[1]

    @property
    def own_z(self) -> Array:
        """The layer's z."""
        return self.z[self.index]

    @property
    def own_a(self) -> Array:
        """The layer's output."""
        return self.a[self.index]

    @property
    def derivative(self) -> Array:
        """The derivative of the layer's activation."""
        assert self.activation is not None  # asked of hidden layers alone
        return self.activation.derivative(self.own_z, self.own_a)

    @property
    def d_kernel(self) -> Array:
        """The right gradient of the kernel."""
        return self.below.T @ self.delta


@dataclass(frozen=True)
class Mistake:
    """One way in which a backward pass can be wrong; as it stands, it is right.

    Attributes:
      output: Returns the gradient by the output layer's z.
      own: The same, for the output layer's own parameters alone.
      down: The same, for what goes down to the hidden layers alone.
      hidden: Returns the gradient by a hidden layer's z.
      kernel, bias: Return the gradients of a layer's parameters.
      back: Returns the gradient by a layer's input.
      layer: Index of the layer where it goes wrong; None: in all.
      example: Index of the only example that counts; None: all count.
    """

    output: Callable[[OutputStep], Array] = lambda step: step.backward(step.gradient)
    own: Callable[[OutputStep], Array] | None = None
    down: Callable[[OutputStep], Array] | None = None
    hidden: Callable[[Step], Array] = lambda step: step.incoming * step.derivative
    kernel: Callable[[Step], Array] = lambda step: step.d_kernel
    bias: Callable[[Step], Array] = lambda step: step.delta.sum(axis=0)
    back: Callable[[Step], Array] = lambda step: step.delta @ step.kernel.T
    layer: int | None = None
    example: int | None = None

    def is_at(self, index: int) -> bool:
        """Whether it goes wrong in a layer."""
        return self.layer in (None, index)


RIGHT = Mistake()
