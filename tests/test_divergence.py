"""What is no longer finite is noticed in its epoch, found by step and tensor, and gone back from if
asked to.
"""

import json
import math

import numpy as np
import pytest

from tfmlp import Config, fit
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


@pytest.fixture
def data():
    stream = np.random.default_rng(0)
    rows = stream.normal(size=(320, 6)).astype(np.float32)
    return Dataset(
        Split(rows, np.arange(320) % 3),
        None,
        Split(rows[:32], np.arange(32) % 3),
        "classification",
        tuple("abc"),
        Provenance("x", "x"),
    )


def poisoned(data, step, value, epoch=2):
    """Returns the data with one value in the row that is visited first in a step (from 1 on over
    the run).
    """
    from tfmlp import seeds

    row = seeds.row_order(0, epoch, 320)[(step - 1 - 10 * (epoch - 1)) * 32]
    features = data.train.features.copy()
    features[row, 0] = value
    return Dataset(
        Split(features, data.train.labels),
        None,
        data.test,
        "classification",
        data.class_names,
        data.provenance,
    )


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
    training = fit(Config.from_options(**SGD | {"learning_rate": 1e20} | options), data)
    with (
        pytest.raises(DivergenceError, match="training diverged") as error,
        np.errstate(all="ignore"),
    ):
        list(training)
    found = error.value.divergence
    assert found.epoch == 1 and 2 <= found.step <= 6 and found.learning_rate == pytest.approx(1e20)
    assert (
        found.tensor.startswith(("the output of", "the gradient of", "the loss"))
        or "after the update" in found.tensor
    )
    # By hand: all before the step is finite, and the step is not.
    again = fit(Config.from_options(**SGD | {"learning_rate": 1e20} | options), data)
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
            training.model.weights[0].assign(
                np.full(training.model.weights[0].shape, math.inf, np.float32)
            )

    training.backend.train_steps = diverge
    with pytest.raises(DivergenceError, match=r"step 11 \(epoch 2\)"):
        list(training)
    assert len(training.history) == 1 and training.step == 0
    assert all(
        np.array_equal(a, b)
        for a, b in zip(whole.model.get_weights(), training.model.get_weights(), strict=True)
    )


def test_an_infinite_feature_is_named(data):
    training = fit(Config.from_options(**SGD, engine="graph"), poisoned(data, 14, np.inf))
    state = training.backend.get_state()
    training.backend.train_steps(2, 0, 3)
    found = find_divergence(training.backend, state, 2, 10)
    assert (found.tensor, found.value) == (
        "the features",
        "inf",
    ) and found.step == 4  # the fourth that was run


@pytest.mark.parametrize(
    "options", [{"engine": "graph"}, {"engine": "xla", "schedule": "linear"}, {"backend": "numpy"}]
)
def test_restoring_goes_on_with_a_lower_rate_and_is_recorded(data, options):
    config = Config.from_options(
        **SGD | {"learning_rate": 1e4, "on_divergence": "restore", "max_restores": 16} | options
    )
    training = fit(config, data)
    with (
        pytest.warns(
            TfmlpWarning,
            match="going back to the end of epoch 0, with the learning rate divided by 10",
        ),
        np.errstate(all="ignore"),
    ):
        list(training)
    assert len(training.history) == 3 and training.restores
    assert all(math.isfinite(epoch.train.loss) for epoch in training.history)
    factor = 10.0 ** -len(training.restores)
    plain = fit(
        config.replace(
            learning_rate=1e4 * factor,
            final_learning_rate=max(config.optimization.final_learning_rate * factor, 1e-300),
        ),
        data,
    )
    if "schedule" not in options:  # from the first epoch on, it is a run with that rate
        list(plain)
        assert [epoch.train for epoch in plain.history] == [
            epoch.train for epoch in training.history
        ]


def test_restoring_ends_after_the_allowed_number(data):
    training = fit(
        Config.from_options(
            **SGD | {"learning_rate": 1e25, "on_divergence": "restore", "max_restores": 2}
        ),
        data,
    )
    with pytest.warns(TfmlpWarning), pytest.raises(DivergenceError):
        list(training)
    assert len(training.restores) == 2


def test_the_record_says_where_and_a_diverged_run_can_be_resumed_with_restore(
    run_cli, mnist_dir, tmp_path
):
    arguments = [
        "train",
        "--data-dir",
        str(mnist_dir),
        "--recipe",
        "none",
        "--optimizer",
        "sgd",
        "--learning-rate",
        "1e6",
        "--preprocessing",
        "none",
    ]
    result = run_cli(*arguments, "--epochs", "3", "--out", "run")
    assert result.exit_code == 3 and "training diverged" in result.stderr.splitlines()[-1]
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["status"] == "diverged" and record["divergence"].keys() == {
        "epoch",
        "step",
        "tensor",
        "value",
        "learning_rate",
    }
    again = run_cli(
        "train", "--resume", "run", "--on-divergence", "restore", "--max-restores", "16"
    )
    assert again.exit_code == 0, again.stderr
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["status"] == "completed" and len(record["restores"]) >= 1


def test_a_restored_run_that_is_stopped_goes_on_to_the_same_bits(data):
    config = Config.from_options(
        **SGD | {"learning_rate": 1e4, "on_divergence": "restore", "max_restores": 16, "epochs": 4}
    )
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
