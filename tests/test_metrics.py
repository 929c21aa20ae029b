"""The table of metrics, and what computes each of its entries."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfmlp.config import FIELDS
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.errors import ConfigError
from tfmlp.metrics import (
    METRICS,
    MOST_CLASSES,
    Metrics,
    metrics_of,
    show_metrics,
    training_metrics_of,
)
from tfmlp.reference.metrics import SUMS, ClassCounts, r_squared
from tfmlp.settings.data import TASKS
from tfmlp.settings.optimization import OptimizationConfig
from tfmlp.training.keras_metrics import EvaluationMetrics, KerasMetrics
from tfmlp.training.numpy_sums import EvaluationSums, MetricSums
from tfmlp.training.step import update_metrics
from tfmlp.training.stopping import make_stopping

STREAM = np.random.default_rng(4)
# Task -> outputs and labels of batches of 20, 20 and 7 examples.
OUTPUTS = {"classification": STREAM.random((47, 3)), "regression": STREAM.random((47, 1)) * 1e3}
LABELS = {"classification": STREAM.integers(0, 3, 47), "regression": STREAM.random(47) * 1e3}
LOSSES = STREAM.random(47)
BATCHES = [slice(0, 20), slice(20, 40), slice(40, 47)]


def dataset(task, classes=0):
    split = Split(np.zeros((4, 2), np.float32), np.zeros(4, np.int32))
    names = tuple(map(str, range(classes)))
    return Dataset(split, split, split, task, names, Provenance("zeros", "a test"))


def expected(task):
    """The metrics by their definitions, over all examples at once."""
    outputs, labels = OUTPUTS[task], LABELS[task]
    if task == "classification":
        predicted = outputs.argmax(axis=1)
        right = predicted == labels
        recalls = [np.mean(right[labels == k]) for k in range(3)]
        precisions = [np.mean(right[predicted == k]) for k in range(3)]
        return {
            "loss": LOSSES.mean(),
            "accuracy": np.mean(right),
            "balanced_accuracy": np.mean(recalls),
            "f1": np.mean([2 * p * r / (p + r) for p, r in zip(precisions, recalls)]),
        }
    errors = outputs[:, 0] - labels
    return {
        "loss": LOSSES.mean(),
        "mae": np.abs(errors).mean(),
        "rmse": np.sqrt(np.square(errors).mean()),
        "r2": 1 - np.square(errors).sum() / np.square(labels - labels.mean()).sum(),
    }


def by_keras(task):
    metrics = EvaluationMetrics(task, classes=3)
    for batch in BATCHES:
        arrays = LABELS[task][batch], OUTPUTS[task][batch], LOSSES[batch]
        update_metrics(list(metrics.objects.values()), *map(tf.constant, arrays))
    return metrics.read_all(LABELS[task])


def by_numpy(task):
    sums = EvaluationSums(task, unit=1.0, classes=3)
    for batch in BATCHES:
        sums.add(LOSSES[batch], OUTPUTS[task][batch], LABELS[task][batch])
    return sums.read_all(LABELS[task])


def test_the_metrics_are_those_of_the_table():
    fields = [field.name for field in dataclasses.fields(Metrics)]
    assert sorted(fields) == sorted([*METRICS, "count"])
    while_training = {name for name, metric in METRICS.items() if not metric.evaluated}
    assert {*SUMS, "loss"} == while_training
    for name, metric in METRICS.items():
        assert metric.tasks and set(metric.tasks) <= set(TASKS), name


def test_every_task_has_its_metrics_the_loss_first():
    assert {task: metrics_of(task) for task in TASKS} == {
        "classification": ("loss", "accuracy", "balanced_accuracy", "f1"),
        "regression": ("loss", "mae", "rmse", "r2"),
    }
    assert {task: training_metrics_of(task) for task in TASKS} == {
        "classification": ("loss", "accuracy"),
        "regression": ("loss", "mae", "rmse"),
    }
    few = metrics_of("classification", MOST_CLASSES)
    many = metrics_of("classification", MOST_CLASSES + 1)
    assert "f1" in few and many == ("loss", "accuracy")


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
        assert getattr(metrics, name) is None
        with pytest.raises(KeyError, match=name):
            metrics[name]


def test_while_training_metrics_by_class_are_not_computed():
    objects = KerasMetrics("classification").objects
    assert tuple(objects) == training_metrics_of("classification")
    assert MetricSums("regression", 1.0).totals.shape == (4,)


def test_many_classes_have_no_metrics_by_class():
    for classes in (MOST_CLASSES, MOST_CLASSES + 1):
        counted = classes == MOST_CLASSES
        assert ("counts" in EvaluationMetrics("classification", classes).objects) is counted
        sums = EvaluationSums("classification", 1.0, classes)
        sums.add(np.ones(2), np.eye(2, classes), np.array([0, 1]))
        metrics = sums.read_all(np.array([0, 1]))
        assert (metrics.f1 == 1.0) is (metrics.balanced_accuracy == 1.0) is counted


def test_classes_that_do_not_occur_are_no_part_of_the_mean():
    counts = ClassCounts.of(np.array([0, 0, 0, 3]), np.array([0, 0, 2, 0]), classes=6)
    metrics = counts.metrics()
    assert metrics["balanced_accuracy"] == pytest.approx((2 / 3 + 0) / 2)
    assert metrics["f1"] == pytest.approx((2 / 3 + 0 + 0) / 3)
    nothing = ClassCounts.of(np.array([], int), np.array([], int), 2)
    assert nothing.metrics() == {"accuracy": 0.0, "balanced_accuracy": 0.0, "f1": 0.0}


def test_one_class_for_every_example_has_a_balanced_accuracy_of_one_over_the_classes():
    labels = np.array([0] * 995 + [1] * 5)
    metrics = ClassCounts.of(np.zeros(1000, int), labels, 2).metrics()
    assert metrics["balanced_accuracy"] == 0.5
    assert metrics["f1"] == pytest.approx(2 * 0.995 / 1.995 / 2)


def test_r_squared_of_the_mean_is_zero_and_of_equal_targets_defined():
    targets = np.float32([1e4, 1e4 + 1, 1e4 + 5])
    assert r_squared(float(targets.std(dtype=np.float64)), targets) == pytest.approx(0, abs=1e-12)
    assert r_squared(0.0, targets) == 1
    assert (r_squared(0.0, np.ones(3)), r_squared(0.5, np.ones(3))) == (1.0, 0.0)


def test_metrics_of_standardized_targets_are_in_the_targets_unit():
    outputs, labels = OUTPUTS["regression"], LABELS["regression"]
    sums = MetricSums("regression", unit=8.0)
    sums.add(LOSSES, outputs / 8, labels / 8)
    for name, value in expected("regression").items():
        if name == "r2":
            continue
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


def test_metrics_by_class_of_too_many_classes_cannot_be_monitored():
    config = OptimizationConfig(monitor="f1")
    assert make_stopping(config, dataset("classification", 1000)).monitor == "f1"
    with pytest.raises(ConfigError, match="use one of loss, accuracy"):
        make_stopping(config, dataset("classification", 1001))


@pytest.mark.parametrize("name", METRICS)
def test_a_score_is_higher_for_the_better_value(name):
    task = METRICS[name].tasks[0]
    stopping = make_stopping(OptimizationConfig(monitor=name), dataset(task))
    low, high = (stopping.score(Metrics(**{"loss": 0.0, "count": 1} | {name: v})) for v in (1, 2))
    assert (high > low) is METRICS[name].higher_is_better is (name not in ("loss", "mae", "rmse"))


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
    shares = Metrics(loss=0.5, count=10, accuracy=0.9, balanced_accuracy=0.5, f1=0.25).to_dict()
    assert show_metrics(shares, {"loss": "of logits"}) == (
        "loss 0.5000 (of logits)  accuracy 90.00 %  balanced accuracy 50.00 %  f1 25.00 %"
    )
