"""The deep narrow net with tanh, trained by backpropagation."""

import numpy as np

from tfmlp.experiments.comparison import Comparison
from tfmlp.experiments.deep_net import (
    LEARNING_RATE,
    STEPS,
    Example,
    draw_example,
    make_deep_network,
    numerical_gradients,
)
from tfmlp.experiments.study import Study
from tfmlp.reference.optimizers import SGD

_DEPTH = 5
_WIDENING = 30
_SMALLEST_GRADIENT = 1e-12  # nothing smaller is divided by


def backprop_tanh(seed: int, quick: bool) -> Study:
    """The deep narrow net with tanh: it must train, with the numerical gradient."""
    features, targets = draw_example(seed)
    example = features, np.tanh(targets)  # within reach of the outputs
    error, ratio = _gradient_error(example, seed), _loss_ratio(example, seed)
    return Study(
        (
            Comparison("loss after 100 steps over loss before", 1.0, (ratio,), "at most", 3),
            Comparison(
                "gradient against central differences, relative", 1e-7, (error,), "at most", 10
            ),
        )
    )


def _gradient_error(example: Example, seed: int) -> float:
    """Returns the largest error of an entry relative to the largest entry of its parameter.

    Weights of N(0, 0.01) make gradients of 1e-9 in the lower layers, so larger ones are compared.
    """
    network = make_deep_network(_DEPTH, "tanh", seed)
    for name, parameter in network.parameters().items():
        if name.endswith("kernel"):
            parameter *= _WIDENING
    network.forward_backward(*example)
    errors = []
    for name, numerical in numerical_gradients(network, example, central=True).items():
        largest = max(np.abs(numerical).max(), _SMALLEST_GRADIENT)
        errors.append(float(np.abs(numerical - network.gradients()[name]).max() / largest))
    return max(errors)


def _loss_ratio(example: Example, seed: int) -> float:
    """Returns the loss of the last of 100 steps over that of the first."""
    network, optimizer = make_deep_network(_DEPTH, "tanh", seed), SGD()
    losses = []
    for _ in range(STEPS):
        losses.append(network.forward_backward(*example)[0])
        optimizer.update(network.parameters(), network.gradients(), LEARNING_RATE)
    return losses[-1] / losses[0]
