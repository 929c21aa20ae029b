"""Experiments whose random streams are known, reproduced to every printed digit on the NumPy
reference.

Which stream is drawn from, and in what order, belongs to the experiment and stands here; layers,
losses and update rules are the reference's.
"""

import itertools
import math
import random
from collections.abc import Callable

import numpy as np

from tfmlp import files
from tfmlp.data.tabular import read_table
from tfmlp.errors import DataError
from tfmlp.experiments.figures import Figure
from tfmlp.reference.activations import ACTIVATIONS
from tfmlp.reference.layers import Activate, Dense, Layer
from tfmlp.reference.losses import LOSSES
from tfmlp.reference.metrics import mean_absolute_error, root_mean_squared_error
from tfmlp.reference.network import Network
from tfmlp.reference.optimizers import SGD

# x1, x2, class. J. Brownlee's toy set for backpropagation.
TOY_ROWS = (
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
TOY_ERRORS = (
    6.128,
    5.333,
    5.001,
    4.400,
    3.882,
    3.376,
    2.934,
    2.553,
    2.228,
    1.952,
    1.717,
    1.518,
    1.348,
    1.204,
    1.081,
    0.977,
    0.887,
    0.811,
    0.744,
    0.687,
)
# Of hidden units 1 and 2 and output units 1 and 2: two weights and the bias.
TOY_WEIGHTS = (
    (-1.7162510676007774, 2.2017368671278477, 1.2236115716194655),
    (-0.42765504124639315, 0.195595536359702, 0.33038057152505096),
    (3.079101186041919, 0.6653253481230443, -1.6094439234205478),
    (-3.2651365888431174, 0.17393950180259954, 1.4382688763664562),
)

BOSTON_SEED, BOSTON_EPOCHS, BOSTON_BATCH, BOSTON_RATE = 20190501, 50, 32, 0.01
# Hidden layers -> loss on the test rows after epochs 10, 20, 30, 40, 50, then MAE and RMSE at the
# end.
BOSTON = {
    "boston-linear": ((), (30.293, 28.469, 26.293, 25.541, 25.087), 3.52, 5.01),
    "boston-13": ((13,), (27.435, 21.839, 18.918, 17.195, 16.215), 2.60, 4.03),
    "boston-13-13": ((13, 13), (44.143, 25.278, 22.339, 16.500, 14.655), 2.45, 3.83),
}


def toy_online() -> tuple[Figure, ...]:
    """Online backpropagation on ten rows: 2-2-2, sigmoids, the summed squared error, learning rate
    0.4, 20 epochs in file order.

    Weights come from Python's own generator with seed 1, unit by unit, each unit's weights and then
    its bias.
    """
    stream = random.Random(1)
    units = [
        [stream.random() for _ in range(3)] for _ in range(4)
    ]  # hidden 1, hidden 2, output 1, output 2

    def dense(two: list[list[float]]) -> Dense:
        return Dense(
            np.array([unit[:2] for unit in two]).T.copy(), np.array([unit[2] for unit in two])
        )

    sigmoid = ACTIVATIONS["sigmoid"]
    hidden, output = dense(units[:2]), dense(units[2:])
    network = Network(
        [
            ("hidden", hidden),
            ("hidden_sigmoid", Activate(sigmoid)),
            ("output", output),
            ("output_sigmoid", Activate(sigmoid)),
        ],
        LOSSES["summed_squared_error"],
    )
    optimizer = SGD()
    errors = []
    for _ in range(len(TOY_ERRORS)):
        error = 0.0
        for x1, x2, label in TOY_ROWS:
            loss, _ = network.forward_backward(np.array([[x1, x2]]), np.array([label]))
            error += loss
            optimizer.update(network.parameters(), network.gradients(), 0.4)
        errors.append(error)
    weights = [
        value
        for layer in (hidden, output)
        for unit in range(2)
        for value in (*layer.parameters["kernel"][:, unit], layer.parameters["bias"][unit])
    ]
    expected = [value for unit in TOY_WEIGHTS for value in unit]
    return (
        *(
            Figure(f"error, epoch {epoch}", published, (error,), "equals", 3)
            for epoch, (published, error) in enumerate(zip(TOY_ERRORS, errors, strict=True), 1)
        ),
        *(
            Figure(f"final weight {i}", published, (value,), "equals", 12)
            for i, (published, value) in enumerate(zip(expected, weights, strict=True), 1)
        ),
    )


def boston_rows() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Returns train rows, train targets, test rows, test targets: standardized over all rows by the
    population deviation, and cut as scikit-learn's train_test_split(test_size=0.3,
    random_state=80718) cuts them."""
    path = next(
        (
            folder / "boston.csv"
            for folder in files.data_folders("boston", None)
            if (folder / "boston.csv").is_file()
        ),
        None,
    )
    if path is None:
        raise DataError(
            "boston.csv is not in the checkout's data/ nor in $TFMLP_DATA_DIR: run this from a"
            " checkout, or set the variable."
        )
    features, targets = read_table(str(path), "MEDV", "regression").train
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    targets = targets.reshape(-1, 1)
    order = np.random.RandomState(80718).permutation(len(features))
    held = math.ceil(0.3 * len(features))
    test, train = order[:held], order[held:]
    return features[train], targets[train], features[test], targets[test]


def boston(name: str) -> tuple[Figure, ...]:
    """Boston house prices by a net of linear or sigmoid layers, SGD 0.01, batch 32, 50 epochs.

    The stream is NumPy's global one: seeded when fitting starts; each epoch draws a permutation and
    reorders the rows as they stand; in the first forward pass, that is after the first permutation,
    each layer seeds it anew and draws its weights, then its biases. So all layers draw from the
    same numbers, and epoch 2's permutation follows the last layer's biases.
    """
    hidden, losses, mae, rmse = BOSTON[name]
    rows, targets, test_rows, test_targets = boston_rows()
    stream = np.random.RandomState(BOSTON_SEED)
    widths = [rows.shape[1], *hidden, 1]
    network: Network | None = None
    optimizer = SGD()
    measured = []
    for epoch in range(1, BOSTON_EPOCHS + 1):
        order = stream.permutation(len(rows))
        rows, targets = rows[order], targets[order]
        if network is None:
            layers: list[tuple[str, Layer]] = []
            for index, (fan_in, fan_out) in enumerate(itertools.pairwise(widths), 1):
                stream = np.random.RandomState(BOSTON_SEED)
                kernel = stream.randn(fan_in, fan_out)
                layers.append((f"dense_{index}", Dense(kernel, stream.randn(1, fan_out)[0])))
                if index < len(widths) - 1:
                    layers.append((f"sigmoid_{index}", Activate(ACTIVATIONS["sigmoid"])))
            network = Network(layers, LOSSES["summed_squared_error"])
        for start in range(0, len(rows), BOSTON_BATCH):
            network.forward_backward(
                rows[start : start + BOSTON_BATCH], targets[start : start + BOSTON_BATCH]
            )
            optimizer.update(network.parameters(), network.gradients(), BOSTON_RATE)
        if epoch % 10 == 0:
            measured.append(network.mean_loss(network.forward(test_rows), test_targets))
    outputs = network.forward(test_rows)
    return (
        *(
            Figure(f"test loss, epoch {10 * i}", published, (loss,), "equals", 3)
            for i, (published, loss) in enumerate(zip(losses, measured, strict=True), 1)
        ),
        Figure("test MAE", mae, (mean_absolute_error(outputs, test_targets),), "equals", 2),
        Figure("test RMSE", rmse, (root_mean_squared_error(outputs, test_targets),), "equals", 2),
    )


def relu_derivative() -> tuple[Figure, ...]:
    """ReLU and its derivative on [-1.3, -2.3, 0, 2, 3]: the derivative at 0 is 0."""
    z = np.array([-1.3, -2.3, 0.0, 2.0, 3.0])
    values = ACTIVATIONS["relu"].function(z)
    slopes = ACTIVATIONS["relu"].derivative(z, values)
    expected = zip(z, (0, 0, 0, 2, 3), (0, 0, 0, 1, 1), values, slopes, strict=True)
    return tuple(
        figure
        for at, value, slope, ours, our_slope in expected
        for figure in (
            Figure(f"relu({at:g})", value, (float(ours),), "equals", 9),
            Figure(f"relu'({at:g})", slope, (float(our_slope),), "equals", 9),
        )
    )


EXACT: dict[str, Callable[[], tuple[Figure, ...]]] = {
    "relu-derivative": relu_derivative,
    "toy-online": toy_online,
    **{name: lambda name=name: boston(name) for name in BOSTON},
}
