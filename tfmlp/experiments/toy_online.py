"""The course's toy net: online backpropagation on ten examples, reproduced to every printed digit.

The random stream, and the order of the draws from it, belong to the experiment and stand here;
layers, loss and update rule are the reference's.
"""

import random

import numpy as np

from tfmlp.experiments.comparison import Comparison
from tfmlp.reference.activations import ACTIVATIONS
from tfmlp.reference.layers import Activate, Dense
from tfmlp.reference.losses import LOSSES
from tfmlp.reference.network import Network
from tfmlp.reference.optimizers import SGD

# x1, x2, class. J. Brownlee's toy set for backpropagation.
_EXAMPLES = (
    (2.7810836, 2.550537003, 0),
    (1.465489372, 2.362125076, 0),
    (3.396561688, 4.400293529, 0),
    (1.38807019, 1.850220317, 0),
    (3.06407232, 3.005305973, 0),
    (7.627531214, 2.759262235, 1),
    (5.332441248, 2.088626775, 1),
    (6.922596716, 1.77106367, 1),
    (8.675418651, -0.242068655, 1),
    (7.673756466, 3.508563011, 1),
)
_LEARNING_RATE = 0.4
_PUBLISHED_ERRORS = tuple(
    map(
        float,
        "6.128 5.333 5.001 4.400 3.882 3.376 2.934 2.553 2.228 1.952"
        " 1.717 1.518 1.348 1.204 1.081 0.977 0.887 0.811 0.744 0.687".split(),
    )
)
# Of hidden units 1 and 2, then of output units 1 and 2: two weights and the bias.
_PUBLISHED_WEIGHTS = (
    (-1.7162510676007774, 2.2017368671278477, 1.2236115716194655),
    (-0.42765504124639315, 0.195595536359702, 0.33038057152505096),
    (3.079101186041919, 0.6653253481230443, -1.6094439234205478),
    (-3.2651365888431174, 0.17393950180259954, 1.4382688763664562),
)


def toy_online() -> tuple[Comparison, ...]:
    """Online backpropagation on ten examples: a 2-2-2 net of sigmoids.

    The loss is the summed squared error, the learning rate 0.4; 20 epochs run in file order.
    """
    hidden, output = _make_layers()
    network = _make_network(hidden, output)
    errors = [_train_epoch(network) for _ in _PUBLISHED_ERRORS]
    published = [value for unit in _PUBLISHED_WEIGHTS for value in unit]
    weights = _list_weights(hidden) + _list_weights(output)
    by_epoch = enumerate(zip(_PUBLISHED_ERRORS, errors, strict=True), 1)
    by_weight = enumerate(zip(published, weights, strict=True), 1)
    return (
        *(Comparison(f"error, epoch {n}", p, (m,), "equals", 3) for n, (p, m) in by_epoch),
        *(Comparison(f"final weight {n}", p, (m,), "equals", 12) for n, (p, m) in by_weight),
    )


def _make_layers() -> tuple[Dense, Dense]:
    """Draws the weights from Python's own generator with seed 1, unit by unit: each unit's weights
    and then its bias.
    """
    stream = random.Random(1)
    units = np.array([[stream.random() for _ in range(3)] for _ in range(4)])
    hidden, output = units[:2], units[2:]
    return (
        Dense(hidden[:, :2].T.copy(), hidden[:, 2].copy()),
        Dense(output[:, :2].T.copy(), output[:, 2].copy()),
    )


def _make_network(hidden: Dense, output: Dense) -> Network:
    sigmoid = ACTIVATIONS["sigmoid"]
    layers = [
        ("hidden", hidden),
        ("hidden_sigmoid", Activate(sigmoid)),
        ("output", output),
        ("output_sigmoid", Activate(sigmoid)),
    ]
    return Network(layers, LOSSES["summed_squared_error"])


def _train_epoch(network: Network) -> float:
    """Returns the sum of the examples' errors, each taken before its update."""
    optimizer, error = SGD(), 0.0
    for x1, x2, label in _EXAMPLES:
        loss, _ = network.forward_backward(np.array([[x1, x2]]), np.array([label]))
        error += loss
        optimizer.update(network.parameters(), network.gradients(), _LEARNING_RATE)
    return error


def _list_weights(layer: Dense) -> list[float]:
    """Returns the weights and the bias of each unit in turn."""
    kernel, bias = layer.parameters["kernel"], layer.parameters["bias"]
    return [float(value) for value in np.vstack([kernel, bias]).T.ravel()]
