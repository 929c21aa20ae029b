"""What a network makes of examples with values: values beside those predicted, and the errors."""

import numpy as np

from tfmlp.data.rowfile import Array
from tfmlp.examination.choice import evenly, rounded
from tfmlp.examination.examined import Examined
from tfmlp.examination.layers import make_histogram
from tfmlp.reference.metrics import mean_absolute_error, root_mean_squared_error
from tfmlp.runs.evaluation import Decile, Regression

_MOST_POINTS, _DECILES = 1000, 10


def examine_values(examined: Examined, split: str) -> Regression:
    """Returns a network's predictions on a split beside the true values, and its errors."""
    true = np.asarray(examined.data.splits[split].labels, np.float64)
    predicted = np.zeros(len(true))
    for part, outputs in examined.outputs(split):
        predicted[part] = examined.examples.in_unit(outputs[:, 0])
    mean = examined.data.train.labels.mean(dtype=np.float64)
    chosen = evenly(len(true), _MOST_POINTS)
    tenths = np.array_split(np.argsort(true, kind="stable"), _DECILES)
    return Regression(
        rounded(true[chosen]),
        rounded(predicted[chosen]),
        make_histogram(predicted - true),
        [_decile(true[tenth], predicted[tenth]) for tenth in tenths if len(tenth)],
        float(root_mean_squared_error(np.full_like(true, mean), true)),
    )


def _decile(true: Array, predicted: Array) -> Decile:
    errors = mean_absolute_error(predicted, true), root_mean_squared_error(predicted, true)
    low, high, mae, rmse = rounded(np.array([true[0], true[-1], *errors]))
    return Decile(low, high, len(true), mae, rmse)
