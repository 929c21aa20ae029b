"""What is no longer finite is noticed in its epoch, and found by step and tensor.

A run that is asked to is rolled back before it.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.results import lines, read_record
from tfmlp import Config, fit, seeds
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.errors import DivergenceError, TfmlpWarning
from tfmlp.training.recovery import find_divergence

SGD = {
    "optimizer": "sgd",
    "hidden_units": (16, 16),
    "epochs": 3,
    "batch_size": 32,
    "preprocessing": "none",
    "validation": 0,
}
RESTORING = SGD | {"learning_rate": 1e4, "on_divergence": "restore", "max_restores": 16}


@pytest.fixture
def data():
    features = np.random.default_rng(0).normal(size=(320, 6)).astype(np.float32)
    labels = np.arange(320) % 3
    train, test = Split(features, labels), Split(features[:32], labels[:32])
    return Dataset(train, None, test, "classification", tuple("abc"), Provenance("x", "x"))


def poisoned(data, step, value, epoch=2):
    """Returns the data with one value in the example that is visited first in a step.

    The step is counted from 1 over the run.
    """
    example = seeds.row_order(0, epoch, 320)[(step - 1 - 10 * (epoch - 1)) * 32]
    features = data.train.features.copy()
    features[example, 0] = value
    return replace(data, train=Split.trusted(features, data.train.labels))


@pytest.mark.parametrize(
    "options",
    [
        {"engine": "graph"},
        {"engine": "hybrid", "optimizer": "adam"},
        {"engine": "xla"},
        {"engine": "streaming"},
        {"backend": "numpy"},
    ],
)
def test_the_step_and_the_tensor_are_found(data, options):
    config = Config.from_options(**SGD | {"learning_rate": 1e20} | options)
    with np.errstate(all="ignore"), pytest.raises(DivergenceError) as error:
        list(fit(config, data))
    assert "training diverged" in str(error.value)
    found = error.value.divergence
    assert found.epoch == 1 and 2 <= found.step <= 6 and found.learning_rate == pytest.approx(1e20)
    is_of_a_pass = found.tensor.startswith(("the output of", "the gradient of", "the loss"))
    assert is_of_a_pass or "after the update" in found.tensor
    # By hand: all before the step is finite, and the step is not.
    again = fit(config, data)
    with np.errstate(all="ignore"):
        again.backend.train_steps(1, 0, found.step - 1)
        assert all(np.isfinite(array).all() for array in again.backend.get_state().values())
        tensors = list(again.backend.trace(1, found.step - 1))
    first = next(name for name, array in tensors if not np.isfinite(array).all())
    assert first == found.tensor


def test_the_model_is_left_as_it_was_at_the_beginning_of_the_epoch(data):
    whole = fit(Config.from_options(**SGD | {"epochs": 1}), data)
    list(whole)
    training = fit(Config.from_options(**SGD), data)
    train_steps = training.backend.train_steps

    def diverge(epoch, first, last):
        train_steps(epoch, first, last)
        if epoch == 2:  # as a step with an infinite gradient would leave it
            kernel = training.model.weights[0]
            kernel.assign(np.full(kernel.shape, math.inf, np.float32))

    training.backend.train_steps = diverge
    with pytest.raises(DivergenceError, match=r"step 11 \(epoch 2\)"):
        list(training)
    assert len(training.history) == 1 and training.step == 0
    weights = zip(whole.model.get_weights(), training.model.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in weights)


def test_an_infinite_feature_is_named(data):
    training = fit(Config.from_options(**SGD, engine="graph"), poisoned(data, 14, np.inf))
    state = training.backend.get_state()
    training.backend.train_steps(2, 0, 3)
    found = find_divergence(training.backend, state, 2, 10)
    assert (found.tensor, found.value) == ("the features", "inf")
    assert found.step == 4  # the fourth that was run


@pytest.mark.parametrize(
    "options", [{"engine": "graph"}, {"engine": "xla", "schedule": "linear"}, {"backend": "numpy"}]
)
def test_restoring_goes_on_with_a_lower_rate_and_is_recorded(data, options):
    config = Config.from_options(**RESTORING | options)
    training = fit(config, data)
    with pytest.warns(TfmlpWarning) as warned, np.errstate(all="ignore"):
        list(training)
    rolling_back = "rolling back to the end of epoch 0, with the learning rate divided by 10"
    told = [warning for warning in warned if rolling_back in str(warning.message)]
    assert len(training.history) == 3 and len(training.restores) == len(told) > 0
    assert all(math.isfinite(epoch.train.loss) for epoch in training.history)
    if "schedule" not in options:  # from the first epoch on, it is a run with that rate
        plain = fit(config.replace(learning_rate=1e4 * 10.0 ** -len(told)), data)
        list(plain)
        expected = [epoch.train for epoch in plain.history]
        assert [epoch.train for epoch in training.history] == expected


def test_restoring_ends_after_the_allowed_number(data):
    options = RESTORING | {"learning_rate": 1e25, "max_restores": 2}
    training = fit(Config.from_options(**options), data)
    with pytest.warns(TfmlpWarning), pytest.raises(DivergenceError):
        list(training)
    assert len(training.restores) == 2


def test_the_record_says_where_and_a_diverged_run_can_be_resumed_with_restore(run_cli, mnist_dir):
    options = "--recipe none --optimizer sgd --learning-rate 1e6 --preprocessing none".split()
    run = ("--data-dir", mnist_dir, "--epochs", 3, "--out", "run")
    result = run_cli("train", *options, *run)
    assert result.exit_code == 3 and "training diverged" in lines(result)[-1]
    record = read_record("run")
    assert record["status"] == "diverged"
    assert set(record["divergence"]) == {"epoch", "step", "tensor", "value", "learning_rate"}
    restoring = "--on-divergence restore --max-restores 16".split()
    again = run_cli("train", "--resume", "run", *restoring)
    assert again.exit_code == 0, again.stderr
    record = read_record("run")
    assert record["status"] == "completed" and len(record["restores"]) >= 1


def test_a_restored_run_that_is_stopped_goes_on_to_the_same_bits(data):
    config = Config.from_options(**RESTORING | {"epochs": 4})
    whole, one, other = (fit(config, data) for _ in range(3))
    with pytest.warns(TfmlpWarning):
        list(whole)
        for epoch in one:
            if epoch.epoch == 2:
                break
    other.set_state(*one.get_state())
    list(other)
    assert other.restores == whole.restores
    assert [epoch.train for epoch in other.history] == [epoch.train for epoch in whole.history]
