"""What a user is told beside the metrics: shares, units, imbalance, class weights."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.results import lines, read_epochs, read_record
from tfmlp.cli.epochs import describe_epoch
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.diagnosis.configured import diagnose_config
from tfmlp.diagnosis.symptoms.labels import label_findings
from tfmlp.diagnosis.watch import Watch
from tfmlp.errors import ConfigError
from tfmlp.metrics import Metrics
from tfmlp.training.assembly import choose_class_weights
from tfmlp.training.loop import fit
from tfmlp.training.result import EpochResult


def write_table(share, count=2000, signal=0.3):
    """Writes a CSV file in which a share of the rows is of one class, hard to tell apart."""
    stream = np.random.default_rng(1)
    labels = np.arange(count) % round(1 / (1 - share)) == 0
    rows = stream.normal(size=(count, 4)) + signal * labels[:, np.newaxis]
    text = [f"{','.join(map(str, row))},{label}" for row, label in zip(rows, labels.astype(int))]
    Path("table.csv").write_text("\n".join(["a,b,c,d,y", *text]) + "\n")
    return "--dataset csv:table.csv --target y".split()


def write_values():
    stream = np.random.default_rng(0)
    rows = stream.normal(size=(300, 3))
    values = 1000 + 100 * rows[:, 0] + stream.normal(size=300)
    text = [f"{','.join(map(str, row))},{value}" for row, value in zip(rows, values)]
    Path("values.csv").write_text("\n".join(["a,b,c,y", *text]) + "\n")
    return "--dataset csv:values.csv --target y --task regression".split()


# --- results


def test_accuracy_stands_beside_the_share_of_the_commonest_class(train, run_cli):
    result = train("--out", "run")
    line = result.stdout.splitlines()[0]
    found = re.match(
        r"test loss \S+  accuracy \S+ % \(commonest class (\S+) %\)  balanced accuracy \S+ %"
        r"  f1 \S+ %  \(200 examples\)$",
        line,
    )
    assert found and 5 < float(found[1]) < 20, line
    assert run_cli("evaluate", "run").stdout.strip() == line
    assert {"balanced_accuracy", "f1"} <= set(read_record("run")["test"])
    assert "balanced_accuracy" not in read_epochs("run")[0]["train"]


def test_regression_says_units_and_what_the_mean_gets(run_cli):
    options = write_values()
    result = run_cli("train", *options, "--epochs", 3, "--out", "run")
    assert result.exit_code == 0, result.stderr
    line = next(one for one in result.stdout.splitlines() if one.startswith("test "))
    found = re.match(
        r"test loss \S+ \(standardized\)  mae \S+  rmse (\S+) \(the mean's (\S+)\)  r2 (\S+)  \(",
        line,
    )
    assert found, line
    rmse, of_mean, r2 = map(float, found.groups())
    assert 50 < of_mean < 200
    assert r2 == pytest.approx(1 - (rmse / of_mean) ** 2, abs=0.2)
    assert run_cli("evaluate", "run").stdout.strip() == line
    plain = run_cli("train", *options, "--epochs", 1, "--no-standardize-target")
    assert "standardized" not in plain.stdout


# --- epoch lines


@pytest.mark.parametrize(
    "metrics",
    [
        Metrics(2.30259, 9, accuracy=1.0, balanced_accuracy=1.0, f1=1.0),
        Metrics(123.456, 9, accuracy=0.0981),
        Metrics(0.98765, 9, mae=123456.7, rmse=123456.7, r2=-123.45),
        Metrics(1e6, 9, mae=0.01, rmse=1e-9),
    ],
)
@pytest.mark.parametrize("seconds", [0.01, 9.99, 99.99, 1234.5])
def test_an_epoch_line_fits_80_columns(metrics, seconds):
    line = describe_epoch(EpochResult(100, 0.1, metrics, metrics, seconds), 100)
    assert len(line) <= 80, line
    assert line.startswith("epoch 100/100 | loss ") and " val " in line and line.endswith(" s")
    assert " val " not in describe_epoch(EpochResult(1, 0.1, metrics, None, seconds), 100)


@pytest.mark.parametrize("write", [write_values, lambda: write_table(0.6)])
def test_epoch_lines_of_a_training_fit_80_columns(run_cli, write):
    result = run_cli("train", *write(), "--epochs", 100, "--patience", 2, "--validation", 0.2)
    shown = [line for line in lines(result) if line.startswith("epoch ")]
    assert len(shown) >= 3 and max(map(len, shown)) <= 80


# --- one class for every example


@pytest.mark.parametrize("share", [0.8, 0.95, 0.995])
def test_one_class_for_every_example_is_warned_of_at_any_share(run_cli, share):
    options = write_table(share, signal=0.0)
    result = run_cli("train", *options, "--epochs", 4, "--validation", 0.3, "--out", "run")
    assert result.exit_code == 0, result.stderr
    warned = [line for line in lines(result) if "the commonest class" in line]
    assert len(warned) == 1, result.stderr
    assert "balanced accuracy 50.00 %" in warned[0] and "f1 " in warned[0]
    assert "--class-weights balanced" in warned[0]


def test_without_validation_the_training_accuracy_tells():
    def epoch(accuracy, loss):
        return {"train": {"loss": loss, "accuracy": accuracy, "count": 1000}}

    watch = Watch([0.995, 0.005])
    said = [line for loss in (0.2, 0.05, 0.03) for line in watch(epoch(0.995, loss))]
    assert len(said) == 1 and "commonest class, 99.5 %" in said[0]
    watch = Watch([0.995, 0.005])
    assert not any(watch(epoch(accuracy, 0.02)) for accuracy in (0.995, 0.996))


def test_a_net_that_finds_rare_examples_is_not_warned():
    def epoch(balanced):
        metrics = {"accuracy": 0.995, "balanced_accuracy": balanced, "f1": balanced}
        values = {"loss": 1 - balanced, "count": 1000}
        return {"train": {**values, "accuracy": 0.995}, "validation": {**values, **metrics}}

    shares = [0.995, 0.005]
    watch = Watch(shares, shares)
    assert not any(watch(epoch(balanced)) for balanced in (0.5, 0.6, 0.55, 0.7))
    only_one = Watch(shares, [1.0, 0.0])  # whose balanced accuracy says nothing
    assert not only_one(epoch(1.0))


# --- class weights


def imbalanced():
    stream = np.random.default_rng(0)
    labels = np.repeat([0, 1, 3], [900, 90, 10]).astype(np.int32)
    features = (stream.normal(size=(1000, 4)) + labels[:, np.newaxis]).astype(np.float32)
    split, names = Split(features, labels), tuple("abcd")
    return Dataset(split, split, split, "classification", names, Provenance("rare", "a test"))


def test_balanced_weights_give_every_class_the_same_share():
    data = imbalanced()
    weights = choose_class_weights(Config.from_options(class_weights="balanced"), data)
    counts = data.class_counts()["train"]
    assert np.allclose((weights * counts)[counts > 0], 1000 / 3)
    assert choose_class_weights(Config(), data) is None


@pytest.mark.parametrize("engine", ["graph", "hybrid", "xla", "streaming-graph"])
def test_class_weights_raise_balanced_accuracy_and_leave_the_recorded_loss_alone(engine):
    options = {"hidden_units": (), "epochs": 10, "engine": engine, "learning_rate": 0.1}
    plain = Config.from_options(**options)
    weighted = plain.replace(class_weights="balanced")
    one, other = (list(fit(config, imbalanced()))[-1] for config in (plain, weighted))
    assert other.validation.balanced_accuracy > one.validation.balanced_accuracy + 0.1
    # With a learning rate of nearly 0, both are the untrained net's.
    still = {"learning_rate": 1e-12, "epochs": 1}
    one, other = (
        next(iter(fit(config.replace(**still), imbalanced()))) for config in (plain, weighted)
    )
    assert other.train.loss == pytest.approx(one.train.loss, rel=1e-6)
    assert other.validation.loss == pytest.approx(one.validation.loss, rel=1e-6)


def test_class_weights_of_a_regression_are_refused(run_cli):
    split = Split(np.zeros((9, 2), np.float32), np.arange(9, dtype=np.float32))
    data = Dataset(split, split, split, "regression", (), Provenance("line", "a test"))
    with pytest.raises(ConfigError, match="class_weights balanced is for classes"):
        fit(Config.from_options(class_weights="balanced"), data)


def test_balanced_accuracy_can_be_monitored(run_cli):
    options = write_table(0.9, signal=1.0)
    more = "--class-weights balanced --monitor balanced_accuracy --patience 3 --epochs 20".split()
    result = run_cli("train", *options, *more, "--validation", 0.3, "--out", "run")
    assert result.exit_code == 0, result.stderr
    record, epochs = read_record("run"), read_epochs("run")
    best = max(epoch["validation"]["balanced_accuracy"] for epoch in epochs)
    assert record["best"]["validation"]["balanced_accuracy"] == best > 0.6


# --- diagnose


def rare(kind):
    """A class of 1 % that training cannot find in so few steps."""
    stream = np.random.default_rng(1)
    labels = (np.arange(3000) % 100 == 0).astype(np.int32)
    shape = (4,) if kind == "table" else (8, 8, 1)
    features = stream.normal(size=(3000, *shape)) + 0.2 * labels.reshape(-1, *[1] * len(shape))
    if kind == "images":
        features = np.clip(128 + 60 * features, 0, 255).astype(np.uint8)
    else:
        features = features.astype(np.float32)
    split = Split(features, labels)
    return Dataset(split, None, split, "classification", ("no", "yes"), Provenance("rare", "test"))


@pytest.mark.parametrize("kind", ["table", "images"])
@pytest.mark.parametrize("options", [{}, {"optimizer": "sgd", "learning_rate": 0.1}])
def test_imbalance_is_named_before_the_learning_rate(kind, options):
    config = Config.from_options(hidden_units=(32,), validation=0, **options)
    diagnosis = diagnose_config(config, rare(kind), seconds=15)
    first, *others = [one for one in diagnosis.findings if one.name != "leakage"]
    names = [finding.name for finding in (first, *others)]
    assert first.name == "imbalance" and first.change == {"class_weights": "balanced"}, names
    assert not {"learning_rate_too_small", "learning_rate_too_large"} & set(names)


def test_a_wrong_learning_rate_is_named_on_imbalanced_data_too():
    for rate, name in ((1e-7, "learning_rate_too_small"), (50.0, "learning_rate_too_large")):
        config = Config.from_options(optimizer="sgd", learning_rate=rate, validation=0)
        diagnosis = diagnose_config(config, rare("table"), seconds=15)
        assert {name, "diverges"} & diagnosis.names and "imbalance" in diagnosis.names


def test_svhns_ten_for_zero_is_recognized():
    stream = np.random.default_rng(0)
    labels = np.tile(np.arange(1, 11), 20)
    images = stream.integers(0, 256, (200, 32, 32, 3), dtype=np.uint8)
    for outputs in (10, 11):
        first, second, *_ = label_findings(images, labels, outputs, shuffle=True)
        assert first.name == "svhn_labels" and second.name == "labels_off_by_one"
        assert "in SVHN's files 10 means digit 0" in first.text and "labels % 10" in first.cure
    for other in (images[..., :1], images[:, :28, :28]):
        assert next(label_findings(other, labels, 10, shuffle=True)).name == "labels_off_by_one"
    named = {one.name for one in label_findings(images, labels % 10, 10, shuffle=True)}
    assert "svhn_labels" not in named
