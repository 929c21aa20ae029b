"""The loss of a constant prediction, held against trainings that cannot do better."""

import math

import numpy as np
import pytest

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.diagnosis.constant import constant_loss
from tfmlp.diagnosis.watch import Watch

LABELS = np.repeat([0, 1, 2], [600, 300, 100])
SHARES = np.array([0.6, 0.3, 0.1])


def data_of(labels, **options):
    """Returns a dataset whose features say nothing."""
    zeros = np.zeros((len(labels), 2), np.float32)
    held_out = {"validation": (zeros, labels), "test": (zeros, labels)}
    return Dataset.from_arrays(zeros, labels, **held_out, **options)


def trained_loss(config, data):
    """Returns the training loss of a net that can only learn a constant."""
    import tfmlp

    settings = {"hidden_units": (), "optimizer": "sgd", "learning_rate": 0.2, "epochs": 30}
    return list(tfmlp.fit(config.replace(backend="numpy", **settings), data))[-1].train.loss


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"label_smoothing": 0.2},
        {"loss": "binary_cross_entropy"},
        {"loss": "squared_error"},
        {"loss": "summed_squared_error"},
        {"loss": "half_squared_error"},
        {"class_weights": "balanced"},
    ],
    ids=str,
)
def test_it_is_what_a_net_without_inputs_comes_to(options):
    config, data = Config.from_options(**options), data_of(LABELS)
    assert constant_loss(config, data) == pytest.approx(trained_loss(config, data), rel=0.02)


def test_it_is_the_entropy_of_the_shares_or_the_variance():
    entropy = -(SHARES * np.log(SHARES)).sum()
    assert constant_loss(Config(), data_of(LABELS)) == pytest.approx(entropy)
    balanced = Config.from_options(class_weights="balanced")
    assert constant_loss(balanced, data_of(LABELS)) == pytest.approx(math.log(3))
    values = np.random.default_rng(0).normal(5, 3, 200)
    data = data_of(values, task="regression")
    assert constant_loss(Config(), data) == pytest.approx(1)
    plain = Config.from_options(standardize_target=False)
    assert constant_loss(plain, data) == pytest.approx(values.var())


def test_a_class_that_does_not_occur_costs_nothing():
    data = data_of(LABELS, class_names=["a", "b", "c", "d"])
    entropy = -(SHARES * np.log(SHARES)).sum()
    assert constant_loss(Config(), data) == pytest.approx(entropy)


def test_both_losses_must_be_far_above_it():
    watch = Watch([0.5, 0.5], constant_loss=0.7)
    watch({"train": {"loss": 9.0, "accuracy": 0.5, "count": 9}})
    assert watch.at_end(1.0) == []  # weights of an earlier epoch, or a last step that made it good
    (warning,) = watch.at_end(8.0)
    assert "the training loss, 9, is far above 0.7" in warning
    watch({"train": {"loss": 0.1, "accuracy": 0.9, "count": 9}})
    assert watch.at_end(8.0) == []  # it overfits, which is told otherwise
    assert Watch([0.5, 0.5]).at_end(8.0) == []
