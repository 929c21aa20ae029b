"""A recognized net: a dense net whose every part is known, so that its gradients can be computed,
with or without a mistake.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.backward import RIGHT, Mistake, OutputStep, Step
from tfmlp.checks.ingredients import HIDDEN, LOSSES, OUTPUTS
from tfmlp.checks.layouts import DenseLayer, Layout
from tfmlp.checks.logarithms import PLAIN, Logarithm


@dataclass(frozen=True)
class RecognizedNet:
    """A dense net, its data and its loss.

    Attributes:
      inputs: float64 [n, d].
      targets: float64 [n, k].
      layers: (kernel, bias) of each.
      layout: How the parameters lie.
      hidden: Names of the hidden layers' activations.
      output, loss: Names of the output's activation and of the loss.
      scale: What the sum of the losses is multiplied by.
      penalties: What the squares of each layer's kernel and bias are multiplied by; empty where
        there is no penalty.
      logarithm: How the loss takes its logarithms.
    """

    inputs: Array
    targets: Array
    layers: list[DenseLayer]
    layout: Layout
    hidden: tuple[str, ...]
    output: str
    loss: str
    scale: float = 1.0
    penalties: tuple[tuple[float, float], ...] = ()
    logarithm: Logarithm = PLAIN

    @property
    def description(self) -> str:
        """What it was recognized as."""
        names = dict.fromkeys(self.hidden)
        hidden = f"{' and '.join(names)} hidden layers, " if names else ""
        epsilon = f" with an epsilon of {self.logarithm.epsilon:g}" if self.has_epsilon else ""
        return f"{hidden}{self.output} output, {self.loss}{epsilon}"

    @property
    def depth(self) -> int:
        """The number of layers with parameters."""
        return len(self.layers)

    @property
    def has_epsilon(self) -> bool:
        """Whether the loss keeps its logarithms finite by a small number."""
        return self.logarithm != PLAIN

    def without_epsilon(self) -> "RecognizedNet":
        """Returns the net whose loss takes plain logarithms, as gradients such as p - t have it."""
        return replace(self, logarithm=PLAIN)

    def without_penalty(self) -> "RecognizedNet":
        """Returns the net without its penalty."""
        return replace(self, penalties=())

    @cached_property
    def activations(self) -> tuple[list[Array], list[Array]]:
        """z and a of each layer."""
        return forward(self.inputs, self.layers, self.hidden, self.output)

    @cached_property
    def steps(self) -> list[Step]:
        """What the layers have at hand in the right backward pass, from the first to the last."""
        return self._pass(RIGHT)[0]

    def gradients(self, mistake: Mistake = RIGHT) -> dict[str, Array]:
        """Returns the gradients, by parameter and in its shape, with a mistake."""
        return self.layout.write(self._pass(mistake)[1])

    def _pass(self, mistake: Mistake) -> tuple[list[Step], list[DenseLayer]]:
        right = () if mistake is RIGHT else self.steps
        chosen = slice(None) if mistake.example is None else [mistake.example]
        inputs, targets = self.inputs[chosen], self.targets[chosen]
        z, a = ([array[chosen] for array in arrays] for arrays in self.activations)
        incoming = self.scale * LOSSES[self.loss].gradient(a[-1], targets, self.logarithm)
        backward = OUTPUTS[self.output].backward
        last = OutputStep(z[-1], a[-1], targets, incoming, self.scale, backward, self.layers[-1])
        delta, steps, gradients = mistake.output(last), list[Step](), list[DenseLayer]()
        step: Step | None = None
        for index in range(self.depth - 1, -1, -1):
            layer, row, above = self.layers[index], self.layout.places[index].row, step
            below = a[index - 1] if index else inputs
            f = HIDDEN[self.hidden[index]] if index < self.depth - 1 else None
            step = Step(index, z, a, inputs, f, below, incoming, delta, layer, row, above, right)
            if f is not None:
                delta = (mistake if mistake.is_at(index) else RIGHT).hidden(step)
                step = replace(step, delta=delta)
            elif mistake.own:
                step = replace(step, delta=mistake.own(last))
            steps.insert(0, step)
            at = mistake if mistake.is_at(index) else RIGHT
            gradients.insert(0, self._penalized(index, at.kernel(step), at.bias(step)))
            if index:
                if f is None and mistake.down:
                    step = replace(step, delta=mistake.down(last))
                elif f is None and mistake.own:
                    step = replace(step, delta=delta)
                incoming = at.back(step)
        return steps, gradients

    def _penalized(self, index: int, d_kernel: Array, d_bias: Array) -> DenseLayer:
        kernel, bias = self.layers[index]
        if self.penalties:
            of_kernel, of_bias = self.penalties[index]
            d_kernel = d_kernel + 2 * of_kernel * kernel
            d_bias = d_bias + 2 * of_bias * bias if bias is not None else d_bias
        if bias is None:
            return d_kernel, None
        return d_kernel, np.broadcast_to(d_bias, bias.shape)


def forward(
    inputs: Array, layers: list[DenseLayer], hidden: Sequence[str], output: str
) -> tuple[list[Array], list[Array]]:
    """Returns z and a of each layer."""
    functions = [HIDDEN[name].function for name in hidden] + [OUTPUTS[output].function]
    z, a = list[Array](), [inputs]
    for (kernel, bias), function in zip(layers, functions, strict=True):
        z.append(a[-1] @ kernel + (0 if bias is None else bias))
        a.append(function(z[-1]))
    return z, a[1:]
