"""`diagnose`: sick trainings and their causes; healthy ones, in which nothing is found."""

import json

import keras
import numpy as np
import pytest

from tests.sick import HEALTHY, SICK, dense, sequential
from tests.sick_data import scaled
from tfmlp.diagnosis.catalog import KINDS, make_finding
from tfmlp.diagnosis.diagnose import diagnose
from tfmlp.diagnosis.findings import Name
from tfmlp.diagnosis.layers import walk_layers, watched
from tfmlp.diagnosis.range_test import RangeTest
from tfmlp.diagnosis.report import Diagnosis
from tfmlp.diagnosis.symptoms.labels import label_findings
from tfmlp.diagnosis.symptoms.learning_rate import rate_findings
from tfmlp.diagnosis.symptoms.outputs import takes_logits
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
def test_nothing_is_found_in_a_healthy_training(case):
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
    assert not any("call" in vars(layer) for layer in model.layers)


# --- findings


def test_the_catalog_has_every_name_in_the_order_of_severity():
    assert list(KINDS) == list(Name)
    severities = [kind.severity for kind in KINDS.values()]
    assert severities == sorted(severities, reverse=True)


def test_a_finding_is_plain_text_in_json_and_equal_to_a_string():
    finding = make_finding(Name.UNSCALED_INPUTS, "seen", preprocessing="per_image")
    assert finding.name == "unscaled_inputs" and finding.name in {"unscaled_inputs"}
    assert finding.change == {"preprocessing": "per_image"} and "per_image" in finding.cure
    values = json.loads(json.dumps(Diagnosis([finding]).to_dict()))
    assert list(values) == ["healthy", "findings", "facts", "seconds"]
    (plain,) = values["findings"]
    assert list(plain) == ["name", "severity", "text", "evidence", "cure", "change"]
    assert plain["name"] == "unscaled_inputs"


def test_findings_are_sorted_and_each_name_is_given_once():
    names = (Name.LEAKAGE, Name.NAN_INPUTS, Name.LEAKAGE)
    diagnosis = Diagnosis(
        [make_finding(name, str(number), percent=5) for number, name in enumerate(names)]
    )
    diagnosis.sort()
    found = [(finding.name, finding.evidence) for finding in diagnosis.findings]
    assert found == [("nan_inputs", "1"), ("leakage", "0")]


@pytest.mark.parametrize(
    ("labels", "name", "severity"),
    [
        ([1, 2, 3], "labels_off_by_one", 99),
        ([1, 2, 1], "labels_off_by_one", 60),
        ([0, 1, 3], "labels_out_of_range", 99),
        ([-1, -1, -1], "constant_labels", 99),
    ],
)
def test_labels_outside_the_classes(labels, name, severity):
    labels = np.array(labels * 50)
    first = next(label_findings(np.zeros((150, 2)), labels, outputs=3, shuffle=True))
    assert (first.name, first.severity) == (name, severity)
    list(label_findings(np.zeros((150, 2)), labels, outputs=3, shuffle=True))  # all looks pass


def test_learning_rates_are_held_against_the_range_test():
    test = RangeTest([], [], suggested=0.01, breaks=1.0)

    def found(rate, losses, learned):
        return [(f.name, f.change) for f in rate_findings(rate, losses, learned, test)]

    change = {"learning_rate": 0.01}
    assert found(2.0, [2.0, 2.1], False) == [("learning_rate_too_large", change)]
    assert found(0.2, [2.0, 20.0], True) == [("learning_rate_too_large", change)]
    assert found(1e-5, [2.0, 2.0], False) == [("learning_rate_too_small", change)]
    assert found(2.0, [2.0, 0.1], True) == found(0.01, [2.0, 2.0], False) == []
    assert list(rate_findings(5.0, [2.0, 9e9], False, RangeTest())) == []


def test_a_loss_is_asked_whether_it_takes_logits():
    keras_loss = keras.losses.sparse_categorical_crossentropy
    assert not takes_logits(keras_loss)
    assert takes_logits(lambda labels, outputs: keras_loss(labels, outputs, from_logits=True))
    assert takes_logits(lambda labels, outputs: outputs.no_such_thing)


# --- layers


class Block(keras.layers.Layer):
    """A layer, not a model, with layers of its own in a list, a dict and a wrapper."""

    def __init__(self, **options):
        super().__init__(**options)
        self.listed = [dense(4, name="listed"), {"deep": dense(4, name="deep")}]
        self._wrapped = keras.layers.TimeDistributed(dense(4, name="inner"), name="wrapper")

    def call(self, x):
        x = self.listed[1]["deep"](self.listed[0](x))
        return self._wrapped(x[:, None])[:, 0]


