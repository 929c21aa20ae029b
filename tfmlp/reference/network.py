"""A network: layers in a row and a loss at their end.

    network = Network([("dense_1", Dense(...)), ("relu_1", Activate(...)), ("logits", Dense(...))],
    LOSSES["cross_entropy"])
    loss = network.forward_backward(rows, labels)           # fills network.gradients()
    optimizer.update(network.parameters(), network.gradients(), learning_rate)

One step worked out by hand, digit by digit, is in `tests/test_reference_network.py`.
"""

from collections.abc import Sequence

import numpy as np

from tfmlp.reference.layers import Dense, Layer
from tfmlp.reference.losses import Loss


class Network:
    """Layers in a row.

    Args:
      layers: (name, layer), from the input on.
      loss: The per-example loss.
    """

    def __init__(self, layers: Sequence[tuple[str, Layer]], loss: Loss):
        self.layers, self.loss = list(layers), loss

    def forward(self, rows: np.ndarray, training: bool = False) -> np.ndarray:
        """Returns the outputs [b, k] of rows [b, in]."""
        for _, layer in self.layers:
            rows = layer.forward(rows, training)
        return rows

    def mean_loss(self, outputs: np.ndarray, labels: np.ndarray) -> float:
        """Returns what is minimized: the mean of the per-example losses, plus penalties."""
        return float(self.loss(outputs, labels)[0].mean()) + self.penalty()

    def penalty(self) -> float:
        """Returns the sum of the layers' penalties."""
        return sum(layer.penalty() for _, layer in self.layers if isinstance(layer, Dense))

    def backward(self, outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Propagates the slope of the mean loss from the outputs back through every layer. Call
        after `forward`. Returns the per-example losses [b].
        """
        values, slopes = self.loss(outputs, labels)
        slopes /= len(slopes)
        for index in range(len(self.layers) - 1, -1, -1):
            slopes = self.layers[index][1].backward(slopes, needs_input_slopes=index > 0)
        return values

    def forward_backward(self, rows: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
        """Runs both passes as in training. Returns the loss and the outputs [b, k]; the gradients
        are in `gradients()`.
        """
        outputs = self.forward(rows, training=True)
        values = self.backward(outputs, labels)
        return float(values.mean()) + self.penalty(), outputs

    def parameters(self) -> dict[str, np.ndarray]:
        """Returns the parameters themselves (no copies), by "layer/parameter"."""
        return {
            f"{name}/{key}": value
            for name, layer in self.layers
            for key, value in layer.parameters.items()
        }

    def gradients(self) -> dict[str, np.ndarray]:
        """Returns the gradients of the last backward pass, by the same names."""
        return {
            f"{name}/{key}": value
            for name, layer in self.layers
            for key, value in layer.gradients.items()
        }

    def state(self) -> dict[str, np.ndarray]:
        """Returns what training changes besides parameters (no copies), by "layer/name"."""
        return {
            f"{name}/{key}": value
            for name, layer in self.layers
            for key, value in layer.state.items()
        }
