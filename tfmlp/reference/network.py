"""A network: layers in a row and a loss at their end.

    layers = [("dense_1", Dense(...)), ("relu_1", Activate(...)), ("logits", Dense(...))]
    network = Network(layers, make_loss("cross_entropy"))
    loss, outputs = network.forward_backward(inputs, labels)        # fills network.gradients()
    optimizer.update(network.parameters(), network.gradients(), learning_rate)

One step worked out by hand, digit by digit, is in `tests/test_reference_network.py`.
"""

from collections.abc import Sequence

import numpy as np

from tfmlp.reference.layers import Array, Dense, Layer
from tfmlp.reference.losses import Loss


class Network:
    """Layers in a row.

    Args:
      layers: (name, layer), from the input on.
      loss: The per-example loss.
    """

    def __init__(self, layers: Sequence[tuple[str, Layer]], loss: Loss):
        self.layers, self.loss = list(layers), loss

    def forward(self, inputs: Array, training: bool = False) -> Array:
        """Returns the outputs [b, k] of inputs [b, in]."""
        outputs = inputs
        for _, layer in self.layers:
            outputs = layer.forward(outputs, training)
        return outputs

    def losses(
        self, outputs: Array, labels: Array, weights: Array | None = None
    ) -> tuple[Array, Array]:
        """Returns the per-example losses [b] and their gradients [b, k].

        Args:
          outputs, labels: As a `Loss` takes them.
          weights: What each example's loss counts, [b]; None: all the same.
        """
        losses, gradient = self.loss(outputs, labels)
        if weights is None:
            return losses, gradient
        weights = weights.astype(losses.dtype, copy=False)
        return losses * weights, gradient * weights[:, np.newaxis]

    def mean_loss(self, outputs: Array, labels: Array, weights: Array | None = None) -> float:
        """Returns what is minimized: the mean of the per-example losses, plus penalties."""
        return float(self.losses(outputs, labels, weights)[0].mean()) + self.penalty()

    def penalty(self) -> float:
        """Returns the sum of the layers' penalties."""
        return sum(layer.penalty() for _, layer in self.layers if isinstance(layer, Dense))

    def backward(self, outputs: Array, labels: Array, weights: Array | None = None) -> Array:
        """Propagates the gradient of the mean loss from the outputs back through every layer.

        Call it after `forward`. Returns the per-example losses [b].
        """
        losses, gradient = self.losses(outputs, labels, weights)
        gradient /= len(gradient)
        through: Array | None = gradient
        for index in range(len(self.layers) - 1, -1, -1):
            assert through is not None
            through = self.layers[index][1].backward(through, needs_input_gradient=index > 0)
        return losses

    def forward_backward(self, inputs: Array, labels: Array) -> tuple[float, Array]:
        """Runs both passes as in training; the gradients are then in `gradients()`.

        Returns:
          The loss and the outputs [b, k].
        """
        outputs = self.forward(inputs, training=True)
        losses = self.backward(outputs, labels)
        return float(losses.mean()) + self.penalty(), outputs

    def parameters(self) -> dict[str, Array]:
        """Returns the parameters themselves (no copies), by "layer/parameter"."""
        return self._named("parameters")

    def gradients(self) -> dict[str, Array]:
        """Returns the gradients of the last backward pass, by the same names."""
        return self._named("gradients")

    def state(self) -> dict[str, Array]:
        """Returns what training changes besides parameters (no copies), by "layer/name"."""
        return self._named("state")

    def _named(self, kind: str) -> dict[str, Array]:
        return {
            f"{name}/{key}": value
            for name, layer in self.layers
            for key, value in getattr(layer, kind).items()
        }