class Outer(keras.Model):
    """A subclassed model with layers in a dict, a block, a model in a model, and a shared layer."""

    def __init__(self):
        super().__init__()
        self.parts = {"first": dense(4, name="first"), "block": Block(name="block")}
        self.nested = keras.Sequential([dense(4, name="nested"), self.parts["first"]], name="seq")

    def call(self, x):
        return self.nested(self.parts["block"](self.parts["first"](x)))


def test_every_layer_is_walked_once_an_outer_one_before_those_in_it():
    model = Outer()
    model(np.zeros((2, 4), np.float32))
    names = [layer.name for layer in walk_layers(model)]
    parts = ["listed", "deep", "wrapper", "inner"]
    assert sorted(names) == sorted(["first", "block", *parts, "seq", "nested"])
    assert all(names.index("block") < names.index(name) for name in parts)
    assert names.index("wrapper") < names.index("inner")


def test_layers_without_layers_are_watched_in_the_order_of_their_calls():
    model = Outer()
    model(np.zeros((2, 4), np.float32))
    with watched(model) as views:
        model(np.ones((2, 4), np.float32))
    assert [view.name for view in views] == ["first", "listed", "deep", "inner", "nested", "first"]
    assert all(view.kind == "Dense" and view.outputs.shape == (2, 4) for view in views)
    model(np.ones((2, 4), np.float32))
    assert len(views) == 6


def test_a_sequential_model_and_a_functional_one_are_walked():
    inputs = keras.Input((4,), name="inputs")
    model = keras.Model(inputs, dense(3, name="out")(dense(4, name="hidden")(inputs)))
    assert [layer.name for layer in walk_layers(model)] == ["inputs", "hidden", "out"]
    model = sequential(dense(4, name="hidden"), dense(3, name="out"))
    assert [layer.name for layer in walk_layers(model)] == ["hidden", "out"]


# --- the command


def test_the_command_names_causes_and_draws_the_range_test(run_cli, tmp_path, mnist_dir):
    options = ["--dataset", "mnist", "--data-dir", str(mnist_dir), "--seconds", "20"]
    options += "--recipe none --hidden-units 32".split()
    raw = "--preprocessing none --optimizer sgd --learning-rate 0.1 --plot test.png".split()
    result = run_cli("diagnose", *options, *raw)
    assert result.exit_code == 0
    assert result.stdout.startswith("1. the inputs are not scaled")
    assert "to try: --preprocessing standardize" in result.stdout
    assert (tmp_path / "test.png").stat().st_size > 5000
    values = json.loads(run_cli("diagnose", *options, "--json").stdout)
    assert values["healthy"] and values["facts"]["learned"]
    assert "numpy" in run_cli("diagnose", *options, "--backend", "numpy").stderr


def test_the_command_takes_a_run_folder(run_cli, mnist_dir):
    options = ["--data-dir", str(mnist_dir), "--epochs", "2", "--out", "run"]
    assert run_cli("train", *options).exit_code == 0
    result = run_cli("diagnose", "run", "--seconds", "15")
    assert result.exit_code == 0, result.stderr
    assert run_cli("diagnose", "run", "--epochs", "3").exit_code == 2
    assert run_cli("diagnose", "nowhere").exit_code == 1


# --- while a run goes on


def epoch(number, train, validation=None, accuracy=0.5):
    parts = {"train": train} if validation is None else {"train": train, "validation": validation}
    values = {
        part: {"loss": loss, "accuracy": accuracy, "count": 1000} for part, loss in parts.items()
    }
    return {"epoch": number, **values}


def test_a_run_is_warned_once_of_what_shows():
    watch = Watch([0.2] * 5)
    said = [watch(epoch(i, 1.6 - 0.01 * i, 1.6, accuracy=0.2)) for i in range(1, 5)]
    assert [len(lines) for lines in said] == [0, 1, 0, 0]
    assert "commonest class, 20.0 %" in said[1][0]
    watch = Watch([0.2] * 5)
    assert [len(watch(epoch(i, 1.5))) for i in range(1, 6)] == [0, 0, 1, 0, 0]
    watch = Watch([])  # regression
    losses = [0.5, 0.3, 0.2, 0.22, 0.25, 0.28, 0.3, 0.33, 0.35]
    said = [line for i, loss in enumerate(losses, 1) for line in watch(epoch(i, 0.4 / i, loss))]
    assert len(said) == 1 and "has not fallen since epoch 3" in said[0]


def test_a_run_that_learns_is_not_warned():
    watch = Watch([0.1] * 10)
    assert not any(watch(epoch(i, 1 / i, 1 / i, accuracy=1 - 0.5 / i)) for i in range(1, 30))


def test_train_warns_of_a_net_that_predicts_one_class(run_cli, mnist_dir):
    options = "--recipe none --hidden-units 8 --initializer zeros --epochs 4 --out run".split()
    result = run_cli("train", "--data-dir", str(mnist_dir), *options)
    assert result.exit_code == 0
    assert "warning: " in result.stderr and "tfmlp diagnose" in result.stderr
