"""The course's deep narrow net: 10 inputs, layers of 32 units, 2 outputs."""

import itertools

import numpy as np
from numpy.typing import NDArray

from tfmlp import seeds
from tfmlp.reference.activations import ACTIVATIONS
from tfmlp.reference.layers import Activate, Dense, Layer
from tfmlp.reference.losses import LOSSES
from tfmlp.reference.network import Network
from tfmlp.reference.numeric import differences

INPUTS, UNITS, OUTPUTS = 10, 32, 2
LEARNING_RATE = 0.01
INITIAL_SCALE = 0.01  # standard deviation of the initial weights
STEPS = 100

Example = tuple[NDArray[np.float64], NDArray[np.float64]]


def make_deep_network(depth: int, activation: str, seed: int) -> Network:
    """Makes the net: `depth` hidden layers, one activation everywhere, zero biases, half the mean
    squared error.
    """
    widths = [INPUTS, *[UNITS] * depth, OUTPUTS]
    layers: list[tuple[str, Layer]] = []
    for index, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        stream = seeds.generator(seed, seeds.Stream.WEIGHTS, index)
        kernel = INITIAL_SCALE * stream.standard_normal((fan_in, fan_out))
        layers += [
            (f"dense_{index + 1}", Dense(kernel, np.zeros(fan_out))),
            (f"{activation}_{index + 1}", Activate(ACTIVATIONS[activation])),
        ]
    return Network(layers, LOSSES["half_squared_error"])


def draw_example(seed: int) -> Example:
    """Draws the one example: features float64 [1, 10] and targets float64 [1, 2]."""
    stream = seeds.generator(seed, seeds.Stream.SYNTHETIC)
    return stream.standard_normal((1, INPUTS)), stream.standard_normal((1, OUTPUTS))


def numerical_gradients(
    network: Network, example: Example, *, central: bool, epsilon: float | None = None
) -> dict[str, NDArray[np.float64]]:
    """Returns the gradient of every parameter by differences, as `reference.numeric` makes them."""
    features, targets = example

    def loss() -> float:
        return network.mean_loss(network.forward(features, training=True), targets)

    return {
        name: differences(loss, parameter, epsilon=epsilon, central=central)
        for name, parameter in network.parameters().items()
    }
