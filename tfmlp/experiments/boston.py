"""The course's nets on Boston house prices, reproduced to every printed digit.

The random stream, and the order of the draws from it, belong to the experiment and stand here;
layers, loss and update rule are the reference's.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfmlp import files
from tfmlp.data.tabular import read_table
from tfmlp.experiments.comparison import Comparison
from tfmlp.reference.activations import ACTIVATIONS
from tfmlp.reference.layers import Activate, Dense, Layer
from tfmlp.reference.losses import LOSSES
from tfmlp.reference.metrics import mean_absolute_error, root_mean_squared_error
from tfmlp.reference.network import Network
from tfmlp.reference.optimizers import SGD

_SPLIT_SEED, _TEST_SHARE = 80718, 0.3
_SEED, _EPOCHS, _BATCH_SIZE, _LEARNING_RATE = 20190501, 50, 32, 0.01
_EVALUATED_EVERY = 10


class Published(NamedTuple):
    """A published run.

    Attributes:
      hidden_units: The widths of its hidden layers, which are sigmoids.
      losses: The loss on the test examples after epochs 10, 20, 30, 40 and 50.
      mae: The mean absolute error on the test examples at the end.
      rmse: The root of the mean squared error there.
    """

    hidden_units: tuple[int, ...]
    losses: tuple[float, ...]
    mae: float
    rmse: float


PUBLISHED = {
    "boston-linear": Published((), (30.293, 28.469, 26.293, 25.541, 25.087), 3.52, 5.01),
    "boston-13": Published((13,), (27.435, 21.839, 18.918, 17.195, 16.215), 2.60, 4.03),
    "boston-13-13": Published((13, 13), (44.143, 25.278, 22.339, 16.500, 14.655), 2.45, 3.83),
}


class BostonData(NamedTuple):
    """Boston house prices: features float64 [n, 13] and targets float64 [n, 1] of both splits."""

    features: NDArray[np.float64]
    targets: NDArray[np.float64]
    test_features: NDArray[np.float64]
    test_targets: NDArray[np.float64]


def load_boston() -> BostonData:
    """Reads boston.csv, which comes with the package, standardizes its features over all examples
    by the population standard deviation, and cuts them as scikit-learn's
    `train_test_split(test_size=0.3, random_state=80718)` does.
    """
    file = files.PACKAGED / "boston.csv"
    table, targets = read_table(str(file), "MEDV", "regression").train
    features = np.asarray(table)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    targets = targets.reshape(-1, 1)
    order = np.random.RandomState(_SPLIT_SEED).permutation(len(features))
    held_out = math.ceil(_TEST_SHARE * len(features))
    test, train = order[:held_out], order[held_out:]
    return BostonData(features[train], targets[train], features[test], targets[test])


def boston(name: str) -> tuple[Comparison, ...]:
    """Boston house prices by linear or sigmoid layers: SGD 0.01, batch 32, 50 epochs.

    The stream is NumPy's global one, seeded when fitting starts. Each epoch draws a permutation
    and reorders the examples as they stand. The layers are set up in the first forward pass, which
    is after the first permutation, and seed the stream anew: epoch 2's permutation follows the
    last layer's biases.
    """
    published = PUBLISHED[name]
    features, targets, test_features, test_targets = load_boston()
    network, stream_after_setup = _make_network((features.shape[1], *published.hidden_units, 1))
    optimizer = SGD()
    losses = []
    for epoch in range(1, _EPOCHS + 1):
        stream = np.random.RandomState(_SEED) if epoch == 1 else stream_after_setup
        order = stream.permutation(len(features))
        features, targets = features[order], targets[order]
        for start in range(0, len(features), _BATCH_SIZE):
            batch = slice(start, start + _BATCH_SIZE)
            network.forward_backward(features[batch], targets[batch])
            optimizer.update(network.parameters(), network.gradients(), _LEARNING_RATE)
        if epoch % _EVALUATED_EVERY == 0:
            losses.append(network.mean_loss(network.forward(test_features), test_targets))
    outputs = network.forward(test_features)
    mae = mean_absolute_error(outputs, test_targets)
    rmse = root_mean_squared_error(outputs, test_targets)
    by_epoch = zip(itertools.count(_EVALUATED_EVERY, _EVALUATED_EVERY), published.losses, losses)
    return (
        *(Comparison(f"test loss, epoch {n}", p, (m,), "equals", 3) for n, p, m in by_epoch),
        Comparison("test MAE", published.mae, (mae,), "equals", 2),
        Comparison("test RMSE", published.rmse, (rmse,), "equals", 2),
    )


def _make_network(widths: tuple[int, ...]) -> tuple[Network, np.random.RandomState]:
    """Makes the layers.

    Each seeds the stream anew and draws its weights, then its biases: so all layers draw from the
    same numbers. Returns the network, and the stream after the last draw.
    """
    layers: list[tuple[str, Layer]] = []
    for index, (fan_in, fan_out) in enumerate(itertools.pairwise(widths), 1):
        if index > 1:
            layers.append((f"sigmoid_{index - 1}", Activate(ACTIVATIONS["sigmoid"])))
        stream = np.random.RandomState(_SEED)
        kernel = stream.randn(fan_in, fan_out)
        bias = stream.randn(1, fan_out)[0]
        layers.append((f"dense_{index}", Dense(kernel, bias)))
    return Network(layers, LOSSES["summed_squared_error"]), stream
