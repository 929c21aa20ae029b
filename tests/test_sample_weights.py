"""What each example's loss counts: in every engine, and in the reference."""

from dataclasses import replace

import numpy as np
import pytest

import tfmlp
from tfmlp.data.split import Split
from tfmlp.errors import DataError
from tfmlp.training.parity import compare_steps

_RANDOM = np.random.default_rng(0)
X = _RANDOM.normal(size=(96, 5)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(np.int32)
WEIGHTS = _RANDOM.integers(0, 4, 96).astype(np.float32)
PLAIN = {
    "hidden_units": (8,),
    "preprocessing": "none",
    "epochs": 3,
    "learning_rate": 0.1,
    "batch_size": 20,
}


def weighted(weights, x=X, y=Y):
    data = tfmlp.Dataset.from_arrays(x, y, validation=0, test=(X, Y))
    return replace(data, train=Split(data.train.features, data.train.labels, weights))


def trained(data, **options):
    config = tfmlp.Config.from_options(**(PLAIN | options))
    training = tfmlp.fit(config, data)
    epochs = list(training)
    return training.backend.get_weights(), epochs[-1].train


def largest_difference(one, other):
    return max(np.abs(one[name] - other[name]).max() for name in one)


@pytest.mark.parametrize("engine", ["graph", "hybrid", "xla", "streaming-graph", "streaming-xla"])
def test_every_engine_counts_them_alike(engine):
    by_engine, metrics = trained(weighted(WEIGHTS), engine=engine)
    by_numpy, expected = trained(weighted(WEIGHTS), backend="numpy")
    assert largest_difference(by_engine, by_numpy) < 1e-5
    assert metrics.loss == pytest.approx(expected.loss, rel=1e-5)
    without, _ = trained(weighted(None), engine=engine)
    assert largest_difference(by_engine, without) > 1e-3


def test_weights_of_one_change_nothing():
    assert largest_difference(*(trained(weighted(w))[0] for w in (None, np.ones(96)))) < 1e-6


def test_a_weight_is_a_number_of_repetitions():
    """In full batches, whose mean is over as many examples."""
    numbers = np.repeat(np.arange(96), WEIGHTS.astype(int))
    factor = len(numbers) / 96
    options = {"batch_size": 1000, "shuffle": False, "epochs": 20}
    by_weight, _ = trained(weighted(WEIGHTS), **options)
    repeated, _ = trained(weighted(None, X[numbers], Y[numbers]), **options, learning_rate=0.1)
    scaled, _ = trained(weighted(WEIGHTS / factor), **options)
    assert largest_difference(scaled, repeated) < 1e-5
    assert largest_difference(by_weight, repeated) > 1e-3


def test_the_reference_equals_tensorflow_step_by_step():
    options = PLAIN | {"precision": "float64", "optimizer": "adam", "dropout": 0.2}
    steps = compare_steps(tfmlp.Config.from_options(**options), weighted(WEIGHTS), 10)
    assert all(step.worst(1e-12) is None for step in steps)


def test_the_numeric_backend_counts_them_too():
    options = {"epochs": 1, "hidden_units": (2,), "precision": "float64"}
    by_difference, _ = trained(weighted(WEIGHTS), backend="numeric", **options)
    by_formula, _ = trained(weighted(WEIGHTS), backend="numpy", **options)
    assert largest_difference(by_difference, by_formula) < 1e-8


@pytest.mark.parametrize(
    "weights, message",
    [
        (np.ones(95), r"one for each of 96 examples; received the shape \(95,\)"),
        (np.full(96, -1.0), "at least 0"),
        (np.full(96, np.nan), "finite"),
        (np.zeros(96), "not all 0"),
    ],
)
def test_bad_weights_are_said(weights, message):
    with pytest.raises(DataError, match=message):
        tfmlp.fit(tfmlp.Config.from_options(**PLAIN), weighted(weights))
