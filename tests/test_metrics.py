"""The table of metrics, and what computes each of its entries."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfmlp.config import FIELDS
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.errors import ConfigError
from tfmlp.metrics import METRICS, Metrics, metrics_of, show_metrics
from tfmlp.reference.metrics import SUMS
from tfmlp.settings.data import TASKS
from tfmlp.settings.optimization import OptimizationConfig
from tfmlp.training.keras_metrics import KerasMetrics
from tfmlp.training.numpy_sums import MetricSums
from tfmlp.training.step import update_metrics
from tfmlp.training.stopping import make_stopping

STREAM = np.random.default_rng(4)
# Task -> outputs and labels of batches of 20, 20 and 7 examples.
OUTPUTS = {"classification": STREAM.random((47, 3)), "regression": STREAM.random((47, 1)) * 1e3}
LABELS = {"classification": STREAM.integers(0, 3, 47), "regression": STREAM.random(47) * 1e3}
LOSSES = STREAM.random(47)
BATCHES = [slice(0, 20), slice(20, 40), slice(40, 47)]


def dataset(task):
    split = Split(np.zeros((4, 2), np.float32), np.zeros(4, np.int32))
    return Dataset(split, split, split, task, (), Provenance("zeros", "a test"))


def expected(task):
    """The metrics by their definitions, over all examples at once."""
    outputs, labels = OUTPUTS[task], LABELS[task]
    if task == "classification":
        return {"loss": LOSSES.mean(), "accuracy": np.mean(outputs.argmax(axis=1) == labels)}
    errors = outputs[:, 0] - labels
    return {
        "loss": LOSSES.mean(),
        "mae": np.abs(errors).mean(),
        "rmse": np.sqrt(np.square(errors).mean()),
    }


def by_keras(task):
    metrics = KerasMetrics(task)
    for batch in BATCHES:
        arrays = LABELS[task][batch], OUTPUTS[task][batch], LOSSES[batch]
        update_metrics(list(metrics.objects.values()), *map(tf.constant, arrays))
    return metrics.read(47)


def by_numpy(task):
    sums = MetricSums(task, unit=1.0)
    for batch in BATCHES:
        sums.add(LOSSES[batch], OUTPUTS[task][batch], LABELS[task][batch])
    return sums.read()


def test_the_metrics_are_those_of_the_table():
    fields = [field.name for field in dataclasses.fields(Metrics)]
    assert sorted(fields) == sorted([*METRICS, "count"])
    assert {*SUMS, "loss"} == set(METRICS)
    for name, metric in METRICS.items():
        assert metric.tasks and set(metric.tasks) <= set(TASKS), name


def test_every_task_has_its_metrics_the_loss_first():
    assert {task: metrics_of(task) for task in TASKS} == {
        "classification": ("loss", "accuracy"),
        "regression": ("loss", "mae", "rmse"),
    }


@pytest.mark.parametrize("compute", [by_keras, by_numpy])
@pytest.mark.parametrize("task", TASKS)
def test_both_backends_compute_every_metric_of_a_task(task, compute):
    metrics = compute(task)
    assert metrics.count == 47
    assert set(metrics.to_dict()) == {*metrics_of(task), "count"}
    for name, value in expected(task).items():
        assert isinstance(metrics[name], float)
        assert metrics[name] == pytest.approx(value, rel=1e-12), name
    for name in set(METRICS) - set(metrics_of(task)):
        assert metrics[name] is None


def test_metrics_of_standardized_targets_are_in_the_targets_unit():
    outputs, labels = OUTPUTS["regression"], LABELS["regression"]
    sums = MetricSums("regression", unit=8.0)
    sums.add(LOSSES, outputs / 8, labels / 8)
    for name, value in expected("regression").items():
        assert sums.read()[name] == pytest.approx(value, rel=1e-12), name


def test_keras_metrics_forget_when_they_are_reset():
    metrics = KerasMetrics("classification")
    objects = list(metrics.objects.values())
    arrays = LABELS["classification"], OUTPUTS["classification"], LOSSES
    update_metrics(objects, *map(tf.constant, arrays))
    metrics.reset()
    assert metrics.read(0) == Metrics(loss=0.0, count=0, accuracy=0.0)


def test_what_can_be_monitored_follows_the_table():
    assert FIELDS["monitor"].metadata["choices"] == tuple(METRICS)
    for name, task in ((name, task) for name in METRICS for task in TASKS):
        config = OptimizationConfig(monitor=name)
        if task in METRICS[name].tasks:
            assert make_stopping(config, dataset(task)).monitor == name
        else:
            with pytest.raises(ConfigError, match=f"monitor {name} is no metric of {task}"):
                make_stopping(config, dataset(task))


@pytest.mark.parametrize("name", METRICS)
def test_a_score_is_higher_for_the_better_value(name):
    task = METRICS[name].tasks[0]
    stopping = make_stopping(OptimizationConfig(monitor=name), dataset(task))
    low, high = (stopping.score(Metrics(**{"loss": 0.0, "count": 1} | {name: v})) for v in (1, 2))
    assert (high > low) is METRICS[name].higher_is_better is (name == "accuracy")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("loss", 0.12345, "0.1235"),
        ("loss", 999.9, "999.9000"),
        ("loss", 1e6, "1e+06"),
        ("accuracy", 0.5, "50.00 %"),
        ("accuracy", 1.0, "100.00 %"),
        ("mae", 1000.0, "1000"),
        ("rmse", 12345.6, "1.235e+04"),
        ("loss", float("nan"), "nan"),
    ],
)
def test_a_value_as_people_read_it(name, value, shown):
    assert METRICS[name].show(value) == shown


def test_metrics_on_one_line():
    metrics = Metrics(loss=0.5, count=10, mae=2.0, rmse=3.0)
    assert show_metrics(metrics.to_dict()) == "loss 0.5000  mae 2.0000  rmse 3.0000"
