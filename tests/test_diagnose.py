"""`diagnose`: sick trainings and their causes; healthy ones, of which nothing is said."""

import json

import keras
import numpy as np
import pytest

from tests.sick import HEALTHY, SICK, dense, scaled, sequential
from tfmlp import ConfigError
from tfmlp.diagnosis.diagnose import diagnose
from tfmlp.diagnosis.watch import Watch

MISSED, ALARMED = [], []


@pytest.mark.parametrize("case", SICK, ids=[name for name, _, _ in SICK])
def test_the_true_cause_is_among_the_first_two(case):
    name, run, causes = case
    found = [finding.name for finding in run().findings]
    if not set(found[:2]) & set(causes):
        MISSED.append((name, found))
    assert set(found[:3]) & set(causes) or len(MISSED) <= len(SICK) // 10, found


@pytest.mark.parametrize("case", HEALTHY, ids=[name for name, _, _ in HEALTHY])
def test_nothing_is_said_of_a_healthy_training(case):
    name, run, _ = case
    diagnosis = run()
    if not diagnosis.healthy:
        ALARMED.append((name, str(diagnosis)))
    assert diagnosis.facts["learned"] and diagnosis.seconds < 60


def test_at_most_two_causes_were_missed_and_one_false_alarm_was_given():
    assert len(SICK) >= 20 and len(HEALTHY) >= 10
    assert len(MISSED) <= 2, MISSED
    assert len(ALARMED) <= 1, ALARMED


def test_the_model_is_as_it_was():
    train, _ = scaled()
    model = sequential(dense(16, "relu"), keras.layers.BatchNormalization(), dense(10))
    before = model.get_weights()
    diagnose(model, keras.optimizers.Adam(), train, seconds=10)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    with pytest.raises(ConfigError, match="no weights yet"):
        diagnose(keras.Sequential([dense(3)]), keras.optimizers.Adam(), train)


def test_the_command_names_causes_and_draws_the_range_test(run_cli, tmp_path, mnist_dir):
    options = [
        "--dataset",
        "mnist",
        "--data-dir",
        str(mnist_dir),
        "--recipe",
        "none",
        "--hidden-units",
        "32",
        "--seconds",
        "20",
    ]
    result = run_cli(
        "diagnose",
        *options,
        "--preprocessing",
        "none",
        "--optimizer",
        "sgd",
        "--learning-rate",
        "0.1",
        "--plot",
        "test.png",
    )
    assert (
        result.exit_code == 0
        and result.stdout.startswith("1. the inputs are not scaled")
        and "to try: --preprocessing standardize" in result.stdout
    )
    assert (tmp_path / "test.png").stat().st_size > 5000
    values = json.loads(run_cli("diagnose", *options, "--json").stdout)
    assert values["healthy"] and values["facts"]["learned"]
    assert "numpy" in run_cli("diagnose", *options, "--backend", "numpy").stderr


def test_the_command_takes_a_run_folder(run_cli, mnist_dir):
    assert (
        run_cli("train", "--data-dir", str(mnist_dir), "--epochs", "2", "--out", "run").exit_code
        == 0
    )
    result = run_cli("diagnose", "run", "--seconds", "15")
    assert result.exit_code == 0, result.stderr
    assert run_cli("diagnose", "run", "--epochs", "3").exit_code == 2
    assert run_cli("diagnose", "nowhere").exit_code == 1


# --- while a run goes on


def epoch(number, train, validation=None, accuracy=0.5):
    values = {"epoch": number, "train": {"loss": train, "accuracy": accuracy, "count": 1000}}
    return (
        values
        if validation is None
        else values | {"validation": {"loss": validation, "accuracy": accuracy, "count": 1000}}
    )


def test_a_run_is_warned_once_of_what_shows():
    watch = Watch([0.2] * 5)
    said = [watch(epoch(i, 1.6 - 0.01 * i, 1.6, accuracy=0.2)) for i in range(1, 5)]
    assert [len(lines) for lines in said] == [0, 1, 0, 0] and "commonest class, 20.0 %" in said[1][
        0
    ]
    watch = Watch([0.2] * 5)
    assert [len(watch(epoch(i, 1.5))) for i in range(1, 6)] == [0, 0, 1, 0, 0]
    watch = Watch([])  # regression
    losses = [0.5, 0.3, 0.2, 0.22, 0.25, 0.28, 0.3, 0.33, 0.35]
    said = [watch(epoch(i, 0.4 / i, loss)) for i, loss in enumerate(losses, 1)]
    assert (
        sum(map(len, said)) == 1
        and "has not fallen since epoch 3" in next(lines for lines in said if lines)[0]
    )


def test_a_run_that_learns_is_not_warned():
    watch = Watch([0.1] * 10)
    assert not any(watch(epoch(i, 1 / i, 1 / i, accuracy=1 - 0.5 / i)) for i in range(1, 30))


def test_train_warns_of_a_net_that_tells_one_class(run_cli, mnist_dir):
    result = run_cli(
        "train",
        "--data-dir",
        str(mnist_dir),
        "--recipe",
        "none",
        "--hidden-units",
        "8",
        "--initializer",
        "zeros",
        "--epochs",
        "4",
        "--out",
        "run",
    )
    assert (
        result.exit_code == 0 and "warning: " in result.stderr and "tfmlp diagnose" in result.stderr
    )
